import { badRequest, invalid, type Cause } from './api-error.ts';
import { apiVersionOf, type Kind } from './kinds.ts';
import { validateMetadata, withoutEmpty } from './metadata.ts';
import { isJsonObject, type ApiObject, type JsonObject, type Metadata } from './object.ts';
import { METADATA_SCHEMA } from './schema.ts';
import { prune } from './structure.ts';
import { compileSchema, type Validator } from './validation.ts';

/** A body as an object of a kind. Of its metadata only the types are checked yet. */
export interface Decoded {
  object: Omit<ApiObject, 'metadata'> & { metadata: Partial<Metadata> };
  /** The paths of what was in the body but is not in the schema. */
  unknownFields: string[];
}

/** The codecs of all kinds. Throws when a schema has what this server would not enforce. */
export function compileCodecs(kinds: readonly Kind[]): ReadonlyMap<Kind, Codec> {
  const validateTypes = compileSchema(METADATA_SCHEMA);
  return new Map(kinds.map(kind => [kind, new Codec(kind, validateTypes)]));
}

/** What the schema of one kind does to its objects. */
export class Codec {
  readonly #kind: Kind;
  readonly #validate: Validator;
  readonly #validateTypes: Validator;

  /** `validateTypes` is for metadata. */
  constructor(kind: Kind, validateTypes: Validator) {
    this.#kind = kind;
    this.#validate = compileSchema(kind.schema);
    this.#validateTypes = validateTypes;
  }

  /** Prunes. Throws 400 when it is no object of this kind, or its metadata have fields of the wrong type. */
  decode(body: unknown): Decoded {
    if (!isJsonObject(body)) throw badRequest('the body is not an object');
    const { metadata: given, ...fields } = this.#withType(body);
    const metadata = this.#decodeMetadata(given);
    const rest = prune(this.#kind.schema, fields, { dropNulls: !this.#kind.custom });
    return {
      object: { ...(rest.value as ApiObject), metadata: metadata.value as Partial<Metadata> },
      unknownFields: [...metadata.unknownFields.map(path => `metadata.${path}`), ...rest.unknownFields],
    };
  }

  /** Throws 422 with everything that is wrong with the object, or with changing `before` into it. */
  validate(object: ApiObject, before: ApiObject | undefined): void {
    const { custom, validate } = this.#kind;
    const broken = this.#validate(object, before);
    if (!custom && broken.length > 0) throw this.#undecodable(broken);
    const causes = [...validateMetadata(this.#kind, object.metadata), ...broken, ...validate(object, before)];
    if (causes.length > 0) throw invalid(this.#kind, object.metadata.name, causes);
  }

  /** The path says what a built-in kind is, so its objects may leave it out; a custom one may not. */
  #withType(body: JsonObject): JsonObject {
    const expected = { apiVersion: apiVersionOf(this.#kind), kind: this.#kind.kind };
    const implied = this.#kind.custom ? undefined : expected;
    const apiVersion = body['apiVersion'] || implied?.apiVersion;
    const kind = body['kind'] || implied?.kind;
    if (typeof kind !== 'string') throw this.#misfit('kind', "Object 'Kind' is missing");
    if (apiVersion === expected.apiVersion && kind === expected.kind) return { ...body, apiVersion, kind };
    const [given, wanted] = [{ apiVersion, kind }, expected].map(type => JSON.stringify(type));
    throw badRequest(`the type in the data ${given} does not match the expected type ${wanted}`);
  }

  #decodeMetadata(given: unknown): { value: unknown; unknownFields: string[] } {
    if (given !== undefined && given !== null && !isJsonObject(given)) {
      throw this.#misfit('metadata', 'must be an object');
    }
    const { managedFields: _ownedElsewhere, selfLink: _obsolete, ...kept } = given ?? {};
    const pruned = prune(METADATA_SCHEMA, kept, { dropNulls: true });
    const causes = this.#validateTypes(pruned.value);
    if (causes.length > 0) {
      throw this.#undecodable(causes.map(cause => ({ ...cause, field: `metadata.${cause.field}` })));
    }
    return { value: withoutEmpty(pruned.value as JsonObject), unknownFields: pruned.unknownFields };
  }

  #misfit(field: string, message: string): Error {
    return this.#undecodable([{ reason: '', field, message }]);
  }

  #undecodable(causes: Cause[]): Error {
    const { kind, version } = this.#kind;
    const why = causes.map(({ field, message }) => `${field}: ${message}`).join(', ');
    return badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
  }
}
