import type { Expander } from './expansion.ts';
import type { ShellState } from './state.ts';
import type { Command, Script } from './syntax.ts';

/**
 * What runs the commands that are in others. `checked` says that a failure is looked at, and so ends no shell under
 * `set -e`. Everything resolves with an exit status, or rejects with what leaves a loop, a function or the shell.
 */
export interface Runner {
  readonly expander: Expander;
  run(state: ShellState, script: Script, checked: boolean): Promise<number>;
  runCommand(state: ShellState, command: Command, checked: boolean): Promise<number>;
  /** Runs a script in a copy of the state. */
  subshell(state: ShellState, script: Script, checked: boolean): Promise<number>;
  /** Runs text, as `eval` and `.` do. */
  evaluate(state: ShellState, text: string): Promise<number>;
}
