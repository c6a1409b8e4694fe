import { badRequest, invalid, type Cause } from './api-error.ts';
import { apiVersionOf, type Kind } from './kinds.ts';
import { validateMetadata, withoutEmpty } from './metadata.ts';
import { isJsonObject, type ApiObject, type JsonObject, type Metadata } from './object.ts';
import { compileRules, type RuleCheck } from './rules.ts';
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
  const validateMetadata = compileSchema(METADATA_SCHEMA);
  return new Map(kinds.map(kind => [kind, new Codec(kind, validateMetadata)]));
}

/** What the schema of one kind does to its objects. */
export class Codec {
  readonly #kind: Kind;
  readonly #validate: Validator;
  readonly #validateMetadata: Validator;
  readonly #checkRules: RuleCheck;

  constructor(kind: Kind, validateMetadata: Validator) {
    this.#kind = kind;
    this.#validate = compileSchema(kind.schema);
    this.#validateMetadata = validateMetadata;
    this.#checkRules = compileRules(kind.schema);
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

  /** The object with all defaults. */
  complete(object: ApiObject): ApiObject {
    return this.#kind.complete(object);
  }

  /** Throws 422 with everything that is wrong with the object, or with changing `before` into it. */
  validate(object: ApiObject, before: ApiObject | undefined): void {
    const causes = [
      ...validateMetadata(this.#kind, object.metadata),
      ...this.#validateFields(object, before),
    ];
    if (causes.length > 0) throw invalid(this.#kind, object.metadata.name, causes);
  }

  /** The path says what a built-in kind is, so its objects may leave it out; a custom one may not. */
  #withType(body: JsonObject): JsonObject {
    const expected = apiVersionOf(this.#kind);
    const implied = this.#kind.custom ? {} : { apiVersion: expected, kind: this.#kind.kind };
    const apiVersion = body['apiVersion'] || implied.apiVersion;
    const kind = body['kind'] || implied.kind;
    if (typeof kind !== 'string') {
      throw this.#undecodable([{ reason: '', field: 'kind', message: "Object 'Kind' is missing" }]);
    }
    if (apiVersion !== expected) {
      throw badRequest(
        `the API version in the data (${JSON.stringify(apiVersion)}) does not match the expected API version (${expected})`,
      );
    }
    if (kind !== this.#kind.kind) {
      throw badRequest(
        `the kind in the data (${kind}) does not match the expected kind (${this.#kind.kind})`,
      );
    }
    return { ...body, apiVersion, kind };
  }

  #decodeMetadata(given: unknown): { value: unknown; unknownFields: string[] } {
    if (given !== undefined && given !== null && !isJsonObject(given)) {
      throw this.#undecodable([{ reason: '', field: 'metadata', message: 'must be an object' }]);
    }
    const { managedFields: _ownedElsewhere, selfLink: _obsolete, ...kept } = given ?? {};
    const pruned = prune(METADATA_SCHEMA, kept, { dropNulls: true });
    const causes = this.#validateMetadata(pruned.value);
    if (causes.length > 0) {
      throw this.#undecodable(causes.map(cause => ({ ...cause, field: `metadata.${cause.field}` })));
    }
    return { value: withoutEmpty(pruned.value as JsonObject), unknownFields: pruned.unknownFields };
  }

  #validateFields(object: ApiObject, before: ApiObject | undefined): Cause[] {
    const causes = this.#validate(object);
    if (!this.#kind.custom) {
      if (causes.length > 0) throw this.#undecodable(causes);
      return this.#kind.validate(object, before);
    }
    // As on a real server, rules run only over what its schema accepts.
    return causes.length > 0 || before === undefined ? causes : this.#checkRules(before, object);
  }

  #undecodable(causes: Cause[]): Error {
    const { kind, version } = this.#kind;
    const why = causes.map(({ field, message }) => `${field}: ${message}`).join(', ');
    return badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
  }
}
