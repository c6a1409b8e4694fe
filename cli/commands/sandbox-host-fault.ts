import { CommandFailure } from '../failure.ts';
import { printResult } from '../output.ts';
import { alignColumns } from '../show/columns.ts';
import { askSandbox } from '../world/sandbox-control.ts';
import { readSetting, type FaultOptions } from './sandbox-fault.ts';

/** A machine as the sandbox tells of it. */
interface HostReply {
  droplet_id: number;
  name: string;
  state: string;
  message?: string;
}

/** Sets a fault on the machine of one droplet, or ends all that it has; without a fault, shows how it is. */
export async function sandboxHostFault(options: FaultOptions & { droplet: string }): Promise<void> {
  const host = await findHost(options);
  const reply = await change(options, host);
  printResult(options, reply, () =>
    alignColumns([
      ['DROPLET', 'STATE', 'MESSAGE'],
      [reply.name, reply.state, reply.message ?? ''],
    ]),
  );
}

async function change(options: FaultOptions, host: HostReply): Promise<HostReply> {
  const { name, settings, clear } = options;
  const path = `hosts/${host.droplet_id}/faults`;
  if (clear && name !== undefined)
    throw new CommandFailure('--clear ends all faults of a droplet: leave the name of the fault out', 2);
  if (clear) return await askSandbox(options, 'DELETE', path);
  if (name === undefined) return host;
  return await askSandbox(options, 'PUT', path, {
    type: name,
    ...Object.fromEntries(settings.map(readSetting)),
  });
}

async function findHost(options: FaultOptions & { droplet: string }): Promise<HostReply> {
  const { hosts } = await askSandbox<{ hosts: HostReply[] }>(options, 'GET', 'hosts');
  const host = hosts.find(({ name, droplet_id: id }) => [name, String(id)].includes(options.droplet));
  if (host !== undefined) return host;
  const known = hosts.map(({ name }) => name).join(', ') || 'none';
  throw new CommandFailure(`the sandbox has no droplet ${options.droplet}; it has ${known}`);
}
