import { FAULTS, type FaultName } from '../../sandbox/account/faults.ts';
import { CommandFailure } from '../failure.ts';
import { printResult } from '../output.ts';
import { alignColumns } from '../show/columns.ts';
import { askSandbox, type SandboxOptions } from '../world/sandbox-control.ts';

type ActiveFaults = { readonly [N in FaultName]?: Readonly<Record<string, unknown>> };

/** What the command was given: a fault with its settings to set, or one (or all) to clear, or neither. */
export interface FaultOptions extends SandboxOptions {
  name?: string;
  /** Each as `key=value`. */
  settings: readonly string[];
  clear?: true;
}

/** Shows, sets or clears the faults of a running sandbox's API. */
export async function sandboxFault(options: FaultOptions): Promise<void> {
  const active = await change(options);
  printResult(options, active, () => faultTable(active));
}

function change(options: FaultOptions): Promise<ActiveFaults> {
  const { name, settings, clear } = options;
  if (clear && settings.length > 0)
    throw new CommandFailure('--clear takes a fault, and no settings of it', 2);
  if (clear && name === undefined) return askSandbox(options, 'DELETE', 'faults');
  if (name === undefined) return askSandbox(options, 'GET', 'faults');
  const fault = clear ? null : Object.fromEntries(settings.map(readSetting));
  return askSandbox(options, 'PUT', 'faults', { [name]: fault });
}

/** `next=1` as its key and value; a value that is a number is one. */
export function readSetting(text: string): [key: string, value: string | number] {
  const [, key, value] = /^(\w+)=(.+)$/.exec(text) ?? [];
  if (key === undefined || value === undefined)
    throw new CommandFailure(`"${text}" is no setting of a fault: write key=value, such as next=1`, 2);
  const number = Number(value);
  return [key, Number.isNaN(number) ? value : number];
}

/** Every fault that there is, with those that are on marked by how. */
function faultTable(active: ActiveFaults): string[] {
  const rows = Object.entries(FAULTS).map(([name, meaning]) => [
    name,
    stateOf(active[name as FaultName]),
    meaning,
  ]);
  return alignColumns([['FAULT', 'STATE', 'MEANING'], ...rows]);
}

/** Settings as they are written on the command line; a fault that is on without any strikes always. */
export function stateOf(fault: Readonly<Record<string, unknown>> | undefined): string {
  if (fault === undefined) return '-';
  const settings = Object.entries(fault).map(([key, value]) => `${key}=${String(value)}`);
  return settings.length === 0 ? 'on' : `on, ${settings.join(' ')}`;
}
