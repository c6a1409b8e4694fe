import { HostError, type HostSpec } from '../driver.ts';
import { faultOf, without, type Faults } from './faults.ts';
import { keepFaults, readFaults } from './kept-faults.ts';
import { findMachine, type Machine } from './machine.ts';
import { plugIn } from './plug-in.ts';
import type { Rack } from './rack.ts';

/** How long a shutdown may take, in seconds, before the power is cut. */
const SHUTDOWN = 30;
/** How long sshd may take to greet, in seconds; a boot takes about two, and a slow machine is not a failed one. */
const BOOT = 90;

/** Starts a machine that is off; resolves with the id of its first process. */
export async function powerOn(
  { docker, names, hypervisor }: Rack,
  spec: HostSpec,
  machine: Machine,
): Promise<number> {
  if (machine.power !== 'off') return machine.pid;
  await hypervisor.run(String(spec.id), ['grow', String(spec.id), String(spec.disk)]);
  await docker.run(['start', names.dropletOf(spec.id)], {
    failure: `The machine of ${spec.name} cannot be started`,
  });
  return (await findMachine(docker, names, spec.id))?.pid ?? 0;
}

/** Shuts a machine down. That ends a crash and a freeze. */
export async function powerOff(rack: Rack, spec: HostSpec, machine: Machine): Promise<void> {
  await endStandstill(rack, spec.id, machine);
  if (machine.power === 'off') return;
  await rack.docker.run(['stop', '--time', String(SHUTDOWN), rack.names.dropletOf(spec.id)]);
}

export async function restartMachine(rack: Rack, spec: HostSpec, how: 'graceful' | 'hard'): Promise<void> {
  const { docker, names, specs } = rack;
  specs.set(spec.id, spec);
  const machine = await findMachine(docker, names, spec.id);
  if (machine === undefined)
    throw new HostError(`The machine of ${spec.name} is not there; rebuild the droplet.`);
  if (how === 'graceful') await powerOff(rack, spec, machine);
  else await cutPower(rack, spec.id, machine);
  await boot(rack, spec);
}

/** Starts a machine that is off, and resolves when its sshd answers. */
export async function boot(rack: Rack, spec: HostSpec): Promise<void> {
  const machine = await findMachine(rack.docker, rack.names, spec.id);
  if (machine === undefined) return;
  const pid = await powerOn(rack, spec, machine);
  const faults = await readFaults(rack, spec.id);
  await plugIn(rack, spec, pid, faults);
  await waitForSsh(rack, spec, pid, faults);
}

/** Ends all processes of a machine at once. */
export async function cutPower(rack: Rack, id: number, machine: Machine): Promise<void> {
  await endStandstill(rack, id, machine);
  if (machine.power !== 'off') await rack.docker.run(['kill', rack.names.dropletOf(id)]);
}

async function endStandstill(rack: Rack, id: number, machine: Machine): Promise<void> {
  const faults = await readFaults(rack, id);
  const standsStill = faultOf(faults, 'crash') ?? faultOf(faults, 'freeze');
  if (standsStill !== undefined) await keepFaults(rack, id, without(faults, 'crash', 'freeze'));
  if (machine.power === 'frozen') await rack.docker.run(['unpause', rack.names.dropletOf(id)]);
}

/** Rejects with HostError when sshd does not greet in time; one that is held still is not waited for. */
export async function waitForSsh(
  rack: Rack,
  spec: HostSpec,
  pid: number,
  faults: Faults,
  signal?: AbortSignal,
): Promise<void> {
  if (faultOf(faults, 'freeze') !== undefined) return;
  const failure =
    `${spec.name} has booted, but its sshd has not answered for ${BOOT} s; ` +
    `see docker exec ${rack.names.dropletOf(spec.id)} journalctl -b`;
  const options = signal === undefined ? { failure } : { failure, signal };
  await rack.hypervisor.run(`${spec.id}-ssh`, ['answers', String(pid), String(BOOT)], options);
}
