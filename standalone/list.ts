import { ApiError, badRequest, expired, isApiError } from './api-error.ts';
import type { Kind } from './kinds.ts';
import type { ListMeta } from './representation.ts';
import type { Predicate } from './selectors.ts';
import { keyOf, type Entry, type Store } from './store.ts';

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

/** What a continue token says: the version of the first page, and the last key that was sent. */
interface Position {
  version: number;
  after: string;
}

/** Whether the object is selected. */
export const isSelected = ({ namespace, matches }: Selection, { object }: Entry): boolean =>
  (namespace === undefined || object.metadata.namespace === namespace) && (matches?.(object) ?? true);

/** A page of the selected objects, all pages being of one version. Throws 400, 410 or 504. */
export function listPage(
  store: Store,
  selection: Selection,
  options: ListOptions,
): { entries: Entry[]; listMeta: ListMeta } {
  const { version, after } =
    options.continue === '' ? firstPosition(store, options) : decode(options.continue);
  const rest = listAt(store, selection.kind, version, options).filter(
    entry => isSelected(selection, entry) && (after === '' || keyOf(entry) > after),
  );
  const resourceVersion = String(version);
  const entries = options.limit === 0 ? rest : rest.slice(0, options.limit);
  if (entries.length === rest.length) return { entries, listMeta: { resourceVersion } };
  const position: Position = { version, after: keyOf(entries.at(-1)!) };
  const next = Buffer.from(JSON.stringify(position)).toString('base64url');
  // As on a real server, only a list without selectors is counted.
  const remaining = selection.matches ? {} : { remainingItemCount: rest.length - entries.length };
  return { entries, listMeta: { resourceVersion, continue: next, ...remaining } };
}

function firstPosition(store: Store, { resourceVersion, isExact }: ListOptions): Position {
  const version = toVersion(resourceVersion);
  const message = `Too large resource version: ${version}, current: ${store.version}`;
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version', field: '' }];
  if (version > store.version) throw new ApiError(504, 'Timeout', message, { causes, retryAfterSeconds: 1 });
  return { version: isExact ? version : store.version, after: '' };
}

/** The number in a resourceVersion; 0 when it is empty. Throws 400. */
export function toVersion(resourceVersion: string): number {
  const version = Number(resourceVersion);
  if (/^\d*$/.test(resourceVersion) && Number.isSafeInteger(version)) return version;
  throw badRequest(`invalid resource version ${JSON.stringify(resourceVersion)}`);
}

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

function decode(token: string): Position {
  const text = Buffer.from(token, 'base64url').toString();
  const [, version, after] = /^\{"version":(\d+),"after":("(?:[^"\\]|\\.)*")\}$/.exec(text) ?? [];
  if (after === undefined) throw badRequest('continue key is not valid: it was not given by this server');
  return { version: Number(version), after: JSON.parse(after) as string };
}
