import type { ConfigurationFile } from './render.ts';

const BLOCK = 512;

/** The files as a POSIX ustar archive, all of root and readable by everybody. Paths have at most 100 bytes. */
export function toTar(files: readonly ConfigurationFile[]): Buffer {
  const folders = new Set(files.map(({ path }) => path.slice(0, path.lastIndexOf('/') + 1)).filter(Boolean));
  return Buffer.concat([
    ...[...folders].map(folder => header(folder, 0, '5', 0o755)),
    ...files.flatMap(({ path, content }) => {
      const body = Buffer.from(content);
      return [header(path, body.length, '0', 0o644), body, Buffer.alloc(-body.length & (BLOCK - 1))];
    }),
    Buffer.alloc(2 * BLOCK),
  ]);
}

function header(path: string, size: number, type: '0' | '5', mode: number): Buffer {
  if (Buffer.byteLength(path) > 100) throw new RangeError(`${path} is too long for a plain archive`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, offset: number, digits: number): void => {
    block.write(value.toString(8).padStart(digits, '0'), offset);
  };
  block.write(path, 0);
  octal(mode, 100, 7);
  octal(0, 108, 7); // owner
  octal(0, 116, 7); // group
  octal(size, 124, 11);
  octal(0, 136, 11); // time of change
  block.write(' '.repeat(8) + type, 148);
  block.write('ustar\u000000', 257);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  block[154] = 0;
  return block;
}
