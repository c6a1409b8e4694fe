/** What a master reports of the requests in flight by its former configurations. */
export interface DrainFacts {
  /** How many workers are ending: they have requests in flight, or connections that may bring one. */
  oldWorkers: number;
  /** How many connections nginx has opened to each address that was asked for. */
  connections: ReadonlyMap<string, number>;
}

/**
 * Reads what scripts/drain.sh printed.
 *
 * @returns undefined when it is not there, or not whole: that is no word of an end.
 */
export function parseDrainFacts(output: string): DrainFacts | undefined {
  const lines = output.trimEnd().split('\n');
  const fields = lines.map(line => line.split('\t'));
  const oldWorkers = countIn(fields.find(([name]) => name === 'old')?.[1]);
  if (oldWorkers === undefined || lines.at(-1) !== 'end') return undefined;
  const open = fields.filter(([name]) => name === 'open').map(([, address, n]) => [address, countIn(n)]);
  const known = open.filter((entry): entry is [string, number] => entry[1] !== undefined);
  return { oldWorkers, connections: new Map(known) };
}

const countIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
