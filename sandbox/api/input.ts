// Reads a request's fields; what is absent is undefined, and what is of another type is refused.
import { notFound, unprocessable } from './errors.ts';

type Body = Readonly<Record<string, unknown>>;

/** JSON's null counts as absent, as clients send it for what they leave out. */
const given = (body: Body, field: string): unknown => body[field] ?? undefined;

export function optionalString(body: Body, field: string): string | undefined {
  const value = given(body, field);
  if (value === undefined || typeof value === 'string') return value;
  throw unprocessable(`${field} must be a string`);
}

/** An empty text counts as absent, too: Go's clients send it for what nobody set. */
export const optionalText = (body: Body, field: string): string | undefined =>
  optionalString(body, field) || undefined;

export function requiredString(body: Body, field: string): string {
  const value = optionalText(body, field);
  if (value === undefined) throw unprocessable(`${field} is required`);
  return value;
}

export function optionalFlag(body: Body, field: string): boolean | undefined {
  const value = given(body, field);
  if (value === undefined || typeof value === 'boolean') return value;
  throw unprocessable(`${field} must be true or false`);
}

/** A whole number within limits, both included. */
export function optionalInteger(
  body: Body,
  field: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {},
): number | undefined {
  const value = given(body, field);
  if (value === undefined) return undefined;
  if (!Number.isSafeInteger(value)) throw unprocessable(`${field} must be a whole number`);
  const number = value as number;
  if (number < min || number > max) throw unprocessable(`${field} must be between ${min} and ${max}`);
  return number;
}

export function requiredInteger(body: Body, field: string): number {
  const value = optionalInteger(body, field);
  if (value === undefined) throw unprocessable(`${field} is required`);
  return value;
}

/** One of a few texts, or none. */
export function optionalChoice<T extends string>(
  body: Body,
  field: string,
  choices: readonly T[],
): T | undefined {
  const value = optionalText(body, field);
  if (value === undefined) return undefined;
  const chosen = choices.find(choice => choice === value);
  if (chosen === undefined) throw unprocessable(`${field} must be one of ${choices.join(', ')}`);
  return chosen;
}

export function requiredChoice<T extends string>(body: Body, field: string, choices: readonly T[]): T {
  const value = optionalChoice(body, field, choices);
  if (value === undefined) throw unprocessable(`${field} is required`);
  return value;
}

export function optionalList(body: Body, field: string): readonly unknown[] | undefined {
  const value = given(body, field);
  if (value === undefined || Array.isArray(value)) return value as readonly unknown[] | undefined;
  throw unprocessable(`${field} must be a list`);
}

export function stringList(body: Body, field: string): readonly string[] {
  const list = optionalList(body, field) ?? [];
  if (list.every(item => typeof item === 'string')) return list;
  throw unprocessable(`${field} must be a list of strings`);
}

export function numberList(body: Body, field: string): readonly number[] {
  const list = optionalList(body, field) ?? [];
  if (list.every(item => Number.isSafeInteger(item))) return list as readonly number[];
  throw unprocessable(`${field} must be a list of ids`);
}

/** The whole number that a path's segment must be; anything else names nothing. */
export function numericId(text: string | undefined): number {
  if (text === undefined || !/^[1-9]\d{0,14}$/.test(text)) throw notFound();
  return Number(text);
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of a resource that a request names. */
export function found<T>(record: T | undefined): T {
  if (record === undefined) throw notFound();
  return record;
}
