import type { Parameters } from 'fast-check';

/**
 * How a property test runs: FC_SEED repeats a failure, whose report names its seed; FC_RUNS makes a campaign of one
 * test.
 */
export function propertyOptions(numRuns: number): Parameters<unknown> {
  const seed = process.env['FC_SEED'];
  return {
    numRuns: Number(process.env['FC_RUNS'] ?? numRuns),
    verbose: true,
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  };
}
