import { expect } from 'chai';
import { openDockerDroplets, type DockerDroplets } from '../../../environment/docker-droplets.ts';
import type { HostFirewall, HostSpec } from '../../../../sandbox/hosts/driver.ts';

const FOREVER = new AbortController().signal;
const SSH = { protocol: 'tcp', ports: [22, 22], peers: ['0.0.0.0/0'] } as const;
const ALL_OUT = ['tcp', 'udp'].map(protocol => ({
  protocol: protocol as 'tcp',
  ports: [1, 65_535] as const,
  peers: ['0.0.0.0/0'],
}));

describe('networks of docker hosts', () => {
  let droplets: DockerDroplets;
  let [one, two]: HostSpec[] = [];
  before(async function () {
    this.timeout(600_000); // the image may have to be built
    droplets = await openDockerDroplets();
    one = droplets.spec(1);
    two = droplets.spec(2);
    await Promise.all([one, two].map(spec => droplets.hosts.converge(spec, FOREVER)));
  });
  after(() => droplets.end());

  /** Whether the second machine gets an answer from there. */
  const connects = (url: string): Promise<boolean> =>
    droplets.succeeds(two!, `curl -s -o /dev/null -m 2 ${url}`);
  const withFirewall = (...inbound: HostFirewall['inbound']): Promise<void> =>
    droplets.hosts.converge({ ...one!, firewall: { inbound, outbound: ALL_OUT } }, FOREVER);

  it('let a connection through only while a rule of the firewall does, by either address', async () => {
    const addresses = [one!.addresses.public, one!.addresses.private];
    for (const address of addresses) expect(await connects(`http://${address}/`)).to.equal(true);

    await withFirewall(SSH);
    for (const address of addresses) expect(await connects(`http://${address}/`)).to.equal(false);
    expect(await droplets.ssh(one!, 'hostname')).to.equal('web1');

    const http = { protocol: 'tcp', ports: [80, 80], peers: [two!.addresses.public] } as const;
    await withFirewall(SSH, http);
    expect(await connects(`http://${one!.addresses.public}/`)).to.equal(true);
    expect(await connects(`http://${one!.addresses.private}/`)).to.equal(false);

    await withFirewall(SSH);
    expect(await connects(`http://${one!.addresses.public}/`)).to.equal(false);
  });

  it('keep the firewall through a restart, from the first service on', async () => {
    await withFirewall(SSH);
    await droplets.hosts.restart({ ...one!, firewall: { inbound: [SSH], outbound: ALL_OUT } }, 'hard');
    expect(await connects(`http://${one!.addresses.public}/`)).to.equal(false);
    await droplets.hosts.converge(one!, FOREVER);
    expect(await connects(`http://${one!.addresses.public}/`)).to.equal(true);
  });

  it('filter what a container of the machine publishes', async () => {
    const serve =
      'docker run -d --name web --network bridge -p 8080:8080 tiny /usr/bin/python3 -m http.server 8080';
    const make =
      'tar -ch /usr/bin/python3 /usr/lib/python3* /lib/x86_64-linux-gnu /lib64 2>/dev/null | docker import - tiny';
    await droplets.ssh(one!, `(${make}) && ${serve}`);
    const url = `http://${one!.addresses.public}:8080/`;
    await droplets.ssh(one!, `until curl -sf -o /dev/null ${url}; do sleep 0.1; done`);
    expect(await connects(url)).to.equal(true);
    await withFirewall(SSH);
    expect(await connects(url)).to.equal(false);
    await droplets.hosts.converge(one!, FOREVER);
    expect(await connects(url)).to.equal(true);
  });

  it('hold back what the firewall lets nobody reach from inside', async () => {
    const url = `http://${one!.addresses.public}/`;
    await droplets.hosts.converge({ ...two!, firewall: { inbound: [SSH], outbound: [] } }, FOREVER);
    expect(await connects(url)).to.equal(false);
    await droplets.hosts.converge(two!, FOREVER);
    expect(await connects(url)).to.equal(true);
  });

  it('lead a reserved IP to the machine that has it, and to another when it moves', async () => {
    const reserved = one!.addresses.public.replace(/\d+$/, '200');
    const holding = (spec: HostSpec): HostSpec => ({ ...spec, addresses: { ...spec.addresses, reserved } });
    const reached = (): Promise<string> =>
      droplets
        .ssh({ ...one!, addresses: { ...one!.addresses, public: reserved } }, 'hostname')
        .catch(() => 'nobody');
    expect(await reached()).to.equal('nobody');
    await droplets.hosts.converge(holding(one!), FOREVER);
    expect(await reached()).to.equal('web1');
    await droplets.hosts.converge(one!, FOREVER);
    await droplets.hosts.converge(holding(two!), FOREVER);
    expect(await reached()).to.equal('web2');
    await droplets.hosts.converge(two!, FOREVER);
    expect(await reached()).to.equal('nobody');
  });

  it('keep two VPCs apart, though their machines have the same addresses', async () => {
    const elsewhere = { ...two!.addresses, privateRange: '10.100.0.0/16' };
    expect(await droplets.succeeds(two!, `ping -c 1 -W 1 ${one!.addresses.private}`)).to.equal(true);
    await droplets.hosts.converge(
      droplets.spec(3, { addresses: { ...elsewhere, public: two!.addresses.public.replace(/\d+$/, '60') } }),
      FOREVER,
    );
    const three = {
      ...two!,
      addresses: { ...elsewhere, public: two!.addresses.public.replace(/\d+$/, '60') },
    };
    expect(await droplets.succeeds(three, `ping -c 1 -W 1 ${one!.addresses.private}`)).to.equal(false);
  });
});
