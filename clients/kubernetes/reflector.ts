import type { KubernetesObject } from '../../crds/meta.ts';
import { sleep, type Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { KubernetesClient, Selection } from './client.ts';
import { isExpired, isTooManyRequests, isUnreachable, KubernetesError } from './errors.ts';
import type { ResourceKind } from './kinds.ts';
import type { ObjectCache } from './object-cache.ts';

/** What the reflector needs to list and watch one kind. */
export interface ReflectorContext<T extends KubernetesObject> {
  source: Pick<KubernetesClient, 'list' | 'watch'>;
  kind: ResourceKind<T>;
  selection: Selection;
  clock: Clock;
  /** 0 up to but not including 1. */
  random: () => number;
  log: Logger;
}

// As client-go's reflector has them.
const FIRST_BACKOFF_MS = 800;
const LONGEST_BACKOFF_MS = 30_000;
const BACKOFF_RESET_MS = 120_000;
const WATCH_SECONDS = 300;
/** A watch that ends sooner is no sign of health, even when it ends in good order. */
const SHORT_WATCH_MS = 1_000;

/**
 * Keeps the cache equal to the server until the signal aborts: list once, then watch, and watch again from
 * where the last one ended. Lists again only when the server no longer knows that place, or refuses a watch
 * for a reason that waiting does not mend. Never rejects.
 */
export async function reflect<T extends KubernetesObject>(
  context: ReflectorContext<T>,
  cache: ObjectCache<T>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = context;
  const nextPause = backoff(context);
  let mustList = true;
  while (!signal.aborted) {
    const didList = mustList;
    let watchedSince = Infinity;
    const wasShort = (): boolean => clock.monotonic() - watchedSince < SHORT_WATCH_MS;
    let pause = 0;
    try {
      if (mustList) await listOnce(context, cache, signal);
      mustList = false;
      watchedSince = clock.monotonic();
      await watchOnce(context, cache, signal);
      if (wasShort()) pause = nextPause();
    } catch (error) {
      if (signal.aborted) return;
      mustList ||= !isResumable(error);
      // Listing mends an old version, so it is done at once; one that is old straight after a list is not mended.
      const isMended = isExpired(error) && !(didList && wasShort());
      pause = isMended ? 0 : Math.max(nextPause(), retryAfterMs(error));
      report(log, error, pause);
    }
    await sleep(clock, pause, signal).catch(() => undefined);
  }
}

async function listOnce<T extends KubernetesObject>(
  { source, kind, selection }: ReflectorContext<T>,
  cache: ObjectCache<T>,
  signal: AbortSignal,
): Promise<void> {
  const list = await source.list(kind, selection, { signal });
  // A list that was on its way when the signal aborted must not change the cache any more.
  if (!signal.aborted) cache.replace({ ...list, items: list.items.map(asCached) });
}

async function watchOnce<T extends KubernetesObject>(
  { source, kind, selection, random }: ReflectorContext<T>,
  cache: ObjectCache<T>,
  signal: AbortSignal,
): Promise<void> {
  // All watches of a fleet must not end in the same second.
  const timeoutSeconds = Math.floor(WATCH_SECONDS * (1 + random()));
  const from = { ...selection, resourceVersion: cache.version()!, timeoutSeconds };
  for await (const event of source.watch(kind, from, { signal })) {
    if (signal.aborted) return;
    cache.apply({ ...event, object: asCached(event.object) });
  }
}

/** Nobody here asks who wrote which field, and that is half of an object. */
function asCached<T extends KubernetesObject>(object: T): T {
  if (!('managedFields' in object.metadata)) return object;
  const { managedFields: _owners, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** The place in the server's history is still good: only the way there was cut or is too busy. */
const isResumable = (error: unknown): boolean => isUnreachable(error) || isTooManyRequests(error);

const retryAfterMs = (error: unknown): number =>
  error instanceof KubernetesError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;

/** Doubles from failure to failure, from half to the whole of each step, so that clients spread out. */
function backoff({ clock, random }: { clock: Clock; random: () => number }): () => number {
  let failures = 0;
  let last = -Infinity;
  return () => {
    const now = clock.monotonic();
    if (now - last > BACKOFF_RESET_MS) failures = 0;
    last = now;
    const step = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures++);
    return step * (0.5 + random() / 2);
  };
}

/** A silent or expired watch is everyday business; anything else, somebody may have to look at. */
function report(log: Logger, error: unknown, pause: number): void {
  const everyday = isExpired(error) || (error instanceof KubernetesError && error.reason === 'Timeout');
  const message = error instanceof Error ? error.message : String(error);
  const fields = { error: message, retryInSeconds: Math.round(pause / 100) / 10 };
  if (everyday) log.debug('the watch was lost', fields);
  else log.warn('cannot list and watch', fields);
}
