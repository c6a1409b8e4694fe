import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { FOREIGN_TOKEN_NAMES, misspelled, nameMeantBy } from './env-names.ts';
import { unclosedQuotes } from './env-quotes.ts';
import { explainFileError, isMissingFile } from './files.ts';
import { placeAt, type OffsetProblem, type Problem } from './problems.ts';

/** Where variables come from. */
export interface EnvironmentSource {
  /** The process's own environment; it wins over the file, but for what is empty in it. */
  env: Readonly<Record<string, string | undefined>>;
  /** The path of a .env file; one that does not exist says nothing. */
  envFile?: string;
}

/** The variables of a process and of its .env file. */
export interface Variables {
  /** Without space around it; undefined when unset or empty. */
  get(name: string): string | undefined;
  /** As it was set, with space around it; undefined when unset or nothing but white space. */
  exactly(name: string): string | undefined;
  /** Where the variable was set, for problems. */
  placeOf(name: string): Pick<Problem, 'file' | 'line' | 'column'>;
  /** What sets the variable, even to nothing; undefined when nothing does. */
  sourceOf(name: string): VariableSource | undefined;
}

/** What sets a variable. */
export interface VariableSource {
  /** The path of the .env file, or `environment`. */
  source: string;
  /** It is set to nothing, or to nothing but white space. */
  isEmpty: boolean;
}

/** Reads both. A file that cannot be read, and a name that means nothing but nearly does, are problems. */
export function readVariables({ env, envFile }: EnvironmentSource): {
  variables: Variables;
  problems: Problem[];
} {
  const { text, problems } = readEnvFile(envFile);
  const fromFile = parseEnv(text);
  const exactly = (name: string): string | undefined =>
    [own(env, name), own(fromFile, name)].find(value => value !== undefined && value.trim() !== '');
  const variables: Variables = {
    get: name => exactly(name)?.trim(),
    exactly,
    placeOf: name =>
      !own(env, name)?.trim() && envFile !== undefined
        ? { file: envFile, ...placeAt(text, findAssignment(text, name)) }
        : { file: 'environment' },
    sourceOf(name) {
      const inFile = envFile === undefined ? [] : setting(envFile, own(fromFile, name));
      const all = [...setting('environment', own(env, name)), ...inFile];
      return all.find(({ isEmpty }) => !isEmpty) ?? all[0];
    },
  };
  const nearly = [...misspelledIn(envFile, text, variables), ...misspelledInEnv(env, variables)];
  return { variables, problems: [...problems, ...nearly, ...foreignTokens(variables)] };
}

const setting = (source: string, text: string | undefined): VariableSource[] =>
  text === undefined ? [] : [{ source, isEmpty: text.trim() === '' }];

function misspelledIn(file: string | undefined, text: string, variables: Variables): Problem[] {
  if (file === undefined) return [];
  const lines = misspelled(text).filter(({ meant }) => variables.get(meant) === undefined);
  return placed(
    file,
    text,
    lines.map(({ problem }) => problem),
  );
}

function misspelledInEnv(env: EnvironmentSource['env'], variables: Variables): Problem[] {
  return Object.keys(env).flatMap(found => {
    const meant = nameMeantBy(found);
    if (meant === undefined || variables.get(meant) !== undefined || !env[found]) return [];
    return [{ file: 'environment', found, message: `this sets nothing; name it ${meant}` }];
  });
}

/** Whoever has the token under another tool's name does not mean the sandbox. */
function foreignTokens(variables: Variables): Problem[] {
  if (variables.get('DO_TOKEN') !== undefined) return [];
  return FOREIGN_TOKEN_NAMES.filter(name => variables.get(name) !== undefined).map(name => ({
    ...variables.placeOf(name),
    message: `${name} is what other tools read; name it DO_TOKEN to use that token, or unset it to rehearse in the sandbox`,
  }));
}

const placed = (file: string, text: string, problems: readonly OffsetProblem[]): Problem[] =>
  problems.map(({ offset, ...problem }) => ({ file, ...placeAt(text, offset), ...problem }));

/** A name such as `constructor` is no variable unless somebody set it. */
const own = (variables: Readonly<Record<string, string | undefined>>, name: string): string | undefined =>
  Object.hasOwn(variables, name) ? variables[name] : undefined;

/** The text, which is empty when something in it would be read otherwise than it looks. */
function readEnvFile(path: string | undefined): { text: string; problems: Problem[] } {
  if (path === undefined) return { text: '', problems: [] };
  try {
    const bytes = readFileSync(path);
    // Node's parser drops every CR, so that lines which end in nothing else would become one.
    const text = bytes
      .toString('utf8')
      .replace(/^\uFEFF/, '')
      .replaceAll(/\r\n?/g, '\n');
    const fault = encodingFault(bytes);
    const problems =
      fault === undefined ? placed(path, text, unclosedQuotes(text)) : [{ file: path, message: fault }];
    return { text: problems.length > 0 ? '' : text, problems };
  } catch (error) {
    const message = `the file cannot be read: ${explainFileError(error)}`;
    return { text: '', problems: isMissingFile(error) ? [] : [{ file: path, message }] };
  }
}

/** No text has a zero in it, but every second byte of most UTF-16 is one. */
function encodingFault(bytes: Buffer): string | undefined {
  if (bytes.includes(0))
    return 'the file is UTF-16, as Windows PowerShell and the "Unicode" of some editors write it; save it as UTF-8, nothing in it is used until then';
  if (Buffer.from(bytes.toString('utf8')).equals(bytes)) return undefined;
  return 'the file is not UTF-8; save it as UTF-8, nothing in it is used until then';
}

/** The offset of the variable's name; of its last assignment, which is the one that counts. */
function findAssignment(text: string, name: string): number {
  const assignments = [...text.matchAll(new RegExp(`^[ \\t]*(?:export[ \\t]+)?(?=${name}[ \\t]*=)`, 'gm'))];
  const last = assignments.at(-1);
  return last === undefined ? 0 : last.index + last[0].length;
}
