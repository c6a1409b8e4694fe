import { isFileError } from '../files/file-error.ts';
import type { Machine } from '../model.ts';

/** A line that a container wrote. */
export interface LogLine {
  readonly at: number;
  readonly text: string;
}

const FOLDER = '/var/lib/emulated-containers';
/** What is kept of a container's log. */
const MAX_BYTES = 32_768;

const pathOf = (id: string): string => `${FOLDER}/${id}.log`;

/** Adds a line; where there is no room for it, it is lost, as it is on a real machine. */
export function writeLog(machine: Machine, id: string, at: number, text: string): void {
  const { files } = machine;
  try {
    if (files.find(FOLDER) === undefined) files.makeDirectory(FOLDER, 0o700);
    const before =
      files.find(pathOf(id)) === undefined ? Buffer.alloc(0) : Buffer.from(files.read(pathOf(id)));
    const line = `${at} ${text.replaceAll('\n', ' ')}\n`;
    if (before.length <= MAX_BYTES) files.write(pathOf(id), Buffer.from(line), { append: true });
    else files.write(pathOf(id), Buffer.concat([secondHalf(before), Buffer.from(line)]));
  } catch (error) {
    if (!isFileError(error)) throw error;
  }
}

const secondHalf = (data: Buffer): Buffer => data.subarray(data.indexOf('\n', data.length / 2) + 1);

export function readLog({ files }: Machine, id: string): LogLine[] {
  if (files.find(pathOf(id)) === undefined) return [];
  const lines = Buffer.from(files.read(pathOf(id)))
    .toString()
    .split('\n')
    .slice(0, -1);
  return lines.map(line => {
    const at = line.indexOf(' ');
    return { at: Number(line.slice(0, at)), text: line.slice(at + 1) };
  });
}

export function removeLog({ files }: Machine, id: string): void {
  if (files.find(pathOf(id)) !== undefined) files.remove(pathOf(id), 'file');
}
