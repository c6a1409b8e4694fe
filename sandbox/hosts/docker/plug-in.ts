import { parseCidr } from '../../account/network/cidr.ts';
import type { HostPeer, HostSpec } from '../driver.ts';
import type { Docker } from './docker.ts';
import { faultOf, type Faults } from './faults.ts';
import { findMachine } from './machine.ts';
import { renderPacketFilter } from './packet-filter.ts';
import type { Rack } from './rack.ts';

/**
 * Gives a running machine all that a start leaves out: its cables and addresses, packet filter, volumes and
 * faults. A machine that has booted waits for this before it starts its first service.
 */
export async function plugIn(rack: Rack, spec: HostSpec, pid: number, faults: Faults): Promise<void> {
  const { id, addresses, volumes } = spec;
  const { prefix } = parseCidr(addresses.privateRange)!;
  const wiring = [addresses.privateRange, `${addresses.private}/${prefix}`, addresses.reserved ?? ''];
  const delay = Math.round(faultOf(faults, 'delay')?.ms ?? 0);
  const skew = Math.round(faultOf(faults, 'clock-skew')?.ms ?? 0);
  const full = faultOf(faults, 'disk-full') === undefined ? 'no' : 'yes';
  const attached = volumes.flatMap(({ id, name, size }) => [id, name, String(size)]);
  const argv = ['plug', String(id), String(pid), full, String(skew), ...wiring, String(delay), ...attached];
  await rack.hypervisor.run(String(id), argv, { stdin: packetFilterOf(rack, spec, faults) });
  await holdStill(rack, id, faultOf(faults, 'freeze') !== undefined);
}

const packetFilterOf = (rack: Rack, { firewall }: HostSpec, faults: Faults): string =>
  renderPacketFilter(firewall, {
    cut: cutAddresses(rack, faults),
    loss: faultOf(faults, 'loss')?.percent ?? 0,
  });

async function holdStill({ docker, names }: Rack, id: number, still: boolean): Promise<void> {
  const machine = await findMachine(docker, names, id);
  if (machine === undefined || machine.power === 'off' || (machine.power === 'frozen') === still) return;
  if (still) await pause(docker, names.dropletOf(id));
  else await docker.run(['unpause', names.dropletOf(id)]);
}

const PAUSES = 10;

/** Processes that start others may escape it on a busy machine: then Docker lets go of all, and it is tried again. */
export async function pause(docker: Docker, container: string): Promise<void> {
  for (let left = PAUSES - 1; ; left -= 1)
    try {
      await docker.run(['pause', container]);
      return;
    } catch (error) {
      if (left === 0 || !ESCAPED.test((error as Error).message)) throw error;
    }
}

const ESCAPED = /unable to freeze/;

function cutAddresses(rack: Rack, faults: Faults): readonly string[] | 'all' {
  const cut = faultOf(faults, 'cut');
  if (cut === undefined) return [];
  return cut.peer === undefined ? 'all' : addressesOf(rack, cut.peer);
}

/** A droplet that is gone has none. */
function addressesOf({ specs, network }: Rack, peer: HostPeer): readonly string[] {
  if (peer === 'operator') return [network.gateway];
  const addresses = specs.get(peer)?.addresses;
  if (addresses === undefined) return [];
  const { reserved } = addresses;
  return [addresses.public, addresses.private, ...(reserved === undefined ? [] : [reserved])];
}
