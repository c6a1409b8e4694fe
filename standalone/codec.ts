import { badRequest, invalid } from './api-error.ts';
import { isMistyped } from './cause.ts';
import { apiVersionOf, type Kind } from './kinds.ts';
import { validateMetadata } from './metadata.ts';
import { isJsonObject, type ApiObject, type JsonObject, type Metadata } from './object.ts';
import { compileSchema, type Validator } from './structural-schema.ts';

/** A body as an object of a kind, of whose metadata only the types are checked yet. */
export type Decoded = Omit<ApiObject, 'metadata'> & { metadata: Partial<Metadata> };

/** What the schema of one kind does to its objects. */
export class Codec {
  readonly #kind: Kind;
  readonly #apply: Validator;

  /** Throws when the schema has what this server would not enforce. */
  constructor(kind: Kind) {
    this.#kind = kind;
    this.#apply = compileSchema(kind.schema);
  }

  /**
   * Prunes and defaults; `unknownFields` are the paths of what was pruned. Throws 400 for what Go's structs could not
   * hold: a body that is no object of this kind, or fields of the wrong type in metadata or in a built-in kind.
   */
  decode(body: unknown): { object: Decoded; unknownFields: string[] } {
    if (!isJsonObject(body)) throw badRequest('the body is not an object');
    const { custom, kind, version } = this.#kind;
    const { managedFields: _ownedElsewhere, selfLink: _obsolete, ...metadata } = toMetadata(body['metadata']);
    const given = { ...this.#withType(body), metadata };
    const { value, unknownFields, causes } = this.#apply(given, undefined, !custom);
    const misfits = causes.filter(
      cause => isMistyped(cause) && (!custom || cause.field.startsWith('metadata.')),
    );
    if (misfits.length === 0) return { object: value as Decoded, unknownFields };
    const why = misfits.map(({ field, message }) => `${field}: ${message}`).join(', ');
    throw badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
  }

  /**
   * Fills in what a writer may leave out. Throws 422 with everything that is then wrong with the object, or with changing
   * `before` into it.
   */
  complete(object: ApiObject, before: ApiObject | undefined): ApiObject {
    const { complete, validate } = this.#kind;
    const completed = complete?.(object) ?? object;
    const causes = [
      ...validateMetadata(this.#kind, completed.metadata),
      ...this.#apply(completed, before, false).causes,
      ...(validate?.(completed, before) ?? []),
    ];
    if (causes.length > 0) throw invalid(this.#kind, completed.metadata.name, causes);
    return completed;
  }

  /** The path says what a built-in kind is, so its objects may leave it out; a custom one may not. */
  #withType(body: JsonObject): JsonObject {
    const expected = { apiVersion: apiVersionOf(this.#kind), kind: this.#kind.kind };
    const implied = this.#kind.custom ? undefined : expected;
    const apiVersion = body['apiVersion'] || implied?.apiVersion;
    const kind = body['kind'] || implied?.kind;
    if (typeof kind !== 'string') throw badRequest("Object 'Kind' is missing");
    if (apiVersion === expected.apiVersion && kind === expected.kind) return { ...body, apiVersion, kind };
    const [given, wanted] = [{ apiVersion, kind }, expected].map(type => JSON.stringify(type));
    throw badRequest(`the type in the data ${given} does not match the expected type ${wanted}`);
  }
}

function toMetadata(given: unknown = {}): JsonObject {
  if (given === null || isJsonObject(given)) return given ?? {};
  throw badRequest('metadata must be an object');
}
