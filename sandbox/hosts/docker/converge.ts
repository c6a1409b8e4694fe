import type { HostSpec } from '../driver.ts';
import { limitsOf } from './engine.ts';
import { faultOf, without } from './faults.ts';
import { keepFaults, readFaults } from './kept-faults.ts';
import { addressesLabel, createMachine, findMachine, limitMachine, type Machine } from './machine.ts';
import { restoreNetwork } from './network.ts';
import { plugIn } from './plug-in.ts';
import { powerOff, powerOn, waitForSsh } from './power.ts';
import type { Rack } from './rack.ts';
import { renderMetaData } from './seed.ts';

/**
 * Makes a machine equal to its spec. A container carries its installation in a label and is made after its files,
 * so one that is there has all of them, whenever an earlier life was cut off.
 */
export async function convergeMachine(rack: Rack, spec: HostSpec, signal: AbortSignal): Promise<void> {
  rack.specs.set(spec.id, spec);
  const machine = await ensureInstalled(rack, spec);
  signal.throwIfAborted();
  await ensureLimits(rack, spec, machine);
  if (spec.power === 'off') return powerOff(rack, spec, machine);
  const faults = await readFaults(rack, spec.id);
  if (faultOf(faults, 'crash') !== undefined) return;
  const pid = await powerOn(rack, spec, machine);
  signal.throwIfAborted();
  await plugIn(rack, spec, pid, faults);
  await waitForSsh(rack, spec, pid, faults, signal);
}

async function ensureInstalled(rack: Rack, spec: HostSpec): Promise<Machine> {
  const { docker, names } = rack;
  const machine = await findMachine(docker, names, spec.id);
  const installed = machine?.installation === spec.installation;
  if (machine !== undefined && installed && machine.addresses === addressesLabel(spec)) return machine;
  if (machine !== undefined) await docker.run(['rm', '--force', names.dropletOf(spec.id)]);
  const image = installed ? machine.image : await install(rack, spec);
  await restoreNetwork(docker, names, rack.network);
  const folder = await rack.hypervisor.folderOf(spec.id);
  await createMachine(docker, names, spec, { image, folder, limits: limitsOf(rack.engine, spec) });
  return (await findMachine(docker, names, spec.id))!;
}

/** Makes the files; resolves with the image that they belong on. */
async function install(rack: Rack, spec: HostSpec): Promise<string> {
  const { id, disk, image } = spec;
  const snapshot = image.type === 'snapshot' ? String(image.id) : '';
  await keepFaults(rack, id, without(await readFaults(rack, id), 'crash', 'freeze'));
  const argv = ['install', String(id), String(disk), rack.image, snapshot, renderMetaData(spec)];
  return rack.hypervisor.run(String(id), argv, { stdin: spec.userData ?? '' });
}

async function ensureLimits(
  { docker, names, engine }: Rack,
  spec: HostSpec,
  machine: Machine,
): Promise<void> {
  const limits = limitsOf(engine, spec);
  const { cpus, memory } = machine.limits;
  if (limits.cpus !== cpus || limits.memory !== memory) await limitMachine(docker, names, spec.id, limits);
}
