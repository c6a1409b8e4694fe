import { isFileError } from '../files/file-error.ts';
import type { FileSystem } from '../files/file-system.ts';
import { isPattern, patternExpression, type PatternPiece } from './pattern.ts';

/** The names of files that the pattern matches, sorted; hidden ones only where it says the dot. */
export function matchFiles(files: FileSystem, cwd: string, pattern: readonly PatternPiece[]): string[] {
  const levels = levelsOf(pattern);
  const isAbsolute = levels[0]?.length === 0;
  let found = [isAbsolute ? '/' : ''];
  for (const level of levels.filter(pieces => pieces.length > 0))
    found = found.flatMap(folder => namesIn(files, cwd, folder, level));
  const wantsFolders = levels.length > 1 && levels.at(-1)!.length === 0;
  return wantsFolders
    ? found
        .filter(name => files.find(`${cwd}/${name}`)?.type === 'directory')
        .map(name => `${name}/`)
        .sort()
    : found.sort();
}

/** The pieces between the slashes. */
function levelsOf(pattern: readonly PatternPiece[]): PatternPiece[][] {
  const levels: PatternPiece[][] = [[]];
  for (const { text, quoted } of pattern)
    for (const [index, part] of text.split('/').entries()) {
      if (index > 0) levels.push([]);
      if (part !== '') levels.at(-1)!.push({ text: part, quoted });
    }
  return levels;
}

function namesIn(files: FileSystem, cwd: string, folder: string, level: PatternPiece[]): string[] {
  const join = (name: string): string =>
    folder === '' || folder === '/' ? `${folder}${name}` : `${folder}/${name}`;
  const path = (name: string): string => (name.startsWith('/') ? name : `${cwd}/${name}`);
  if (!isPattern(level)) {
    const name = join(level.map(({ text }) => text).join(''));
    return files.find(path(name), false) === undefined ? [] : [name];
  }
  const expression = patternExpression(level);
  const showsHidden = level[0]!.text.startsWith('.');
  return readable(files, path(folder))
    .filter(name => expression.test(name) && (showsHidden || !name.startsWith('.')))
    .map(join);
}

function readable(files: FileSystem, folder: string): string[] {
  try {
    return files.list(folder);
  } catch (error) {
    if (isFileError(error)) return [];
    throw error;
  }
}
