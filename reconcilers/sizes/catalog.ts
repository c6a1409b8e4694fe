import type { Clock } from '../../clients/clock.ts';
import type { Cloud, CloudSize } from '../../clients/digitalocean/cloud.ts';

/** The cloud's sizes by slug, as last listed. */
export interface SizeCatalog {
  /** Lists the sizes unless that was done within the last day; a failure keeps what was known. */
  load(signal?: AbortSignal): Promise<ReadonlyMap<string, CloudSize>>;
  /** What the last successful `load` saw; empty before. */
  known(): ReadonlyMap<string, CloudSize>;
  /** The handler is called after every list. Returns what ends that. */
  subscribe(handler: () => void): () => void;
}

/** DigitalOcean changes its sizes a few times a year; a day keeps prices honest at one call. */
export const MAX_AGE_MS = 24 * 3_600_000;

/** A catalog that asks the cloud when it must; callers that ask at once share one call. */
export function createSizeCatalog(cloud: Pick<Cloud, 'listSizes'>, clock: Clock): SizeCatalog {
  let sizes: ReadonlyMap<string, CloudSize> = new Map();
  const handlers = new Set<() => void>();
  let loadedAt: number | undefined;
  let underway: Promise<ReadonlyMap<string, CloudSize>> | undefined;

  const isFresh = (): boolean => loadedAt !== undefined && clock.monotonic() - loadedAt < MAX_AGE_MS;

  async function fetchSizes(signal?: AbortSignal): Promise<ReadonlyMap<string, CloudSize>> {
    const list = await cloud.listSizes(signal);
    sizes = new Map(list.map(size => [size.slug, size]));
    loadedAt = clock.monotonic();
    for (const handler of handlers) handler();
    return sizes;
  }

  return {
    known: () => sizes,
    subscribe(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    load(signal) {
      if (isFresh()) return Promise.resolve(sizes);
      underway ??= fetchSizes(signal).finally(() => (underway = undefined));
      return underway;
    },
  };
}
