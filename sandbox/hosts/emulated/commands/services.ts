import type { Process, Program } from '../model.ts';
import {
  enableService,
  readUnitFiles,
  reloadService,
  resetService,
  serviceName,
  startService,
  stopService,
} from '../services.ts';
import { fail, print } from '../shell/process.ts';
import type { ServiceState } from '../system.ts';
import { stopTransient } from '../transient-units.ts';
import { readOptions, type Options } from './options.ts';

type Verb = (process: Process, name: string, options: Options) => Promise<number> | number;

const NO_SUCH_UNIT = 5;
const NOT_RUNNING = 3;
const UNKNOWN_STATE = 4;

const stateOf = ({ machine }: Pick<Process, 'machine'>, name: string): ServiceState | undefined =>
  machine.system.services[name];

/** Changes need root, and a unit. */
const asRoot =
  (verb: Verb): Verb =>
  (process, name, options) => {
    if (process.credentials.uid !== 0) return fail(process, 'Interactive authentication required.');
    const isKnown = stateOf(process, name) !== undefined;
    if (!isKnown) return fail(process, `Unit ${name}.service not found.`, NO_SUCH_UNIT);
    return verb(process, name, options);
  };

async function start(process: Process, name: string): Promise<number> {
  if (await startService(process.machine, name)) return 0;
  return fail(process, `Job for ${name}.service failed; see "journalctl -xeu ${name}.service" for details.`);
}

const VERBS: Readonly<Record<string, Verb>> = {
  start: asRoot(start),
  stop: asRoot(async ({ machine }, name) => {
    if (stateOf({ machine }, name)?.transient !== undefined) stopTransient(machine, name);
    else await stopService(machine, name);
    return 0;
  }),
  restart: asRoot(async (process, name) => {
    await stopService(process.machine, name);
    return start(process, name);
  }),
  reload: asRoot(async (process, name) => {
    if (await reloadService(process.machine, name)) return 0;
    return fail(process, `${name}.service is not active, cannot reload.`);
  }),
  'reload-or-restart': asRoot(async (process, name) =>
    (await reloadService(process.machine, name)) ? 0 : start(process, name),
  ),
  'reset-failed': asRoot(({ machine }, name) => {
    resetService(machine, name);
    return 0;
  }),
  enable: asRoot((process, name, options) => {
    enableService(process.machine, name, true);
    return options.has('now') ? start(process, name) : 0;
  }),
  disable: asRoot(async ({ machine }, name, options) => {
    enableService(machine, name, false);
    if (options.has('now')) await stopService(machine, name);
    return 0;
  }),
  'is-active': async (process, name, options) => {
    const { active = 'inactive' } = stateOf(process, name) ?? {};
    if (!options.has('q')) await print(process, `${active}\n`);
    if (active === 'active') return 0;
    return stateOf(process, name) === undefined ? UNKNOWN_STATE : NOT_RUNNING;
  },
  'is-enabled': async (process, name, options) => {
    const service = stateOf(process, name);
    if (service === undefined)
      return fail(process, `Failed to get unit file state for ${name}.service: No such file or directory`);
    if (!options.has('q')) await print(process, `${service.enabled ? 'enabled' : 'disabled'}\n`);
    return service.enabled ? 0 : 1;
  },
  'is-failed': async (process, name, options) => {
    const { active = 'inactive' } = stateOf(process, name) ?? {};
    if (!options.has('q')) await print(process, `${active}\n`);
    return active === 'failed' ? 0 : 1;
  },
  status: async (process, name) => {
    const service = stateOf(process, name);
    if (service === undefined)
      return fail(process, `Unit ${name}.service could not be found.`, UNKNOWN_STATE);
    await print(
      process,
      `${name}.service\n     Loaded: loaded (${service.enabled ? 'enabled' : 'disabled'})\n     Active: ${service.active}\n`,
    );
    return service.active === 'active' ? 0 : NOT_RUNNING;
  },
  show: async (process, name, options) => {
    const wanted = options.values('p').flatMap(value => value.split(','));
    const properties = propertiesOf(name, stateOf(process, name), options.value('timestamp') === 'unix');
    const names = wanted.length === 0 ? Object.keys(properties) : wanted;
    for (const key of names)
      await print(
        process,
        options.has('value') ? `${properties[key] ?? ''}\n` : `${key}=${properties[key] ?? ''}\n`,
      );
    return 0;
  },
};

