import { readFileSync } from 'node:fs';

/** A command for hosts, in POSIX shell: the text, and the name by which process lists know it. */
export interface Script {
  readonly name: string;
  readonly text: string;
}

/**
 * Reads scripts out of `scripts/` beside a module, for its constants: they are parts of the program as the modules
 * are, and without one of them it does not start.
 *
 * @param module the module's `import.meta.url`.
 * @returns what reads one script, put together from these files in their order.
 */
export const scriptsBeside =
  (module: string) =>
  (name: string, ...files: readonly string[]): Script => ({
    name,
    text: files
      .map(file => readFileSync(new URL(`scripts/${file}.sh`, module), 'utf8').replace(COMMENTS, ''))
      .join(''),
  });

/** Whole lines; they would be a fifth of what every probe carries. */
const COMMENTS = /^ *#.*\n/gm;
