import type { HostView } from '../../sandbox/control/hosts.ts';
import type { HostFault } from '../../sandbox/hosts/driver.ts';
import { HOST_FAULTS } from '../../sandbox/control/host-fault.ts';
import { CommandFailure } from '../failure.ts';
import { printResult } from '../output.ts';
import { alignColumns } from '../show/columns.ts';
import { askSandbox } from '../world/sandbox-control.ts';
import { readSetting, stateOf, type FaultOptions } from './sandbox-fault.ts';

/** As much of a machine as finding it takes. */
interface Host {
  droplet_id: number;
  name: string;
}

/** Sets a fault on the machine of one droplet, or ends one or all that it has; and shows them. */
export async function sandboxHostFault(options: FaultOptions & { droplet: string }): Promise<void> {
  const { hosts } = await askSandbox<{ hosts: Host[] }>(options, 'GET', 'hosts');
  const reply = await change(options, findHost(hosts, options.droplet), hosts);
  printResult(options, reply, () => hostTable(reply));
}

function change(options: FaultOptions, { droplet_id: id }: Host, hosts: Host[]): Promise<HostView> {
  const { name, settings, clear } = options;
  if (clear && settings.length > 0)
    throw new CommandFailure('--clear takes a fault, and no settings of it', 2);
  const path = `hosts/${id}`;
  if (clear) return askSandbox(options, 'DELETE', `${path}/faults${name === undefined ? '' : `/${name}`}`);
  if (name === undefined) return askSandbox(options, 'GET', path);
  const fault = Object.fromEntries(settings.map(text => readHostSetting(text, hosts)));
  return askSandbox(options, 'PUT', `${path}/faults`, { type: name, ...fault });
}

/** The sandbox knows peers by their ids. */
function readHostSetting(text: string, hosts: Host[]): [key: string, value: string | number] {
  const [key, value] = readSetting(text);
  if (key !== 'peer' || value === 'operator') return [key, value];
  return [key, findHost(hosts, String(value)).droplet_id];
}

/** That of an id or of a name; where only one project has it, what comes behind the project's will do: `web1`. */
export function findHost(hosts: Host[], droplet: string): Host {
  const exact = hosts.find(({ name, droplet_id: id }) => [name, String(id)].includes(droplet));
  const [host = exact, ...others] = exact ? [] : hosts.filter(({ name }) => name.endsWith(`-${droplet}`));
  const names = (of: Host[]): string => of.map(({ name }) => name).join(', ') || 'none';
  if (host === undefined)
    throw new CommandFailure(`the sandbox has no droplet ${droplet}; it has ${names(hosts)}`);
  if (others.length > 0)
    throw new CommandFailure(`${droplet} may be any of ${names([host, ...others])}: give the whole name`);
  return host;
}

const settingsOf = ({ type: _type, ...settings }: HostFault) => settings;

/** Every fault that there is, with those that are on marked by how; above, what the machine is short of. */
function hostTable({ name, state, message, faults }: HostView): string[] {
  const rows = Object.entries(HOST_FAULTS).map(([type, meaning]) => {
    const fault = faults.find(other => other.type === type);
    return [type, stateOf(fault && settingsOf(fault)), meaning];
  });
  return [
    `${name} is ${state}${message === undefined ? '' : `: ${message}`}`,
    ...alignColumns([['FAULT', 'STATE', 'MEANING'], ...rows]),
  ];
}
