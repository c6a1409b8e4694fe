/** What the promise was rejected with; throws when it was not. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    value => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome) return outcome.error as Error;
  throw new Error(`Expected a rejection, got ${JSON.stringify(outcome.value)}`);
}
