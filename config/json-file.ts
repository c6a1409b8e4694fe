import { readFile } from 'node:fs/promises';
import { Ajv, type ErrorObject } from 'ajv';
import * as jsonc from 'jsonc-parser';
import { readTextFile } from './files.ts';
import { placeAt, sortProblems, type OffsetProblem, type Place, type Problem } from './problems.ts';
import { toProblem } from './schema-problems.ts';

/** A path into a JSON document: property names and list indexes. */
type JsonPath = readonly (string | number)[];

/** A JSON file that obeys its schema. */
export interface JsonDocument<T> {
  value: T;
  /** A problem that names the place of the value at that path. */
  problemAt(path: JsonPath, message: string): Problem;
}

/** What a file says; no `document` when the file is missing or has problems. */
export interface JsonFile<T> {
  document?: JsonDocument<T>;
  /** Every mistake, in the file's order. A missing file is none. */
  problems: Problem[];
}

/** The schemas in schemas/, by what their files are called before `.schema.json`. */
export type SchemaName =
  'deployment_config' | 'docker_run' | 'email_config' | 'sms_config' | 'webhook_config';

/**
 * Reads a JSON file that may hold comments and trailing commas, and checks it against its schema. Never
 * rejects for what the file holds.
 */
export async function readJsonFile<T>(path: string, schema: SchemaName): Promise<JsonFile<T>> {
  const file = await readTextFile(path);
  if ('problem' in file) return { problems: file.missing ? [] : [file.problem] };
  return parseJsonFile<T>(file.text, path, await readSchema(schema));
}

/** The schema as its file holds it. */
async function readSchema(name: SchemaName): Promise<object> {
  const url = new URL(`schemas/${name}.schema.json`, import.meta.url);
  return JSON.parse(await readFile(url, 'utf8')) as object;
}

/** As readJsonFile, for a text. `T` must be what the schema describes. */
function parseJsonFile<T>(text: string, file: string, schema: object): JsonFile<T> {
  const source = text.replace(/^\uFEFF/, '');
  const { tree, problems } = parseTree(source);
  const place = (offset: number): Place => placeAt(source, offset);
  const found = problems.length > 0 ? problems : checkTree(tree!, schema);
  if (found.length > 0)
    return {
      problems: sortProblems(found.map(({ offset, ...problem }) => ({ file, ...place(offset), ...problem }))),
    };
  const problemAt = (path: JsonPath, message: string): Problem => ({
    file,
    ...place(jsonc.findNodeAtLocation(tree!, [...path])?.offset ?? 0),
    message,
  });
  return { document: { value: jsonc.getNodeValue(tree!) as T, problemAt }, problems: [] };
}

function parseTree(text: string): { tree: jsonc.Node | undefined; problems: OffsetProblem[] } {
  const errors: jsonc.ParseError[] = [];
  const tree = jsonc.parseTree(text, errors, { allowTrailingComma: true });
  if (tree === undefined && errors.length === 0)
    return { tree, problems: [{ offset: 0, message: 'the file is empty; it must hold an object in { }' }] };
  return { tree, problems: errors.slice(0, 1).map(error => syntaxProblem(text, error)) };
}

/** Only the first is told: those behind it are mostly its echo. What stands there may be a secret. */
function syntaxProblem(text: string, { error, offset }: jsonc.ParseError): OffsetProblem {
  const character = text[offset];
  const found = character === undefined ? 'the end of the file' : /[\p{P}\p{S}]/u.exec(character)?.[0];
  const words = jsonc
    .printParseErrorCode(error)
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toLowerCase();
  const message = `this is not JSON: ${words}`;
  return found === undefined ? { offset, message } : { offset, found, message };
}

function checkTree(tree: jsonc.Node, schema: object): OffsetProblem[] {
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: true, allowUnionTypes: true });
  ajv.addVocabulary(['errorMessage']);
  const validate = ajv.compile(schema);
  validate(jsonc.getNodeValue(tree));
  const errors: ErrorObject[] = validate.errors ?? [];
  return [...findRepeatedNames(tree), ...errors.flatMap(error => toProblem(error, tree) ?? [])];
}

function findRepeatedNames(node: jsonc.Node): OffsetProblem[] {
  const below = (node.children ?? []).flatMap(findRepeatedNames);
  if (node.type !== 'object') return below;
  const names = new Set<string>();
  const repeated = (node.children ?? []).flatMap(property => {
    const name = property.children![0]!;
    const isNew = !names.has(name.value as string);
    names.add(name.value as string);
    const message = 'this name stands here already; only the last one would count';
    return isNew ? [] : [{ offset: name.offset, found: name.value as string, message }];
  });
  return [...repeated, ...below];
}
