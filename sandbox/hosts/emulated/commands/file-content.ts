import { createHash } from 'node:crypto';
import { absolutePath, bytesOf, fail, print, type Process, type Program } from '../shell/process.ts';
import { readAll } from '../shell/streams.ts';
import { readOptions } from './options.ts';
import { attempt, readOperands } from './reading.ts';

const cat: Program = async process => {
  const { operands } = readOptions(process.args.slice(1), ['u']);
  let status = 0;
  for (const name of operands.length === 0 ? ['-'] : operands)
    if (name === '-') await pass(process);
    else {
      const data = await attempt(process, name, () => process.files.read(absolutePath(process, name)));
      if (data === undefined) status = 1;
      else await process.output.write(data);
    }
  return status;
};

async function pass(process: Process): Promise<void> {
  for (let chunk = await process.input.read(); chunk !== undefined; chunk = await process.input.read())
    await process.output.write(chunk);
}

const tee: Program = async process => {
  const options = readOptions(process.args.slice(1), ['a|append']);
  const data = await readAll(process.input);
  await process.output.write(data);
  for (const name of options.operands)
    process.files.write(absolutePath(process, name), data, { append: options.has('a') });
  return 0;
};

const sum =
  (algorithm: string): Program =>
  async process => {
    const options = readOptions(process.args.slice(1), ['c|check', 'b|binary', 'status', 'quiet']);
    if (options.has('c')) return checkSums(process, algorithm, options.operands);
    const { contents, failed } = await readOperands(process, options.operands);
    for (const { name, data } of contents)
      await print(process, `${createHash(algorithm).update(data).digest('hex')}  ${name}\n`);
    return failed ? 1 : 0;
  };

async function checkSums(process: Process, algorithm: string, lists: readonly string[]): Promise<number> {
  const { contents } = await readOperands(process, lists);
  let status = 0;
  for (const line of contents
    .flatMap(({ data }) => data.toString().split('\n'))
    .filter(line => line !== '')) {
    const [wanted = '', name = ''] = line.split(/ [ *]/);
    const data = await attempt(process, name, () => process.files.read(absolutePath(process, name)));
    const isSame = data !== undefined && createHash(algorithm).update(data).digest('hex') === wanted;
    if (!isSame) status = 1;
    await print(process, `${name}: ${isSame ? 'OK' : 'FAILED'}\n`);
  }
  return status;
}

const base64: Program = async process => {
  const options = readOptions(process.args.slice(1), ['d|decode', 'w=|wrap=']);
  const { contents, failed } = await readOperands(process, options.operands);
  const data = Buffer.concat(contents.map(content => content.data));
  if (options.has('d')) await process.output.write(Buffer.from(data.toString(), 'base64'));
  else await print(process, wrapped(data.toString('base64'), Number(options.value('w') ?? 76)));
  return failed ? 1 : 0;
};

function wrapped(text: string, width: number): string {
  if (width === 0) return text;
  return text.replace(new RegExp(`.{1,${width}}`, 'g'), line => `${line}\n`);
}

const SUFFIXES: Record<string, number> = { '': 1, K: 2 ** 10, k: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

const bytes = (text: string): number => {
  const match = /^(\d+)([KkMG]?)$/.exec(text);
  return match === null ? Number.NaN : Number(match[1]) * SUFFIXES[match[2]!]!;
};

/** A file of more zeros than this only counts as so large: nobody reads a swap file. */
const MOST_ZEROS = 2 ** 16;

const dd: Program = async process => {
  const settings = new Map(
    process.args.slice(1).map(argument => argument.split(/=(.*)/s) as [string, string]),
  );
  const output = settings.get('of');
  if (output === undefined) return fail(process, 'of= is missing, and standard output is not emulated', 127);
  const input = settings.get('if');
  const isZeros = input === '/dev/zero';
  const count = bytes(settings.get('bs') ?? '512') * Number(settings.get('count') ?? Number.NaN);
  if (isZeros && Number.isNaN(count)) return fail(process, 'count= is missing');
  const data = isZeros ? new Uint8Array(Math.min(count, MOST_ZEROS)) : await source(process, input);
  process.files.write(absolutePath(process, output), data);
  return 0;
};

const source = async (process: Process, input: string | undefined): Promise<Uint8Array> =>
  input === undefined ? readAll(process.input) : process.files.read(absolutePath(process, input));

const truncate: Program = process => {
  const options = readOptions(process.args.slice(1), ['s=|size=']);
  const size = bytes(options.value('s') ?? '');
  for (const name of options.operands) {
    const path = absolutePath(process, name);
    const before = process.files.find(path) === undefined ? new Uint8Array() : process.files.read(path);
    const after = new Uint8Array(Math.min(size, Math.max(before.length, MOST_ZEROS)));
    after.set(before.subarray(0, after.length));
    process.files.write(path, after);
  }
  return 0;
};

const cmp: Program = async process => {
  const options = readOptions(process.args.slice(1), ['s|silent|quiet']);
  const { contents, failed } = await readOperands(process, options.operands);
  if (failed) return 2;
  const [a, b] = contents;
  if (a!.data.equals(b!.data)) return 0;
  if (!options.has('s')) await process.output.write(bytesOf(`${a!.name} ${b!.name} differ\n`));
  return 1;
};

/** What reads or writes the bytes of files. */
export const FILE_CONTENT: Readonly<Record<string, Program>> = {
  cat,
  tee,
  sha256sum: sum('sha256'),
  sha1sum: sum('sha1'),
  md5sum: sum('md5'),
  base64,
  dd,
  truncate,
  cmp,
};
