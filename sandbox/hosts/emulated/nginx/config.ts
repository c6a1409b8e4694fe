import { isFileError } from '../files/file-error.ts';
import type { FileSystem } from '../files/file-system.ts';
import { matchFiles } from '../shell/file-names.ts';
import { KNOWN_DIRECTIVES, TABLES } from './directives.ts';
import { NginxConfigError, parseNginxConfig, type Directive } from './syntax.ts';

export const MAIN_FILE = '/etc/nginx/nginx.conf';

/** Reads a configuration with everything that it includes. Throws NginxConfigError as `nginx -t` would say it. */
export function readNginxConfig(files: FileSystem, main = MAIN_FILE): Directive[] {
  return expand(files, readFile(files, main, `open() "${main}" failed`), main);
}

function readFile(files: FileSystem, path: string, what: string): Directive[] {
  try {
    return parseNginxConfig(Buffer.from(files.read(path)).toString(), path);
  } catch (error) {
    if (!isFileError(error)) throw error;
    throw new NginxConfigError(`${what} (2: ${error.message})`, { cause: error });
  }
}

/** Puts what is included in the place of the includes. */
function expand(files: FileSystem, directives: readonly Directive[], main: string): Directive[] {
  return directives.flatMap(directive => {
    if (directive.name === 'include') return included(files, directive, main);
    if (!KNOWN_DIRECTIVES.has(directive.name))
      throw new NginxConfigError(`unknown directive "${directive.name}" in ${directive.place}`);
    if (directive.block === undefined || TABLES.has(directive.name)) return [directive];
    return [{ ...directive, block: expand(files, directive.block, main) }];
  });
}

function included(files: FileSystem, { args, place }: Directive, main: string): Directive[] {
  const [pattern = ''] = args;
  const folder = main.replace(/\/[^/]*$/, '');
  const path = pattern.startsWith('/') ? pattern : `${folder}/${pattern}`;
  const isPattern = /[*?[]/.test(path);
  const names = isPattern ? matchFiles(files, '/', [{ text: path, quoted: false }]) : [path];
  return names.flatMap(name =>
    expand(files, readFile(files, name, `open() "${name}" failed in ${place}`), main),
  );
}

/** The blocks of that name. */
export const blocksOf = (directives: readonly Directive[], name: string): Directive[] =>
  directives.filter(directive => directive.name === name && directive.block !== undefined);

/** The arguments of the first directive of that name. */
export const argsOf = (directives: readonly Directive[], name: string): readonly string[] | undefined =>
  directives.find(directive => directive.name === name)?.args;
