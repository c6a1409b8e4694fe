import { systemClock } from '../../../../../clients/clock.ts';
import { createBase } from '../../../../../sandbox/hosts/emulated/base.ts';
import { basePrograms, PROGRAMS } from '../../../../../sandbox/hosts/emulated/commands/programs.ts';
import { freshContent } from '../../../../../sandbox/hosts/emulated/installation.ts';
import { createMachine } from '../../../../../sandbox/hosts/emulated/machine.ts';
import type { Machine } from '../../../../../sandbox/hosts/emulated/model.ts';
import { execute } from '../../../../../sandbox/hosts/emulated/shell/execute.ts';
import { collectOutput, inputOf } from '../../../../../sandbox/hosts/emulated/shell/streams.ts';
import { aHost } from '../../../../builders/hosts.ts';

/** A machine without power or network. */
export const aMachine = (changes: Partial<Parameters<typeof createMachine>[0]> = {}): Machine =>
  createMachine({
    spec: aHost(),
    content: freshContent(createBase(basePrograms())),
    programs: PROGRAMS,
    clock: systemClock,
    random: Math.random,
    ...changes,
  });

/** What a command on a machine comes to. */
export async function runOn(
  machine: Machine,
  script: string,
  { input = '', user = 'root', args = [] as string[], signal = new AbortController().signal } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const process = machine.login(user, signal)!;
  const [output, error] = [collectOutput(), collectOutput()];
  const code = await execute(
    { ...process, args: ['sh', '-c', script, ...args], input: inputOf(Buffer.from(input)), output, error },
    'test',
  );
  return { code, stdout: output.bytes().toString(), stderr: error.bytes().toString() };
}
