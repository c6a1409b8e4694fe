import type { Informer } from '../../clients/kubernetes/client.ts';
import { keyOf, type KubernetesObject, type ObjectKey } from '../../crds/meta.ts';
import type { QueueKey } from './queue.ts';

/** How long a reconcile waits for the cache to show what the one before it wrote. */
const CATCH_UP_MS = 5000;

/**
 * What each key's last reconcile wrote, so that its next one does not decide by a cache that has not seen it:
 * it would write the same again, or create a second of what must be one.
 */
export interface OwnWrites {
  /** Remembers a version that a reconcile of `key` wrote. An object that no informer shows is left out. */
  note(key: QueueKey, object: KubernetesObject): void;
  /** Resolves once the caches show those versions, or after 5 s; they are forgotten then. */
  settled(key: QueueKey): Promise<void>;
}

interface Write {
  informer: Informer<KubernetesObject>;
  key: ObjectKey;
  resourceVersion: string;
}

/** Nothing written yet. `informerOf` finds the informer that shows an object, if there is one. */
export function trackOwnWrites(
  informerOf: (object: KubernetesObject) => Informer<KubernetesObject> | undefined,
): OwnWrites {
  const writes = new Map<QueueKey, Map<string, Write>>();
  return {
    note(key, object) {
      const informer = informerOf(object);
      const { resourceVersion } = object.metadata;
      if (informer === undefined || resourceVersion === undefined) return;
      const ofKey = writes.get(key) ?? new Map<string, Write>();
      const write = { informer, key: keyOf(object), resourceVersion };
      writes.set(key, ofKey.set(`${object.kind} ${write.key}`, write));
    },
    async settled(key) {
      const ofKey = [...(writes.get(key)?.values() ?? [])];
      writes.delete(key);
      await Promise.all(
        ofKey.map(write => write.informer.caughtUp(write.key, write.resourceVersion, CATCH_UP_MS)),
      );
    },
  };
}
