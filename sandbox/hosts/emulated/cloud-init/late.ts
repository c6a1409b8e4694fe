import type { Machine } from '../model.ts';
import { candidateVersion, installPackage } from '../packages.ts';
import { execute } from '../shell/execute.ts';
import { collectOutput } from '../shell/streams.ts';
import type { CloudConfig, UserData } from './user-data.ts';

const OUTPUT_LOG = '/var/log/cloud-init-output.log';

/** What cloud-init does when the machine is up: packages, commands. Resolves with what went wrong. */
export async function carryOutLate(
  machine: Machine,
  userData: UserData,
  signal: AbortSignal,
): Promise<string[]> {
  if (userData.kind === 'script') return runScript(machine, userData.text, signal);
  if (userData.kind !== 'config') return [];
  const { packages = [], runcmd = [] } = userData.config;
  return [
    ...(await install(machine, packages)),
    ...(runcmd.length === 0 ? [] : await runScript(machine, scriptOf(runcmd), signal)),
  ];
}

async function install(machine: Machine, packages: readonly string[]): Promise<string[]> {
  const unknown = packages.filter(name => candidateVersion(name) === undefined);
  if (unknown.length > 0) {
    append(machine, unknown.map(name => `E: Unable to locate package ${name}\n`).join(''));
    return [
      `('package_update_upgrade_install', ProcessExecutionError("Failed to install ${unknown.join(', ')}"))`,
    ];
  }
  for (const name of packages) await installPackage(machine, name);
  return [];
}

/** cloud-init puts all commands into one script; the exit code of the last is the script's. */
const scriptOf = (commands: NonNullable<CloudConfig['runcmd']>): string =>
  commands
    .map(command =>
      typeof command === 'string'
        ? command
        : command.map(word => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' '),
    )
    .join('\n');

async function runScript(machine: Machine, text: string, signal: AbortSignal): Promise<string[]> {
  const process = machine.login('root', signal)!;
  const output = collectOutput();
  const status = await execute(
    { ...process, cwd: '/', args: ['/bin/sh', '-c', text], output, error: output },
    'cloud-init',
  );
  append(machine, output.bytes().toString());
  return status === 0
    ? []
    : ["('scripts_user', RuntimeError('Runparts: 1 failures (runcmd) in 1 attempted commands'))"];
}

function append({ files }: Machine, text: string): void {
  files.write(OUTPUT_LOG, Buffer.from(text), { append: true });
}
