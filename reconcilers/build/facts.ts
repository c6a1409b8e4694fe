/** What a host reports of a build; scripts/status.sh prints it. */
export interface BuildFacts {
  /** The id of what was built, `sha256:...`. */
  image?: string | undefined;
  isRunning: boolean;
  /** How this attempt ended without an image; see scripts/build.sh. */
  result?: string | undefined;
  /** How often this attempt was begun. */
  begun: number;
  /** The last lines of the last build's output. */
  log: string[];
  /** KiB: free on the disk, and of the largest image that was built of the project; 0 where none was. */
  disk: { free: number; image: number };
}

/**
 * Reads what scripts/status.sh printed.
 *
 * @returns undefined when it is not whole: the last line is missing.
 */
export function parseFacts(output: string): BuildFacts | undefined {
  const lines = output
    .trimEnd()
    .split('\n')
    .map(line => line.split('\t'));
  if (lines.at(-1)?.[0] !== 'end') return undefined;
  const first = (word: string): string[] | undefined => lines.find(line => line[0] === word)?.slice(1);
  const [free, image] = (first('disk') ?? []).map(Number);
  if (free === undefined || image === undefined || Number.isNaN(free + image)) return undefined;
  return {
    image: first('image')?.[0],
    isRunning: first('running') !== undefined,
    result: first('result')?.[0],
    begun: Number(first('begun')?.[0] ?? 0),
    log: logLines(first('log')?.[0] ?? ''),
    disk: { free, image },
  };
}

const logLines = (base64: string): string[] =>
  Buffer.from(base64, 'base64')
    .toString('utf8')
    .split(/[\r\n]+/)
    .map(line => line.trimEnd())
    .filter(line => line !== '');
