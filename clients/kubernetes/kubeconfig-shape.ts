/** A mapping of a kubeconfig. What is of another kind than it must be is reported by its place; what it holds may be secret. */
export interface Mapping {
  /** As it was parsed. */
  readonly value: Record<string, unknown>;
  /** Where it is, such as `users[0].user`; empty for the whole file. */
  readonly place: string;
  /** Undefined when it is not there. */
  text(field: string): string | undefined;
  neededText(field: string): string;
  /** Empty when they are not there. */
  texts(field: string): string[];
  /** False when it is not there. */
  flag(field: string): boolean;
  /** Undefined when it is not there. */
  inner(field: string): Mapping | undefined;
  needed(field: string): Mapping;
}

/** That value, which must be a mapping. Throws an Error with a sentence, as all of a Mapping does. */
export function mapping(value: unknown, place: string): Mapping {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${place || 'it'} is not a YAML mapping`);
  const fields = value as Record<string, unknown>;
  const placeOf = (field: string): string => (place === '' ? field : `${place}.${field}`);
  const get = (field: string): unknown =>
    Object.hasOwn(fields, field) && fields[field] !== null ? fields[field] : undefined;
  const missing = (field: string): never => {
    throw new Error(`${placeOf(field)} is missing`);
  };
  const text = (field: string): string | undefined => {
    const found = get(field);
    return found === undefined ? undefined : textAt(found, placeOf(field));
  };
  const inner = (field: string): Mapping | undefined => {
    const found = get(field);
    return found === undefined ? undefined : mapping(found, placeOf(field));
  };
  return {
    value: fields,
    place,
    text,
    inner,
    neededText: field => text(field) || missing(field),
    needed: field => inner(field) ?? missing(field),
    texts: field =>
      listAt(get(field), placeOf(field)).map((item, i) => textAt(item, `${placeOf(field)}[${i}]`)),
    flag(field) {
      const found = get(field) ?? false;
      if (typeof found === 'boolean') return found;
      throw new Error(`${placeOf(field)} must be true or false, without quotes`);
    },
  };
}

/** The mappings of the list in that field; none when it is not there. */
export function mappingsIn(parent: Mapping, field: string): Mapping[] {
  const place = parent.place === '' ? field : `${parent.place}.${field}`;
  return listAt(parent.value[field], place).map((item, i) => mapping(item, `${place}[${i}]`));
}

function listAt(value: unknown, place: string): unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value as unknown[];
  throw new Error(`${place} must be a list`);
}

function textAt(value: unknown, place: string): string {
  if (typeof value === 'string') return value;
  throw new Error(`${place} must be text: put it in quotes`);
}
