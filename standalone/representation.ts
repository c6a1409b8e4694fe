import { ApiError } from './api-error.ts';
import { apiVersionOf, type Kind } from './kinds.ts';
import { toJson, type ApiObject } from './object.ts';
import type { Entry } from './store.ts';

/** The shapes in which objects are sent. */
export type Representation =
  { as: 'object' } | { as: 'partial' } | { as: 'table'; includeObject: 'None' | 'Metadata' | 'Object' };

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

const toIncludeObject = (value: string | null): 'None' | 'Metadata' | 'Object' =>
  value === 'None' || value === 'Object' ? value : 'Metadata';

/** One object as JSON. `headers` says whether a Table has its column definitions. */
export function encodeObject(
  kind: Kind,
  entry: Entry,
  representation: Representation,
  now: number,
  { headers = true } = {},
): string {
  switch (representation.as) {
    case 'object':
      return entry.text;
    case 'partial':
      return toJson(partial(entry.object));
    case 'table':
      return table(kind, [entry], representation.includeObject, now, {
        listMeta: { resourceVersion: entry.object.metadata.resourceVersion },
        headers,
      });
  }
}

/** A list as JSON. */
export function encodeList(
  kind: Kind,
  entries: Entry[],
  listMeta: ListMeta,
  representation: Representation,
  now: number,
): string {
  switch (representation.as) {
    case 'object': {
      const items = entries.map(entry => entry.text);
      return listOf(apiVersionOf(kind), kind.listKind, listMeta, items);
    }
    case 'partial': {
      const items = entries.map(entry => toJson(partial(entry.object)));
      return listOf('meta.k8s.io/v1', 'PartialObjectMetadataList', listMeta, items);
    }
    case 'table':
      return table(kind, entries, representation.includeObject, now, { listMeta, headers: true });
  }
}

/** The items are JSON already: objects are turned into text once, when they are written. */
const listOf = (apiVersion: string, kind: string, metadata: ListMeta, items: string[]): string =>
  `{"apiVersion":"${apiVersion}","kind":"${kind}","metadata":${toJson(metadata)},"items":[${items.join(',')}]}`;

const partial = ({ metadata }: ApiObject): unknown => ({
  apiVersion: 'meta.k8s.io/v1',
  kind: 'PartialObjectMetadata',
  metadata,
});

function table(
  kind: Kind,
  entries: Entry[],
  includeObject: 'None' | 'Metadata' | 'Object',
  now: number,
  { listMeta, headers }: { listMeta: ListMeta; headers: boolean },
): string {
  const shown = ({ object }: Entry): { object?: unknown } => {
    if (includeObject === 'None') return {};
    return { object: includeObject === 'Object' ? object : partial(object) };
  };
  return toJson({
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: listMeta,
    columnDefinitions: headers ? kind.columns.map(({ value: _value, ...definition }) => definition) : [],
    rows: entries.map(entry => ({
      cells: kind.columns.map(column => column.value(entry.object, now) ?? null),
      ...shown(entry),
    })),
  });
}