function propertiesOf(
  name: string,
  service: ServiceState | undefined,
  asUnix: boolean,
): Record<string, string> {
  const active = service?.active ?? 'inactive';
  const facts = service?.transient;
  const hasExited = facts?.exitStatus !== undefined;
  const since = service === undefined || active !== 'active' ? '' : stamp(service.since, asUnix);
  return {
    Id: `${name}.service`,
    LoadState: service === undefined ? 'not-found' : 'loaded',
    ActiveState: active,
    SubState:
      hasExited && active === 'active'
        ? 'exited'
        : { active: 'running', activating: 'start', inactive: 'dead', failed: 'failed' }[active],
    UnitFileState: service === undefined ? '' : service.enabled ? 'enabled' : 'disabled',
    MainPID: String(service?.pid ?? 0),
    Result: facts?.result ?? (active === 'failed' ? 'exit-code' : 'success'),
    ExecMainStatus: String(facts?.exitStatus ?? 0),
    ExecMainCode: hasExited ? '1' : '0',
    Description: facts?.description ?? name,
    ActiveEnterTimestamp: since,
  };
}

/** `Wed 2026-11-25 20:12:00 UTC`, or `@` and seconds. */
function stamp(ms: number, asUnix: boolean): string {
  if (asUnix) return `@${Math.floor(ms / 1000)}`;
  const date = new Date(ms);
  const day = date.toLocaleDateString('en', { weekday: 'short', timeZone: 'UTC' });
  return `${day} ${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

const systemctl: Program = async process => {
  const options = readOptions(process.args.slice(1), [
    'q|quiet', 'p=|property=', 'value', 'timestamp=', 'now', 'no-pager', 'no-block', 'n=', 'l', 'a', 'f|force', 'runtime',
  ]); // prettier-ignore
  const [verb = '', ...units] = options.operands;
  // Of slices: how much of the machine something gets is nothing to an emulated host.
  if (verb === 'set-property') return 0;
  if (verb === 'daemon-reload') return daemonReload(process);
  if (verb === 'is-system-running') return isSystemRunning(process);
  if (verb === 'reboot' || verb === 'poweroff') return power(process, verb);
  const act = VERBS[verb];
  if (act === undefined) return fail(process, `${verb} is not known to an emulated host`, 127);
  const statuses: number[] = [];
  for (const unit of units) statuses.push(await act(process, serviceName(unit), options));
  // is-active is content with one.
  return verb === 'is-active' ? Math.min(...statuses) : Math.max(0, ...statuses);
};

function daemonReload(process: Process): number {
  readUnitFiles(process.machine);
  return 0;
}

async function isSystemRunning(process: Process): Promise<number> {
  const hasFailed = Object.values(process.machine.system.services).some(({ active }) => active === 'failed');
  await print(process, hasFailed ? 'degraded\n' : 'running\n');
  return hasFailed ? 1 : 0;
}

function power(process: Process, what: 'reboot' | 'poweroff'): Promise<number> | number {
  if (process.credentials.uid !== 0) return fail(process, 'Interactive authentication required.');
  process.machine.onPower(what);
  return 0;
}

const journalctl: Program = async process => {
  const options = readOptions(process.args.slice(1), [
    'u=|unit=', 'n=|lines=', 'no-pager', 'o=|output=', 'b', 'q|quiet', 'x', 'e', 'p=', 'S=|since=', 'k',
  ]); // prettier-ignore
  const units = options.values('u').map(serviceName);
  const entries = process.machine.journal.filter(({ unit }) => units.length === 0 || units.includes(unit));
  for (const { at, unit, text } of entries.slice(-Number(options.value('n') ?? 1000))) {
    const prefix = options.value('o') === 'cat' ? '' : `${new Date(at).toISOString()} ${unit}: `;
    await print(process, `${prefix}${text}\n`);
  }
  return 0;
};

/** systemd's. */
export const SERVICES: Readonly<Record<string, Program>> = {
  systemctl,
  journalctl,
  reboot: process => power(process, 'reboot'),
  poweroff: process => power(process, 'poweroff'),
  'systemd-detect-virt': async process => {
    const options = readOptions(process.args.slice(1), ['c|container', 'v|vm', 'q|quiet']);
    const virtual = options.has('c') ? 'none' : 'kvm';
    if (!options.has('q')) await print(process, `${virtual}\n`);
    return virtual === 'none' ? 1 : 0;
  },
};
