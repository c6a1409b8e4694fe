import type { Command } from 'commander';
import type { GlobalOptions } from '../options.ts';

/** What stands after a command goes before what stands in front of it. */
export const globals = (command: Command): GlobalOptions => ({
  ...(command.parent === null ? {} : globals(command.parent)),
  ...command.opts<GlobalOptions>(),
});

/** What stands below a command's help. */
export const example = (line: string): string => `\nExample:\n  ${line}`;

/** Such as `dropfleet sandbox ledger`. */
export const nameOf = (command: Command): string =>
  command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
