import type { IncomingMessage } from 'node:http';
import { badRequest, tooLarge } from './errors.ts';
import { isObject } from './input.ts';

const MAX_BYTES = 1024 * 1024;

/** The request's whole body as text. Refuses more than 1 MiB. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BYTES) throw tooLarge();
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * A JSON object; no text is an empty one, as some clients send a JSON content type with nothing. Of a key that
 * comes twice the last counts.
 */
export function parseBody(text: string): Record<string, unknown> {
  if (text.trim() === '') return {};
  const value = parseJson(text);
  if (!isObject(value)) throw badRequest();
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest();
  }
}
