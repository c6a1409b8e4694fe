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
