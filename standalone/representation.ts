import { ApiError } from './api-error.ts';
import { apiVersionOf, type Kind } from './kinds.ts';
import { toJson, type ApiObject } from './object.ts';
import type { Entry } from './store.ts';

/** The shapes in which objects are sent. */
export interface Representation {
  as: 'object' | 'partial' | 'table';
  /** What the rows of a Table hold besides their cells: `None`, `Object` or, unless told otherwise, metadata. */
  includeObject?: string | null;
}

/** metav1.ListMeta. */
export interface ListMeta {
  resourceVersion: string;
  continue?: string;
  remainingItemCount?: number;
}

const FORMS: Record<string, Representation['as']> = {
  Table: 'table',
  PartialObjectMetadata: 'partial',
  PartialObjectMetadataList: 'partial',
};

/** What a client accepts, most wanted first. Throws 406 when nothing of it can be sent. */
export function chooseRepresentation(accept = '*/*', includeObject: string | null = null): Representation {
  for (const range of accept.split(',')) {
    const [type, ...parameters] = range.split(';').map(part => part.trim());
    if (!['application/json', 'application/*', '*/*'].includes(type!)) continue;
    const given = new Map(parameters.map(parameter => parameter.split('=', 2) as [string, string]));
    if (!given.has('as')) return { as: 'object' };
    const isKnown = given.get('g') === 'meta.k8s.io' && given.get('v') === 'v1';
    const as = isKnown ? FORMS[given.get('as')!] : undefined;
    if (as !== undefined) return { as, includeObject };
  }
  throw new ApiError(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json (as itself, as=Table or as=PartialObjectMetadata)',
  );
}

/** One object as JSON. `headers` says whether a Table has its column definitions. */
export function encodeObject(
  kind: Kind,
  entry: Entry,
  representation: Representation,
  now: number,
  headers = true,
): string {
  const { resourceVersion } = entry.object.metadata;
  if (representation.as === 'partial') return toJson(partial(entry.object));
  if (representation.as === 'object') return entry.text;
  return toJson(table(kind, [entry], { resourceVersion }, representation, now, headers));
}

/** A list as JSON. */
export function encodeList(
  kind: Kind,
  entries: Entry[],
  listMeta: ListMeta,
  representation: Representation,
  now: number,
): string {
  if (representation.as === 'table') return toJson(table(kind, entries, listMeta, representation, now));
  const [apiVersion, listKind] =
    representation.as === 'object'
      ? [apiVersionOf(kind), `${kind.kind}List`]
      : ['meta.k8s.io/v1', 'PartialObjectMetadataList'];
  // Objects are turned into text once, when they are written.
  const items = entries.map(entry => encodeObject(kind, entry, representation, now)).join(',');
  return `{"apiVersion":"${apiVersion}","kind":"${listKind}","metadata":${toJson(listMeta)},"items":[${items}]}`;
}

const partial = ({ metadata }: ApiObject): object => ({
  apiVersion: 'meta.k8s.io/v1',
  kind: 'PartialObjectMetadata',
  metadata,
});

function table(
  { columns }: Kind,
  entries: Entry[],
  metadata: ListMeta,
  { includeObject }: Representation,
  now: number,
  headers = true,
): object {
  const rows = entries.map(({ object }) => ({
    cells: columns.map(column => column.value(object, now) ?? null),
    ...(includeObject === 'None' ? {} : { object: includeObject === 'Object' ? object : partial(object) }),
  }));
  const columnDefinitions = headers ? columns.map(({ value: _value, ...definition }) => definition) : [];
  return { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata, columnDefinitions, rows };
}
