import type { Machine } from '../../../../../../sandbox/hosts/emulated/model.ts';
import { fakeClock, type FakeClock } from '../../../../../fakes/clock.ts';
import { aMachine, runOn } from '../machine.ts';

/** A machine with an engine, whose time stands still, and an image `app` on it. */
export async function engineMachine(kind: 'docker' | 'podman'): Promise<{
  machine: Machine;
  clock: FakeClock;
  /** What a command of the engine prints; rejects when it fails. */
  readonly ask: (command: string, input?: string) => Promise<string>;
  /** What it comes to. */
  readonly run: (command: string, input?: string) => ReturnType<typeof runOn>;
}> {
  const clock = fakeClock();
  const machine = aMachine({ clock });
  await runOn(machine, `apt-get install -y ${kind === 'docker' ? 'docker-cli docker.io' : 'podman'}`);
  const run = (command: string, input = ''): ReturnType<typeof runOn> =>
    runOn(machine, `${kind} ${command}`, { input });
  await run('build -t app -', 'FROM debian:bookworm-slim\nEXPOSE 80\n');
  return {
    machine,
    clock,
    run,
    async ask(command, input) {
      const { code, stdout, stderr } = await run(command, input);
      if (code !== 0) throw new Error(`${command}: ${stderr}`);
      return stdout.trimEnd();
    },
  };
}
