/** How many causes are followed: a chain that is longer, or goes in circles, says nothing new. */
const MAX_CAUSES = 5;

/**
 * An error as one line: its message and those of its causes. Nothing else of it, as errors of HTTP clients
 * carry requests with headers, and those carry tokens.
 */
export function describeError(error: unknown): string {
  const messages: string[] = [];
  let link: unknown = error;
  while (link !== undefined && messages.length <= MAX_CAUSES) {
    const message = messageOf(link);
    if (messages.at(-1)?.includes(message) !== true) messages.push(message);
    link = link instanceof Error ? link.cause : undefined;
  }
  return messages.join(': ');
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join(', ');
  }
  if (error instanceof Error) return error.message === '' ? error.name : error.message;
  return typeof error === 'string' ? error : 'something that is no Error was thrown';
}
