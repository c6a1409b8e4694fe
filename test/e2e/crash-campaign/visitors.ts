import type { Clock } from '../../../clients/clock.ts';
import type { HiddenText, SshHost, SshPool } from '../../../clients/ssh/ssh.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import { firstHostKey } from '../../../reconcilers/host/first-host-key.ts';
import type { FakeNginx } from '../../fakes/nginx.ts';
import { aMachine, fakeSshHosts } from '../../fakes/ssh-hosts.ts';

/** How long a request takes, in the world's time: it is under way when its server is taken out. */
const REQUEST_MS = 3_000;

/** The machines of a world in which every web that a master sends requests to has one under way at every moment. */
export interface Visitors {
  /** The operators' way to the machines. */
  readonly ssh: SshPool;
  readonly privateKey: HiddenText;
  /** Sees to it that each droplet is a machine. */
  follow(droplets: readonly Droplet[]): void;
  /** Whether new requests come to the server with that private address. */
  comeTo(address: string): boolean;
  /** Whether a request is under way to it. */
  areAt(address: string): boolean;
}

/** No machine, and nobody under way. */
export function createVisitors(clock: Pick<Clock, 'after'>): Visitors {
  const ssh = fakeSshHosts();
  const privateKey = { reveal: () => "the campaign's private key" };
  const machines = new Map<number, ReturnType<typeof aMachine>>();
  const nginxes = (): FakeNginx[] => [...machines.values()].map(({ nginx }) => nginx);

  /** The last requests by the configuration of before end a while after the reload. */
  async function reload(nginx: FakeNginx, activate: () => ReturnType<SshHost['run']>) {
    const before = upstreamOf(nginx);
    const result = await activate();
    const left = before.filter(address => !upstreamOf(nginx).includes(address));
    for (const address of left) {
      nginx.oldWorkers += 1;
      nginx.connections.set(address, 1);
      clock.after(REQUEST_MS, () => {
        nginx.oldWorkers -= 1;
        nginx.connections.delete(address);
      });
    }
    return result;
  }

  const comeTo = (address: string): boolean => nginxes().some(nginx => upstreamOf(nginx).includes(address));
  return {
    privateKey,
    ssh: {
      ...ssh,
      host(access) {
        const host = ssh.host(access);
        const run: SshHost['run'] = (argv, options) => {
          const go = () => host.run(argv, options);
          const machine = ssh.machines.get(access.address);
          return machine !== undefined && argv.includes('dropfleet-lb-activate')
            ? reload(machine.nginx, go)
            : go();
        };
        return { ...host, run };
      },
    },
    follow(droplets) {
      for (const { status } of droplets) {
        const { id, publicAddress, nonce } = status?.server ?? {};
        if (id === undefined || publicAddress === undefined || nonce === undefined) continue;
        const hostKey = Buffer.from(firstHostKey({ privateKey }, nonce).publicKey.split(' ')[1]!, 'base64');
        const machine = machines.get(id) ?? aMachine({ hostKey });
        machines.set(id, machine);
        ssh.machines.set(publicAddress, machine);
      }
    },
    comeTo,
    areAt: address => comeTo(address) || nginxes().some(({ connections }) => connections.has(address)),
  };
}

/** The private addresses that it sends requests to. */
function upstreamOf({ folders, running }: FakeNginx): string[] {
  const content = folders.get(running)?.get('services/prod-site.http.conf') ?? '';
  return [...content.matchAll(/server (\S+):\d+ /g)].map(([, address]) => address!);
}
