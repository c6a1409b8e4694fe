import { readFile } from 'node:fs/promises';
import { Ajv, type ValidateFunction } from 'ajv';

/** DigitalOcean's published OpenAPI document, as far as replies are checked against it. */
export interface Specification {
  /**
   * Checks one reply. `path` is as in the document, parameters and all. Throws an error that names what differs
   * from the schema, a status that is not documented, and a root key that is missing.
   */
  check(method: string, path: string, status: number, body: unknown): void;
  /** Whether the document allows that body in a request; one with a `type` goes by the schema of its type. */
  accepts(method: string, path: string, body: unknown): boolean;
  takesBody(method: string, path: string): boolean;
  /** The names of all fields that the document knows for the body's root. */
  fields(method: string, path: string): readonly string[];
}

type Json = { readonly [key: string]: unknown };

const DOCUMENT = 'openapi.json';

/** Reads the document from a file. Schemas are compiled when they are first needed: there are thousands. */
export async function readSpecification(file: string): Promise<Specification> {
  const document = JSON.parse(await readFile(file, 'utf8')) as Json;
  addNewestRegion(document);
  const ajv = createAjv();
  ajv.addSchema(document, DOCUMENT);
  const validators = new Map<string, ValidateFunction>();
  const validatorAt = (pointer: string): ValidateFunction => {
    const validator = validators.get(pointer) ?? ajv.compile({ $ref: `${DOCUMENT}#${pointer}` });
    validators.set(pointer, validator);
    return validator;
  };
  return {
    check(method, path, status, body) {
      const response = responsePointer(document, method, path, status);
      if (at(document, `${response}/content`) === undefined) {
        if (body !== undefined) throw new Error(`${method} ${path} answers ${status} with a body`);
        return;
      }
      const pointer = `${response}/content/application~1json/schema`;
      const validate = validatorAt(pointer);
      if (!validate(body))
        throw new Error(
          `${method} ${path} ${status}: ${ajv.errorsText(validate.errors, { separator: '\n' })}`,
        );
      const missing = rootKeys(document, pointer).filter(key => !Object.hasOwn(body as object, key));
      if (missing.length > 0) throw new Error(`${method} ${path} ${status}: no ${missing.join(', ')}`);
    },
    accepts(method, path, body) {
      const schema = requestPointer(document, method, path);
      const typed = typedPointer(document, schema, body);
      return typed !== undefined && validatorAt(typed)(body);
    },
    takesBody: (method, path) => operationAt(document, method, path)?.['requestBody'] !== undefined,
    fields: (method, path) => [...new Set(requestFields(document, requestPointer(document, method, path)))],
  };
}

/** The document names it in descriptions, and forgets it where droplets may be. */
function addNewestRegion(document: Json): void {
  const regions = at(document, '/components/schemas/region_slug/enum') as string[];
  regions.push('atl1');
}

/** OpenAPI 3.0 is not JSON Schema, but ajv knows `nullable`, and ignores what else it does not know. */
function createAjv(): Ajv {
  const ajv = new Ajv({ strict: false, unicodeRegExp: false, allErrors: true, logger: false });
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  ajv.addFormat('uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  ajv.addFormat('ipv4', /^(\d{1,3}\.){3}\d{1,3}$/);
  ajv.addFormat('ipv6', /^[0-9a-f:]+$/);
  ajv.addFormat('uri', /^https?:\/\/[^ ]+$/);
  return ajv;
}

function responsePointer(document: Json, method: string, path: string, status: number): string {
  const responses = `/paths/${escape(path)}/${method.toLowerCase()}/responses`;
  const documented = at(document, responses) as Json | undefined;
  // The specification leaves 422 and some others to `default`, which is the common error.
  const key = documented?.[String(status)] === undefined ? 'default' : String(status);
  if (documented === undefined || (key === 'default' && status < 400))
    throw new Error(`${method} ${path} is not documented with ${status}`);
  return resolve(document, `${responses}/${key}`);
}

const operationAt = (document: Json, method: string, path: string): Json | undefined =>
  at(document, `/paths/${escape(path)}/${method.toLowerCase()}`) as Json | undefined;

const requestPointer = (document: Json, method: string, path: string): string =>
  resolve(
    document,
    `/paths/${escape(path)}/${method.toLowerCase()}/requestBody/content/application~1json/schema`,
  );

/** A discriminator picks the schema by a field of the body; undefined when it knows no such value. */
function typedPointer(document: Json, pointer: string, body: unknown): string | undefined {
  const { discriminator } = at(document, pointer) as {
    discriminator?: { propertyName: string; mapping: Record<string, string> };
  };
  if (discriminator === undefined) return pointer;
  const type = (body as Json | null)?.[discriminator.propertyName];
  const reference = typeof type === 'string' ? discriminator.mapping[type] : undefined;
  return reference === undefined ? undefined : resolve(document, reference.slice(1));
}

/** Of all alternatives, and without those that only replies have. */
function requestFields(document: Json, pointer: string): string[] {
  const where = resolve(document, pointer);
  const schema = at(document, where) as Json;
  const parts = ['allOf', 'anyOf', 'oneOf'].flatMap(kind =>
    ((schema[kind] as unknown[] | undefined) ?? []).flatMap((_, index) =>
      requestFields(document, `${where}/${kind}/${index}`),
    ),
  );
  const own = Object.entries((schema['properties'] as Record<string, Json> | undefined) ?? {});
  return [...parts, ...own.filter(([, field]) => field['readOnly'] !== true).map(([name]) => name)];
}

/** The keys that a schema declares for the root object, required or not; none for alternatives. */
function rootKeys(document: Json, pointer: string): string[] {
  const where = resolve(document, pointer);
  const schema = at(document, where) as Json;
  const parts = ((schema['allOf'] as unknown[] | undefined) ?? []).flatMap((_, index) =>
    rootKeys(document, `${where}/allOf/${index}`),
  );
  return [...parts, ...Object.keys((schema['properties'] as Json | undefined) ?? {})];
}

/** Follows references until there is none. */
function resolve(document: Json, pointer: string): string {
  const reference = (at(document, pointer) as Json | undefined)?.['$ref'];
  return typeof reference === 'string' ? resolve(document, reference.slice(1)) : pointer;
}

function at(document: Json, pointer: string): unknown {
  const keys = pointer.split('/').slice(1);
  return keys.reduce<unknown>((value, key) => (value as Json | undefined)?.[unescape(key)], document);
}

const escape = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
const unescape = (key: string): string => key.replaceAll('~1', '/').replaceAll('~0', '~');
