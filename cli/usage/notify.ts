import type { Command } from 'commander';
import { example, globals } from './words.ts';

/** Those of what people are told. */
export function addNotifyCommands(program: Command): void {
  program
    .command('notify')
    .description('tell people by mail, text message or webhook')
    .command('test')
    .description('send one message of each kind to all who are configured; exits 1 when one fails')
    .addHelpText('after', example('dropfleet notify test'))
    .action(async (_own: object, command: Command) =>
      (await import('../commands/notify-test.ts')).notifyTest(globals(command)),
    );
}
