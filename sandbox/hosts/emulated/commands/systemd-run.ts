import type { Process, Program } from '../model.ts';
import { serviceName } from '../services.ts';
import { absolutePath, fail } from '../shell/process.ts';
import { startTransient } from '../transient-units.ts';
import { readOptions, type Options } from './options.ts';

const KNOWN = [
  'u=|unit=', 'p=|property=', 'service-type=', 'collect|G', 'no-block', 'q|quiet', 'wait', 'P|pipe', 'slice=', 'E=|setenv=',
  'description=', 'working-directory=', 'uid=', 'gid=', 'nice=', 'r|remain-after-exit', 'no-ask-password', 'system', 'd|same-dir',
]; // prettier-ignore

/** Runs a command as a unit of its own, which outlives the session. */
const systemdRun: Program = async process => {
  const options = readOptions(process.args.slice(1), KNOWN, { stopAtOperand: true });
  const { machine } = process;
  const name = serviceName(
    options.value('u') ?? `run-r${Math.floor(machine.random() * 2 ** 32).toString(16)}`,
  );
  if (process.credentials.uid !== 0)
    return fail(process, 'Failed to start transient service unit: Interactive authentication required.');
  if (machine.system.services[name] !== undefined)
    return fail(
      process,
      `Failed to start transient service unit: Unit ${name}.service was already loaded or has a fragment file.`,
    );
  if (!options.has('q')) await process.error.write(Buffer.from(`Running as unit: ${name}.service\n`));
  const settings = propertiesOf(options);
  const isOneshot = (options.value('service-type') ?? settings['Type']) === 'oneshot';
  const ended = startTransient(machine, {
    name,
    process: { ...machine.login('root', process.signal)!, ...begun(process, options, settings) },
    outputFile: outputFile(process, settings['StandardOutput']),
    limitMs: secondsOf(settings['RuntimeMaxSec'] ?? settings['TimeoutStartSec'] ?? '0') * 1000,
    facts: {
      description: options.value('description') ?? options.operands.join(' '),
      isCollected: options.has('collect') || settings['CollectMode'] === 'inactive-or-failed',
      remains: options.has('r') || settings['RemainAfterExit'] === 'yes',
      isOneshot,
    },
  });
  // systemctl is content with a oneshot only when it is over.
  const isAwaited = options.has('wait') || options.has('P') || (isOneshot && !options.has('no-block'));
  return isAwaited ? ended : 0;
};

const propertiesOf = (options: Options): Record<string, string> =>
  Object.fromEntries(
    options.values('p').map(text => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
  );

/** Its environment is the system's, with what is said. */
function begun(
  process: Process,
  options: Options,
  settings: Readonly<Record<string, string>>,
): Pick<Process, 'args' | 'env' | 'cwd'> {
  const { HOME = '/root', PATH = '', USER = 'root' } = process.machine.login('root', process.signal)!.env;
  const added = [...options.values('E'), ...(settings['Environment'] ?? '').split(' ')].filter(
    text => text !== '',
  );
  const variables = added.map(text => (text.includes('=') ? text : `${text}=${process.env[text] ?? ''}`));
  return {
    args: options.operands,
    env: {
      HOME,
      PATH,
      USER,
      ...Object.fromEntries(
        variables.map(text => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
      ),
    },
    cwd: options.has('d')
      ? process.cwd
      : (options.value('working-directory') ?? settings['WorkingDirectory'] ?? '/'),
  };
}

/** `append:/var/log/x`, and `file:` or `truncate:`, which begin anew. */
function outputFile(process: Process, setting: string | undefined): string | undefined {
  const [, how, path] = /^(append|file|truncate):(.*)$/.exec(setting ?? '') ?? [];
  if (path === undefined) return undefined;
  const file = absolutePath(process, path);
  if (how !== 'append') process.files.write(file, new Uint8Array());
  return file;
}

/** `90`, `90s`, `15min`, `1h`, `infinity`. */
function secondsOf(text: string): number {
  const units: Record<string, number> = { '': 1, s: 1, sec: 1, m: 60, min: 60, h: 3600 };
  const [, amount = '0', unit = ''] = /^(\d+)\s*([a-z]*)$/.exec(text) ?? [];
  return Number(amount) * (units[unit] ?? 1);
}

/** What runs commands apart from who asks for them. */
export const SYSTEMD_RUN: Readonly<Record<string, Program>> = { 'systemd-run': systemdRun };
