import type { ErrorObject } from 'ajv';
import * as jsonc from 'jsonc-parser';
import { didYouMean } from './near-match.ts';
import type { OffsetProblem } from './problems.ts';

/** Keywords whose errors only repeat what another error says better. */
const ECHOES = new Set(['if', 'propertyNames']);
/** What such a value is must never be shown: somebody may have put the secret itself there. */
const SECRET_NAME = /pass|token|secret|sid|key|command|^environment$|_env$/i;
const SECRET_VALUE = /:\/\/[^/]*@/;

/** A schema as far as its errors need it. */
interface ParentSchema {
  description?: string;
  errorMessage?: string;
  properties?: Record<string, { description?: string; not?: object }>;
  minimum?: number;
  maximum?: number;
}

/** A schema violation in plain words and at its place in the text; undefined when it is only an echo. */
export function toProblem(error: ErrorObject, tree: jsonc.Node): OffsetProblem | undefined {
  if (ECHOES.has(error.keyword)) return undefined;
  const path = parsePointer(error.instancePath);
  const node = findNode(tree, path);
  const schema = error.parentSchema as ParentSchema;
  switch (error.keyword) {
    case 'required':
    case 'dependencies':
      return { offset: node.offset, message: missing(error, schema) };
    case 'additionalProperties':
      return unknownName(node, error.params['additionalProperty'] as string, schema);
  }
  if (error.propertyName !== undefined) return atName(node, error.propertyName, wrongValue(error, schema));
  return { offset: node.offset, ...shownValue(node, path), message: wrongValue(error, schema) };
}

function missing(error: ErrorObject, schema: ParentSchema): string {
  const name = error.params['missingProperty'] as string;
  const description = schema.properties?.[name]?.description;
  return `"${name}" is missing here${description === undefined ? '' : `: ${description.replace(/\.$/, '')}`}`;
}

function unknownName(node: jsonc.Node, name: string, schema: ParentSchema): OffsetProblem {
  const allowed = Object.entries(schema.properties ?? {}).flatMap(([known, { not }]) =>
    known === '$schema' || not !== undefined ? [] : [known],
  );
  const place = `${name}_env`;
  const advice = allowed.includes(place)
    ? `; a secret never stands in a file: put it into the environment or .env, and the variable's name into "${place}"`
    : didYouMean(name, allowed);
  return atName(node, name, `there is no such setting; here may stand ${allowed.join(', ')}${advice}`);
}

function atName(object: jsonc.Node, name: string, message: string): OffsetProblem {
  const property = object.children?.find(child => child.children?.[0]?.value === name);
  return { offset: (property ?? object).offset, found: name, message };
}

function wrongValue(error: ErrorObject, schema: ParentSchema): string {
  if (error.keyword !== 'type' && schema.errorMessage !== undefined) return schema.errorMessage;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'type':
      return `must be ${[params['type']]
        .flat()
        .map(type => TYPES[type as string])
        .join(' or ')}`;
    case 'enum':
      return `must be ${(params['allowedValues'] as unknown[]).map(value => JSON.stringify(value)).join(' or ')}`;
    case 'minimum':
    case 'maximum':
      return `must be from ${schema.minimum} to ${schema.maximum}`;
    case 'minItems':
      return 'must not be empty';
    case 'minLength':
      return 'must not be empty';
    case 'uniqueItems':
      return `items ${Number(params['i']) + 1} and ${Number(params['j']) + 1} are the same; keep one`;
    default:
      return error.message ?? error.keyword;
  }
}

const TYPES: Record<string, string> = {
  object: 'an object in { }',
  array: 'a list in [ ]',
  string: 'a text in quotes',
  number: 'a number without quotes',
  integer: 'a whole number without quotes',
  boolean: 'true or false without quotes',
};

/** The value as it would be shown: nothing for a list, an object, or what may be a secret. */
function shownValue(node: jsonc.Node, path: readonly string[]): { found?: string } {
  if (node.type === 'object' || node.type === 'array') return {};
  const found = typeof node.value === 'string' ? node.value : JSON.stringify(node.value);
  return path.some(part => SECRET_NAME.test(part)) || SECRET_VALUE.test(found) ? {} : { found };
}

/** A JSON pointer's parts (RFC 6901). */
function parsePointer(pointer: string): string[] {
  const parts = pointer.split('/').slice(1);
  return parts.map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function findNode(tree: jsonc.Node, path: readonly string[]): jsonc.Node {
  return path.reduce((node, part) => {
    const step = node.type === 'array' ? Number(part) : part;
    return jsonc.findNodeAtLocation(node, [step]) ?? node;
  }, tree);
}
