import type { Parameters } from 'fast-check';

/** How a property test runs: FC_SEED repeats a failure, whose report names its seed. */
export function propertyOptions(numRuns: number): Parameters<unknown> {
  const seed = process.env['FC_SEED'];
  return { numRuns, verbose: true, ...(seed === undefined ? {} : { seed: Number(seed) }) };
}
