import type { IncomingMessage } from 'node:http';
import { parse as parseYaml } from 'yaml';
import { ApiError, badRequest, unsupportedMediaType } from './api-error.ts';

/** What a real API server takes. */
const MOST_BYTES = 3 * 1024 * 1024;
const DEEPEST_NESTING = 100;

/** The media type of the body, without parameters; empty when none is given. */
export const contentType = (request: IncomingMessage): string =>
  (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();

/** The whole body as text. Throws 413 when it is too long. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) {
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${MOST_BYTES}`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The value that a JSON or YAML body holds. Throws 400 or 415. */
export function parseBody(text: string, type: string): unknown {
  switch (type) {
    case '':
    case 'application/json':
    case 'application/json-patch+json':
    case 'application/merge-patch+json':
    case 'application/strategic-merge-patch+json':
      return checkTree(parseWith(JSON.parse, text, 'JSON'));
    case 'application/yaml':
      return checkTree(parseWith(source => parseYaml(source, { maxAliasCount: 0 }) as unknown, text, 'YAML'));
    case 'application/vnd.kubernetes.protobuf':
      throw unsupportedMediaType(
        'the body is protobuf, which the standalone API does not read: write the object to a file, or add --dry-run=client -o yaml, and use kubectl apply -f',
      );
    default:
      throw unsupportedMediaType(
        `the body of the request was in an unknown format (${type}) - accepted media types include: application/json, application/yaml`,
      );
  }
}

function parseWith(parser: (text: string) => unknown, text: string, language: string): unknown {
  try {
    return parser(text);
  } catch (error) {
    // The parser's own text quotes the body, which may be a Secret.
    const at = /at position \d+|at line \d+, column \d+/.exec((error as Error).message)?.[0];
    throw badRequest(`the body is not ${language}${at === undefined ? '' : `: it breaks ${at}`}`);
  }
}

/**
 * Refuses what could not be kept faithfully: numbers beyond 2^53, which JavaScript rounds; nesting that
 * exhausts the stack; and the name that JavaScript gives a meaning of its own.
 */
function checkTree(value: unknown, depth = 0): unknown {
  if (typeof value === 'number') checkNumber(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST_NESTING) throw badRequest(`the body is nested more than ${DEEPEST_NESTING} deep`);
  if (Object.hasOwn(value, '__proto__')) throw badRequest('the name "__proto__" is not allowed');
  for (const inner of Object.values(value)) checkTree(inner, depth + 1);
  return value;
}

function checkNumber(value: number): void {
  const isKept = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  if (!isKept) throw badRequest('a number in the body is beyond 2^53, where the standalone API loses digits');
}
