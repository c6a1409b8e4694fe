import { ApiError, badRequest, expired, isApiError } from './api-error.ts';
import type { Kind } from './kinds.ts';
import type { ListMeta } from './representation.ts';
import { parseFieldSelector, parseLabelSelector, type Predicate } from './selectors.ts';
import { storeKey, type Entry, type Store } from './store.ts';

/** Which objects of a kind are meant. */
export interface Selection {
  kind: Kind;
  /** Undefined is all namespaces. */
  namespace: string | undefined;
  /** Undefined when no selector was given. */
  matches: Predicate | undefined;
}

/** How a list is to be cut and how fresh it must be. */
export interface ListOptions {
  /** 0 is no limit. */
  limit: number;
  continue: string;
  resourceVersion: string;
  /** Whether the list must be of that version, instead of at least as new. */
  isExact: boolean;
}

/** One page. */
export interface Page {
  entries: Entry[];
  listMeta: ListMeta;
}

/** What a continue token says: the version of the first page, and the last key that was sent. */
interface Position {
  version: number;
  after: string;
}

/** What the selectors of a query mean for that kind. Throws 400. */
export function toSelection(kind: Kind, namespace: string | undefined, query: URLSearchParams): Selection {
  const labels = query.get('labelSelector') ?? '';
  const fields = query.get('fieldSelector') ?? '';
  const predicates: Predicate[] = [
    ...(labels === '' ? [] : [parseLabelSelector(labels)]),
    ...(fields === '' ? [] : [parseFieldSelector(kind, fields)]),
  ];
  const matches: Predicate | undefined =
    predicates.length === 0 ? undefined : object => predicates.every(holds => holds(object));
  return { kind, namespace, matches };
}

/** Whether the object is selected. */
export const isSelected = ({ namespace, matches }: Selection, { object }: Entry): boolean =>
  (namespace === undefined || object.metadata.namespace === namespace) && (matches?.(object) ?? true);

/** A page of the selected objects, all pages being of one version. Throws 400, 410 or 504. */
export function listPage(store: Store, selection: Selection, options: ListOptions): Page {
  const { version, after } =
    options.continue === '' ? firstPosition(store, options) : decode(options.continue);
  const all = listAt(store, selection.kind, version, options);
  const rest = all.filter(entry => isSelected(selection, entry) && (after === '' || keyOf(entry) > after));
  const resourceVersion = String(version);
  if (options.limit === 0 || rest.length <= options.limit) {
    return { entries: rest, listMeta: { resourceVersion } };
  }
  const entries = rest.slice(0, options.limit);
  const next = encode({ version, after: keyOf(entries.at(-1)!) });
  return { entries, listMeta: { resourceVersion, continue: next, ...remaining(selection, rest, entries) } };
}

/** As on a real server, only a list without selectors is counted. */
const remaining = ({ matches }: Selection, rest: Entry[], sent: Entry[]): { remainingItemCount?: number } =>
  matches === undefined ? { remainingItemCount: rest.length - sent.length } : {};

const keyOf = ({ object }: Entry): string => storeKey(object.metadata.namespace, object.metadata.name);

function firstPosition(store: Store, { resourceVersion, isExact }: ListOptions): Position {
  const version = toVersion(resourceVersion);
  if (version > store.version) throw tooLarge(version, store.version);
  return { version: isExact ? version : store.version, after: '' };
}

/** The number in a resourceVersion; 0 when it is empty. Throws 400. */
export function toVersion(resourceVersion: string): number {
  const version = Number(resourceVersion);
  if (/^\d*$/.test(resourceVersion) && Number.isSafeInteger(version)) return version;
  throw badRequest(`invalid resource version ${JSON.stringify(resourceVersion)}`);
}

const tooLarge = (wanted: number, current: number): ApiError =>
  new ApiError(504, 'Timeout', `Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version', field: '' }],
    retryAfterSeconds: 1,
  });

function listAt(store: Store, kind: Kind, version: number, options: ListOptions): Entry[] {
  if (version === store.version) return store.list(kind.id);
  try {
    return store.listAt(kind.id, version);
  } catch (error) {
    if (options.continue === '' || !isApiError(error)) throw error;
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.',
    );
  }
}

const encode = (position: Position): string => Buffer.from(JSON.stringify(position)).toString('base64url');

function decode(token: string): Position {
  const text = Buffer.from(token, 'base64url').toString();
  const match = /^\{"version":(\d+),"after":("(?:[^"\\]|\\.)*")\}$/.exec(text);
  if (match === null) throw badRequest('continue key is not valid: it was not given by this server');
  return { version: Number(match[1]), after: JSON.parse(match[2]!) as string };
}
