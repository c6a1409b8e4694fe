import { ApiError, badRequest } from './api-error.ts';

/** What a real API server takes of a body, and what is stored of an object. */
export const MOST_BYTES = 3 * 1024 * 1024;
/** Of a text that quotes names from a body. */
export const MOST_LETTERS = 256;
const DEEPEST_NESTING = 100;

export const tooLarge = (what: string): ApiError =>
  new ApiError(413, 'RequestEntityTooLarge', `${what} too large: limit is ${MOST_BYTES}`);

/**
 * About how many bytes a value has as JSON. Refuses (400) what could not be kept faithfully: numbers beyond 2^53, which
 * JavaScript rounds; nesting that exhausts the stack; and the name that JavaScript gives a meaning of its own.
 */
export function measure(value: unknown, depth = 0): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value === 'number' && !isKept(value))
    throw badRequest('a number in the body is beyond 2^53, where the standalone API loses digits');
  if (typeof value !== 'object' || value === null) return 4;
  if (depth >= DEEPEST_NESTING) throw badRequest(`the body is nested more than ${DEEPEST_NESTING} deep`);
  if (Object.hasOwn(value, '__proto__')) throw badRequest('the name "__proto__" is not allowed');
  let bytes = 2;
  for (const [name, inner] of Object.entries(value))
    bytes += measure(inner, depth + 1) + (Array.isArray(value) ? 1 : name.length + 4);
  return bytes;
}

const isKept = (number: number): boolean =>
  Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));
