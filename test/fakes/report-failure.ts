import type { RunDetails } from 'fast-check';

/**
 * Tells a failed story of a model as a person would, with what repeats it; a story is a list of numbers.
 *
 * @throws Error where one failed.
 */
export function reportFailure(
  details: RunDetails<[number[]]>,
  describeCommand: (command: number) => string,
): void {
  if (!details.failed) return;
  const [story] = details.counterexample ?? [[]];
  const commands = story.map(command => `  ${describeCommand(command)}`).join('\n');
  const { errorInstance, seed, numRuns } = details;
  const why = errorInstance instanceof Error ? errorInstance.stack : String(errorInstance);
  throw new Error(`in run ${numRuns} of FC_SEED=${seed} ([${story.join(', ')}]):\n${commands}\n${why}`);
}
