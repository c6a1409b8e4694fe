import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { explainFileError, isMissingFile } from './files.ts';
import { placeAt, type Problem } from './problems.ts';

/** Where variables come from. */
export interface EnvironmentSource {
  /** The process's own environment; it wins over the file. */
  env: Readonly<Record<string, string | undefined>>;
  /** The path of a .env file; one that does not exist says nothing. */
  envFile?: string;
}

/** The variables of a process and of its .env file. */
export interface Variables {
  /** Without space around it; undefined when unset or empty. */
  get(name: string): string | undefined;
  /** Where the variable was set, for problems. */
  placeOf(name: string): Pick<Problem, 'file' | 'line' | 'column'>;
}

/** Reads both. A file that cannot be read is a problem. */
export function readVariables({ env, envFile }: EnvironmentSource): {
  variables: Variables;
  problems: Problem[];
} {
  const { text, problems } = readEnvFile(envFile);
  const fromFile = parseEnv(text);
  const variables: Variables = {
    get: name => (own(env, name) ?? own(fromFile, name))?.trim() || undefined,
    placeOf: name =>
      env[name] === undefined && envFile !== undefined
        ? { file: envFile, ...placeAt(text, findAssignment(text, name)) }
        : { file: 'environment' },
  };
  return { variables, problems };
}

/** A name such as `constructor` is no variable unless somebody set it. */
const own = (variables: Readonly<Record<string, string | undefined>>, name: string): string | undefined =>
  Object.hasOwn(variables, name) ? variables[name] : undefined;

function readEnvFile(path: string | undefined): { text: string; problems: Problem[] } {
  if (path === undefined) return { text: '', problems: [] };
  try {
    return { text: readFileSync(path, 'utf8').replace(/^\uFEFF/, ''), problems: [] };
  } catch (error) {
    const message = `the file cannot be read: ${explainFileError(error)}`;
    return { text: '', problems: isMissingFile(error) ? [] : [{ file: path, message }] };
  }
}

/** The offset of the variable's name; of its last assignment, which is the one that counts. */
function findAssignment(text: string, name: string): number {
  const assignments = [...text.matchAll(new RegExp(`^[ \\t]*(?:export[ \\t]+)?(?=${name}[ \\t]*=)`, 'gm'))];
  const last = assignments.at(-1);
  return last === undefined ? 0 : last.index + last[0].length;
}
