import type { IncomingMessage } from 'node:http';
import { visit as visitJson } from 'jsonc-parser';
import { CORE_SCHEMA, defineMappingTag, load, mapTag, YAMLException } from 'js-yaml';
import { badRequest, isApiError, MOST_ERRORS, unsupportedMediaType } from './api-error.ts';
import { measure, MOST_BYTES, MOST_LETTERS, tooLarge } from './bounds.ts';

/** Who sends even more is cut off. */
const MOST_BYTES_PASSED_OVER = 32 * MOST_BYTES;

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
    // Many clients read no answer before they have sent all, so the rest is passed over.
    if (bytes <= MOST_BYTES) chunks.push(chunk);
    else if (bytes > MOST_BYTES_PASSED_OVER) break;
  }
  if (bytes > MOST_BYTES) throw tooLarge('Request entity');
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
    if (isApiError(error)) throw error;
    // The parser's own text quotes the body, which may be a Secret.
    const mark = error instanceof YAMLException ? error.mark : undefined;
    const inJson = /at position \d+/.exec((error as Error).message)?.[0];
    const at = mark === undefined ? inJson : `at line ${mark.line + 1}, column ${mark.column + 1}`;
    throw badRequest(`the body is not ${language}${at === undefined ? '' : `: it breaks ${at}`}`);
  }
}

/** JSON.parse keeps the last of two fields of one name and says nothing of the first. */
function readJson(text: string): Body {
  const value: unknown = JSON.parse(text);
  measure(value);
  const duplicates: string[] = [];
  const names: Set<string>[] = [];
  visitJson(text, {
    onObjectBegin: () => void names.push(new Set()),
    onObjectEnd: () => void names.pop(),
    onObjectProperty(name, _offset, _length, _line, _column, path) {
      const seen = names.at(-1)!;
      if (seen.has(name))
        note(duplicates, () => `duplicate field ${JSON.stringify(toFieldPath([...path(), name]))}`);
      seen.add(name);
    },
  });
  return { value, duplicates };
}

const toFieldPath = (path: readonly (string | number)[]): string =>
  path
    .map(part => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .slice(1, MOST_LETTERS);

/** As this parser has it, the time that a text takes grows with its length alone, whatever it holds. */
function readYaml(text: string): Body {
  const duplicates: string[] = [];
  const has = (object: Record<string, unknown>, key: unknown): boolean => {
    if (mapTag.has(object, key)) note(duplicates, () => `key ${JSON.stringify(key)} already set in map`);
    return false;
  };
  const schema = CORE_SCHEMA.withTags(defineMappingTag(mapTag.tagName, { ...mapTag, has }));
  const value = load(text, { schema, maxAliases: 0 });
  measure(value);
  return { value, duplicates };
}

/** As many as a real API server tells of. */
function note(duplicates: string[], text: () => string): void {
  if (duplicates.length < MOST_ERRORS) duplicates.push(text());
}
