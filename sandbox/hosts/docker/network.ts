import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { addressText, parseCidr } from '../../account/network/cidr.ts';
import { HostError } from '../driver.ts';
import type { Docker } from './docker.ts';
import type { Names } from './names.ts';

// 198.18.0.0/15 is set aside for benchmarks (RFC 2544): nobody's server answers there.
const BLOCK = parseCidr('198.18.0.0/15')!;
const RANGE_SIZE = 4096;
const RANGES = (BLOCK.last - BLOCK.first + 1) / RANGE_SIZE;
const OVERLAP = /overlaps|conflicts with network/i;

/** The network of the public addresses. */
export interface PublicNetwork {
  /** As CIDR. */
  readonly range: string;
  /** The host's own address on it. */
  readonly gateway: string;
}

/**
 * The sandbox's public network: the one it has, else a part of the block that no other network has. Rejects with
 * HostError when there is none left, or when this machine cannot reach it.
 */
export async function ensureNetwork(docker: Docker, names: Names): Promise<PublicNetwork> {
  const network = (await findNetwork(docker, names)) ?? (await createNetwork(docker, names));
  await checkReachable(network.gateway);
  return network;
}

/** Makes the network again, the same as it was, when it was removed. */
export async function restoreNetwork(docker: Docker, names: Names, { range }: PublicNetwork): Promise<void> {
  if ((await findNetwork(docker, names)) === undefined) await createAt(docker, names, range);
}

async function findNetwork(docker: Docker, names: Names): Promise<PublicNetwork | undefined> {
  const format = '{{range .IPAM.Config}}{{.Subnet}}{{end}}';
  const range = await docker.find(['network', 'inspect', '--format', format, names.sandbox]);
  return range === undefined ? undefined : { range, gateway: gatewayOf(range) };
}

async function createNetwork(docker: Docker, names: Names): Promise<PublicNetwork> {
  const start = createHash('sha256').update(names.sandbox).digest().readUInt32BE(0) % RANGES;
  for (let turn = 0; turn < RANGES; turn += 1) {
    const first = BLOCK.first + ((start + turn) % RANGES) * RANGE_SIZE;
    const range = `${addressText(first)}/20`;
    try {
      return await createAt(docker, names, range);
    } catch (error) {
      if (!OVERLAP.test((error as Error).message)) throw error;
    }
  }
  throw new HostError('All of 198.18.0.0/15 is taken by other networks; remove some (docker network ls).');
}

async function createAt(docker: Docker, names: Names, range: string): Promise<PublicNetwork> {
  const gateway = gatewayOf(range);
  const place = ['--subnet', range, '--gateway', gateway];
  await docker.run(['network', 'create', '--label', names.label, ...place, names.sandbox]);
  return { range, gateway };
}

const gatewayOf = (range: string): string => addressText(parseCidr(range)!.first + 1);

/** Only the machine that the bridge is on has the gateway's address; not one whose Docker is in a VM or far away. */
function checkReachable(gateway: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', () => reject(new HostError(NOT_REACHABLE)));
    probe.listen(0, gateway, () => probe.close(() => resolve()));
  });
}

const NOT_REACHABLE =
  'The addresses of containers cannot be reached from here, because Docker runs in another machine or in its own ' +
  'network; use emulated hosts (--hosts emulated), or Docker on Linux itself.';
