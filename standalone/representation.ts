import { ApiError } from './api-error.ts';
import { apiVersionOf, type Kind } from './kinds.ts';
import { toJson, type ApiObject } from './object.ts';
import type { Entry } from './store.ts';

/** The shapes in which objects are sent. */
export interface Representation {
  as: 'object' | 'partial' | 'table';
  /** What the rows of a Table hold besides their cells: `None`, `Object` or, by default, metadata. */
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

/** Turns objects of one kind into JSON of one shape. */
export interface Encoder {
  /** `headers` says whether a Table has its column definitions. */
  object(entry: Entry, headers?: boolean): string;
  list(entries: Entry[], listMeta: ListMeta): string;
  /** An object that says nothing but its resourceVersion. */
  bookmark(resourceVersion: string): string;
}

export function createEncoder(kind: Kind, { as, includeObject }: Representation, now: () => number): Encoder {
  const { columns } = kind;
  const apiVersion = apiVersionOf(kind);
  const table = (entries: Entry[], metadata: ListMeta, headers: boolean): object => {
    const columnDefinitions = headers ? columns.map(({ value: _value, ...definition }) => definition) : [];
    const rows = entries.map(({ object }) => ({
      cells: columns.map(column => column.value(object, now()) ?? null),
      ...(includeObject === 'None' ? {} : { object: includeObject === 'Object' ? object : partial(object) }),
    }));
    return { ...meta('Table'), metadata, columnDefinitions, rows };
  };
  const encode = (entry: Entry, headers = true): string => {
    if (as === 'object') return entry.text;
    const { resourceVersion } = entry.object.metadata;
    return toJson(as === 'partial' ? partial(entry.object) : table([entry], { resourceVersion }, headers));
  };
  return {
    object: encode,
    list(entries, listMeta) {
      if (as === 'table') return toJson(table(entries, listMeta, true));
      const type =
        as === 'object' ? { kind: `${kind.kind}List`, apiVersion } : meta('PartialObjectMetadataList');
      const head = toJson({ ...type, metadata: listMeta }).slice(0, -1);
      // Objects are turned into text once, when they are written.
      return `${head},"items":[${entries.map(entry => encode(entry)).join(',')}]}`;
    },
    bookmark: resourceVersion =>
      toJson(
        as === 'table'
          ? table([], { resourceVersion }, false)
          : { kind: kind.kind, apiVersion, metadata: { resourceVersion, creationTimestamp: null } },
      ),
  };
}

const meta = (kind: string): object => ({ kind, apiVersion: 'meta.k8s.io/v1' });

const partial = ({ metadata }: ApiObject): object => ({ ...meta('PartialObjectMetadata'), metadata });
