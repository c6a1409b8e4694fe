import { ApiError } from './api-error.ts';
import { apiVersionOf, type Kind } from './kinds.ts';
import { toJson, type ApiObject } from './object.ts';
import type { Entry } from './store.ts';

/** The shapes in which objects are sent. */
export type Representation = { as: 'object' } | { as: 'partial' } | TableRepresentation;

interface TableRepresentation {
  as: 'table';
  includeObject: 'None' | 'Metadata' | 'Object';
}

/** metav1.ListMeta. */
export interface ListMeta {
  resourceVersion: string;
  continue?: string;
  remainingItemCount?: number;
}

/** What a client accepts, most wanted first. Throws 406 when nothing of it can be sent. */
export function chooseRepresentation(
  accept: string | undefined,
  includeObject: string | null,
): Representation {
  for (const range of (accept ?? '*/*').split(',')) {
    const [type, ...parameters] = range.split(';').map(part => part.trim());
    if (!['application/json', 'application/*', '*/*'].includes(type!)) continue;
    const given = new Map(parameters.map(parameter => parameter.split('=', 2) as [string, string]));
    const as = given.get('as');
    if (as === undefined) return { as: 'object' };
    if (given.get('g') !== 'meta.k8s.io' || given.get('v') !== 'v1') continue;
    if (as === 'Table') return { as: 'table', includeObject: toIncludeObject(includeObject) };
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return { as: 'partial' };
  }
  throw new ApiError(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json (as itself, as=Table or as=PartialObjectMetadata)',
  );
}

const toIncludeObject = (value: string | null): TableRepresentation['includeObject'] =>
  value === 'None' || value === 'Object' ? value : 'Metadata';

/** One object as JSON. `headers` says whether a Table has its column definitions. */
export function encodeObject(
  kind: Kind,
  entry: Entry,
  representation: Representation,
  now: number,
  headers = true,
): string {
  const { resourceVersion } = entry.object.metadata;
  if (representation.as === 'table') {
    return table(kind, [entry], { resourceVersion }, representation, now, headers);
  }
  return representation.as === 'object' ? entry.text : toJson(partial(entry.object));
}

/** A list as JSON. */
export function encodeList(
  kind: Kind,
  entries: Entry[],
  listMeta: ListMeta,
  representation: Representation,
  now: number,
): string {
  if (representation.as === 'table') return table(kind, entries, listMeta, representation, now, true);
  const [apiVersion, listKind] =
    representation.as === 'object'
      ? [apiVersionOf(kind), kind.listKind]
      : ['meta.k8s.io/v1', 'PartialObjectMetadataList'];
  // Objects are turned into text once, when they are written.
  const items = entries.map(entry => encodeObject(kind, entry, representation, now)).join(',');
  return `{"apiVersion":"${apiVersion}","kind":"${listKind}","metadata":${toJson(listMeta)},"items":[${items}]}`;
}

const partial = ({ metadata }: ApiObject): unknown => ({
  apiVersion: 'meta.k8s.io/v1',
  kind: 'PartialObjectMetadata',
  metadata,
});

function table(
  kind: Kind,
  entries: Entry[],
  metadata: ListMeta,
  { includeObject }: TableRepresentation,
  now: number,
  headers: boolean,
): string {
  const shown = ({ object }: Entry): { object?: unknown } => {
    if (includeObject === 'None') return {};
    return { object: includeObject === 'Object' ? object : partial(object) };
  };
  return toJson({
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: headers ? kind.columns.map(({ value: _value, ...definition }) => definition) : [],
    rows: entries.map(entry => ({
      cells: kind.columns.map(column => column.value(entry.object, now) ?? null),
      ...shown(entry),
    })),
  });
}
