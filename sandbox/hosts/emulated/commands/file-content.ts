import { createHash } from 'node:crypto';
import type { Process, Program } from '../model.ts';
import { absolutePath, fail, print } from '../shell/process.ts';
import { readAll } from '../shell/streams.ts';
import { readOptions } from './options.ts';
import { attempt, readOperands } from './reading.ts';
import { parseSize } from './sizes.ts';

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

const sha256sum: Program = async process => {
  const { contents, failed } = await readOperands(process, readOptions(process.args.slice(1), []).operands);
  for (const { name, data } of contents)
    await print(process, `${createHash('sha256').update(data).digest('hex')}  ${name}\n`);
  return failed ? 1 : 0;
};

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
  const count = parseSize(settings.get('bs') ?? '512') * Number(settings.get('count') ?? Number.NaN);
  if (isZeros && Number.isNaN(count)) return fail(process, 'count= is missing');
  const data = isZeros ? new Uint8Array(Math.min(count, MOST_ZEROS)) : await source(process, input);
  process.files.write(absolutePath(process, output), data);
  return 0;
};

const source = async (process: Process, input: string | undefined): Promise<Uint8Array> =>
  input === undefined ? readAll(process.input) : process.files.read(absolutePath(process, input));

/** What reads or writes the bytes of files. */
export const FILE_CONTENT: Readonly<Record<string, Program>> = { cat, sha256sum, base64, dd };
