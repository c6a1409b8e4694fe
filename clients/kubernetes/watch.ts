import type { KubernetesObject } from '../../crds/meta.ts';
import type { Selection, WatchEvent } from './client.ts';
import { refused, unintelligible, type StatusBody } from './errors.ts';
import type { ResourceKind } from './kinds.ts';
import { collectionPath, queryOf } from './resource-path.ts';
import type { Transport } from './transport.ts';
import { splitLines } from './watch-lines.ts';

/** Bookmarks come about once a minute, so a watch this silent hangs on a dead connection (as kopf has it). */
const SILENCE_MS = 70_000;

type WatchLine<T> = WatchEvent<T> | { type: 'ERROR'; object: StatusBody };

/**
 * One watch request. Ends when the server ends it; throws a KubernetesError on an ERROR event, on silence or
 * when the connection breaks, and the signal's reason when it aborts.
 */
export async function* openWatch<T extends KubernetesObject>(
  transport: Transport,
  kind: ResourceKind<T>,
  selection: Selection & { resourceVersion: string; timeoutSeconds: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<WatchEvent<T>> {
  const { resourceVersion, timeoutSeconds } = selection;
  const query = queryOf(selection, {
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion,
    timeoutSeconds: `${timeoutSeconds}`,
  });
  const path = collectionPath(kind, selection.namespace);
  const call = { method: 'GET', path: `${path}?${query}`, signal } as const;
  for await (const line of splitLines(transport.stream(call, SILENCE_MS))) {
    const event = parseLine<T>(line, path);
    if (event.type === 'ERROR')
      throw refused({ method: 'WATCH', path }, event.object.code ?? 500, event.object);
    yield event;
  }
}

function parseLine<T>(line: string, path: string): WatchLine<T> {
  try {
    return JSON.parse(line) as WatchLine<T>;
  } catch {
    throw unintelligible({ method: 'WATCH', path });
  }
}
