/** One function for each type of step; a table that lacks one does not compile. */
export type Executors<Step extends { type: string }, Rest extends unknown[]> = {
  readonly [Type in Step['type']]: (step: Extract<Step, { type: Type }>, ...rest: Rest) => Promise<void>;
};

/** Does one step as the table says. */
export function execute<Step extends { type: string }, Rest extends unknown[]>(
  executors: Executors<Step, Rest>,
  step: Step,
  ...rest: Rest
): Promise<void> {
  // The table's type says that what stands under a step's type takes that step.
  const executor = executors[step.type as Step['type']] as (step: Step, ...rest: Rest) => Promise<void>;
  return executor(step, ...rest);
}

/**
 * Does the steps, one after the other. One that meets a newer object than it was planned for is left to the next plan,
 * and one that fails holds up no other: the first error is thrown at the end.
 *
 * @returns false when a step was left: then the caller must plan again by itself.
 */
export async function doEach<Step>(
  steps: readonly Step[],
  act: (step: Step) => Promise<void>,
  isOutdated: (error: unknown, step: Step) => boolean,
): Promise<boolean> {
  const errors: unknown[] = [];
  let isDone = true;
  for (const step of steps) {
    try {
      await act(step);
    } catch (error) {
      isDone = false;
      if (!isOutdated(error, step)) errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
  return isDone;
}
