import { HostError, type HostFault, type HostSpec } from '../driver.ts';
import { faultOf, withFault, without, type Faults } from './faults.ts';
import { keepFaults, readFaults } from './kept-faults.ts';
import { findMachine } from './machine.ts';
import { plugIn } from './plug-in.ts';
import { boot } from './power.ts';
import type { Rack } from './rack.ts';

export async function setFault(rack: Rack, id: number, fault: HostFault): Promise<void> {
  const spec = specOf(rack, id);
  const faults = withFault(await readFaults(rack, id), fault);
  await keepFaults(rack, id, faults);
  await (fault.type === 'crash' ? crash(rack, id) : applyFaults(rack, spec, faults));
}

export async function clearFaults(rack: Rack, id: number, type?: HostFault['type']): Promise<void> {
  const spec = specOf(rack, id);
  const faults = type === undefined ? [] : without(await readFaults(rack, id), type);
  await keepFaults(rack, id, faults);
  const machine = await findMachine(rack.docker, rack.names, id);
  const isToBoot = spec.power === 'on' && faultOf(faults, 'crash') === undefined;
  if (machine?.power === 'off' && isToBoot) await boot(rack, spec);
  else await applyFaults(rack, spec, faults);
}

/** A machine that is off gets its faults with the next start. */
async function applyFaults(rack: Rack, spec: HostSpec, faults: Faults): Promise<void> {
  const machine = await findMachine(rack.docker, rack.names, spec.id);
  if (machine !== undefined && machine.power !== 'off') await plugIn(rack, spec, machine.pid, faults);
}

async function crash({ docker, names }: Rack, id: number): Promise<void> {
  const machine = await findMachine(docker, names, id);
  if (machine === undefined || machine.power === 'off') return;
  // Nothing ends a process that is held still.
  if (machine.power === 'frozen') await docker.run(['unpause', names.dropletOf(id)]);
  await docker.run(['kill', names.dropletOf(id)]);
}

function specOf({ specs }: Rack, id: number): HostSpec {
  const spec = specs.get(id);
  if (spec === undefined)
    throw new HostError(`There is no machine of droplet ${id} yet; wait until it is active.`);
  return spec;
}
