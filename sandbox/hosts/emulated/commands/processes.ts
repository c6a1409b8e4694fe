import type { Process, Program } from '../model.ts';
import { NotEmulatedError } from '../shell/execute.ts';
import { fail, print } from '../shell/process.ts';
import { readOptions } from './options.ts';

/** `ps aux` and the like; `-o comm=` shows names only. What runs is services, and what asks. */
const ps: Program = async process => {
  const args = process.args.slice(1).map(argument => (argument === 'aux' ? '-ef' : argument));
  const options = readOptions(args, ['e', 'f', 'o=']);
  const format = options.value('o');
  if (format !== undefined && format !== 'comm=') throw new NotEmulatedError(`the format ${format}`);
  const rows = processesOf(process);
  if (format === undefined) await print(process, 'USER         PID COMMAND\n');
  for (const { user, pid, command } of rows)
    await print(
      process,
      format === undefined
        ? `${user.padEnd(8)} ${String(pid).padStart(7)} ${command}\n`
        : `${command.split(' ', 1)[0]!}\n`,
    );
  return 0;
};

function processesOf({ args, machine, user }: Process): { user: string; pid: number; command: string }[] {
  const running = Object.entries(machine.system.services).filter(([, { active }]) => active === 'active');
  return [
    { user: 'root', pid: 1, command: 'systemd' },
    ...running.map(([command, { pid }]) => ({ user: 'root', pid, command })),
    { user: user.name, pid: machine.shellPid, command: args.join(' ') },
  ];
}

/** A service is one process here, without children: its nginx answers everything at once, and no worker ever ends. */
const pgrep: Program = async process => {
  const options = readOptions(process.args.slice(1), ['c|count', 'f|full', 'P=|parent=']);
  if (!options.has('P')) return fail(process, 'only children (-P) are known to an emulated host', 127);
  if (options.has('c')) await print(process, '0\n');
  return 1;
};

/** Programs keep no connections: what nginx would pass on it answers itself. */
const ss: Program = (process: Process) => {
  const options = readOptions(process.args.slice(1), [
    'K|kill',
    'H|no-header',
    't|tcp',
    'n|numeric',
    'p|processes',
  ]);
  if (options.has('H') && options.has('t')) return 0;
  return fail(process, 'only TCP connections without a header (-H -t) are known to an emulated host', 127);
};

/** What looks at processes and their connections. */
export const PROCESSES: Readonly<Record<string, Program>> = { pgrep, ps, ss };
