import type { IncomingMessage } from 'node:http';
import { visit as visitJson } from 'jsonc-parser';
import { isScalar, parseDocument, visit as visitYaml } from 'yaml';
import { ApiError, badRequest, unsupportedMediaType } from './api-error.ts';

/** What a real API server takes. */
const MOST_BYTES = 3 * 1024 * 1024;
const DEEPEST_NESTING = 100;

/** What a body holds. */
export interface Body {
  value: unknown;
  /** Names that stand twice in one object, of which the last counts, in the words of a real API server. */
  duplicates: string[];
}

/** The media type of the body, without parameters; empty when none is given. */
export const contentType = (request: IncomingMessage): string =>
  (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();

/** Undefined when there is none. Throws 400, 413 or 415. */
export async function readBody(request: IncomingMessage): Promise<Body | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) {
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${MOST_BYTES}`);
    }
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? undefined : parseBody(text, contentType(request));
}

/** Reads JSON or YAML. Throws 400 or 415. */
export function parseBody(text: string, type: string): Body {
  switch (type) {
    case '':
    case 'application/json':
    case 'application/json-patch+json':
    case 'application/merge-patch+json':
    case 'application/strategic-merge-patch+json':
      return parseWith(readJson, text, 'JSON');
    case 'application/yaml':
      return parseWith(readYaml, text, 'YAML');
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

function parseWith(parser: (text: string) => Body, text: string, language: string): Body {
  try {
    return parser(text);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    // The parser's own text quotes the body, which may be a Secret.
    const at = /at position \d+|at line \d+, column \d+/.exec((error as Error).message)?.[0];
    throw badRequest(`the body is not ${language}${at === undefined ? '' : `: it breaks ${at}`}`);
  }
}

/** JSON.parse keeps the last of two fields of one name and says nothing of the first. */
function readJson(text: string): Body {
  const value = checkTree(JSON.parse(text));
  const duplicates: string[] = [];
  const names: Set<string>[] = [];
  visitJson(text, {
    onObjectBegin: () => void names.push(new Set()),
    onObjectEnd: () => void names.pop(),
    onObjectProperty(name, _offset, _length, _line, _column, path) {
      const seen = names.at(-1)!;
      if (seen.has(name))
        duplicates.push(`duplicate field ${JSON.stringify(toFieldPath([...path(), name]))}`);
      seen.add(name);
    },
  });
  return { value, duplicates };
}

const toFieldPath = (path: readonly (string | number)[]): string =>
  path
    .map(part => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .slice(1);

/** The parser's own search for duplicates takes time by the square of the keys. */
function readYaml(text: string): Body {
  const document = parseDocument(text, { uniqueKeys: false });
  const [error] = document.errors;
  if (error !== undefined) throw error;
  const duplicates: string[] = [];
  visitYaml(document, {
    Map(_key, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        const name = isScalar(key) ? key.value : key;
        if (seen.has(name)) duplicates.push(`key ${JSON.stringify(name)} already set in map`);
        seen.add(name);
      }
    },
  });
  return { value: checkTree(document.toJS({ maxAliasCount: 0 })), duplicates };
}

/**
 * Refuses what could not be kept faithfully: numbers beyond 2^53, which JavaScript rounds; nesting that
 * exhausts the stack; and the name that JavaScript gives a meaning of its own.
 */
function checkTree(value: unknown, depth = 0): unknown {
  if (typeof value === 'number' && !isKept(value))
    throw badRequest('a number in the body is beyond 2^53, where the standalone API loses digits');
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST_NESTING) throw badRequest(`the body is nested more than ${DEEPEST_NESTING} deep`);
  if (Object.hasOwn(value, '__proto__')) throw badRequest('the name "__proto__" is not allowed');
  for (const inner of Object.values(value)) checkTree(inner, depth + 1);
  return value;
}

const isKept = (number: number): boolean =>
  Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));
