import type { HostSpec } from '../../sandbox/hosts/driver.ts';

/** A machine that is on, at 127.18.0.2 and 10.116.0.2 unless said otherwise. */
export const aHost = (changes: Partial<HostSpec> = {}): HostSpec => ({
  id: 1,
  name: 'shop-web1',
  power: 'on',
  installation: 1,
  image: { type: 'distribution', slug: 'debian-13-x64' },
  vcpus: 1,
  memory: 1024,
  disk: 25,
  addresses: {
    public: '127.18.0.2',
    private: '10.116.0.2',
    privateRange: '10.116.0.0/20',
    reserved: undefined,
  },
  userData: undefined,
  authorizedKeys: [],
  volumes: [],
  firewall: undefined,
  ...changes,
});
