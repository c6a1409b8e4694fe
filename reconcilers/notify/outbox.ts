import { isDeepStrictEqual } from 'node:util';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../clients/kubernetes/errors.ts';
import { findObject } from '../../clients/kubernetes/find-object.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../clients/kubernetes/kinds.ts';
import { OUTBOX_CONFIG_MAP } from '../../crds/names.ts';
import { NEW_ROUTE, type RouteState } from './digest-plan.ts';
import type { Told } from './news-plan.ts';

/** What is remembered of one way to people. */
export interface OutboxRoute extends RouteState {
  /** What went that way, or waits to. */
  told: Told;
}

export type OutboxRoutes = Readonly<Record<string, OutboxRoute>>;

/** Nothing is known of it. */
export const NEW_OUTBOX_ROUTE: OutboxRoute = { ...NEW_ROUTE, told: {} };

/**
 * What is still to be sent and what was, in a ConfigMap: it outlives every operator. Its one writer is the leader, so
 * that what this process knows is right, whatever somebody else wrote there.
 */
export interface Outbox {
  /** Reads it, unless that was done. */
  load(signal: AbortSignal): Promise<void>;
  routes(): OutboxRoutes;
  /** How many notices wait. */
  waiting(): number;
  /** Remembers it at once, and writes it down when it is other than what is written there. */
  save(routes: OutboxRoutes, signal: AbortSignal): Promise<void>;
}

export interface OutboxOptions {
  kubernetes: Pick<KubernetesClient, 'get' | 'create' | 'patch'>;
  /** The operator's. */
  namespace: string;
}

const MOST_ATTEMPTS = 5;

/** An outbox that was not read yet. */
export function createOutbox({ kubernetes, namespace }: OutboxOptions): Outbox {
  const key = `${namespace}/${OUTBOX_CONFIG_MAP}`;
  let stored: ConfigMap | undefined;
  let current: OutboxRoutes | undefined;

  async function read(signal: AbortSignal): Promise<void> {
    try {
      stored = await kubernetes.get(CONFIG_MAPS, key, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      stored = undefined;
    }
  }

  function put(routes: OutboxRoutes, signal: AbortSignal): Promise<ConfigMap> {
    const data = { routes: JSON.stringify(routes) };
    if (stored === undefined) {
      const metadata = { name: OUTBOX_CONFIG_MAP, namespace };
      const made: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
      return kubernetes.create(CONFIG_MAPS, made, { signal });
    }
    const { uid, resourceVersion } = stored.metadata;
    return kubernetes.patch(CONFIG_MAPS, key, { metadata: { uid, resourceVersion }, data }, { signal });
  }

  return {
    async load(signal) {
      if (current !== undefined) return;
      await read(signal);
      current = parseRoutes(stored);
    },
    routes: () => current ?? {},
    waiting: () => Object.values(current ?? {}).reduce((sum, { waiting }) => sum + waiting.length, 0),
    async save(routes, signal) {
      current = routes;
      for (let attempt = 1; !isDeepStrictEqual(parseRoutes(stored), routes); attempt++) {
        try {
          stored = await put(routes, signal);
          return;
        } catch (error) {
          const isOld = isConflict(error) || isAlreadyExists(error) || isNotFound(error);
          if (!isOld || attempt === MOST_ATTEMPTS) throw error;
          await read(signal);
        }
      }
    },
  };
}

/** What an operator last wrote down; for commands, which change nothing by reading it. */
export async function readOutbox(
  kubernetes: Pick<KubernetesClient, 'get'>,
  namespace: string,
): Promise<OutboxRoutes> {
  const stored = await findObject(kubernetes, CONFIG_MAPS, `${namespace}/${OUTBOX_CONFIG_MAP}`);
  return stored === undefined ? {} : parseRoutes(stored);
}

/** What somebody edited until it cannot be read any more says nothing: what is so is told again. */
function parseRoutes(stored: ConfigMap | undefined): OutboxRoutes {
  try {
    const value: unknown = JSON.parse(stored?.data?.routes ?? '{}');
    return Object.fromEntries(Object.entries(value as object).filter(([, route]) => isRoute(route)));
  } catch {
    return {};
  }
}

const isRoute = (value: unknown): value is OutboxRoute => {
  const { waiting, told, said, failures, dropped, burst } = (value ?? {}) as Partial<OutboxRoute>;
  const areObjects = [told, said].every(part => typeof part === 'object' && part !== null);
  return (
    areObjects &&
    [failures, dropped, burst].every(part => typeof part === 'number') &&
    Array.isArray(waiting) &&
    waiting.every(isQueued)
  );
};

const isQueued = (value: unknown): boolean => {
  const { about, side, kind, sentence, at, queuedAt } = (value ?? {}) as Record<string, unknown>;
  return (
    [about, side, kind, sentence, at].every(part => typeof part === 'string') && typeof queuedAt === 'number'
  );
};
