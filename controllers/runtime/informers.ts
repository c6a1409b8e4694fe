import type { Informer } from '../../clients/kubernetes/client.ts';
import type { ResourceKind } from '../../clients/kubernetes/kinds.ts';
import type { KubernetesObject } from '../../crds/meta.ts';

/** Makes the informer of one kind; it is not started yet. */
export type InformerFactory = <T extends KubernetesObject>(kind: ResourceKind<T>) => Informer<T>;

/** One informer per kind, shared by everything in the process that reads or watches it. */
export interface SharedInformers {
  /** The kind's informer, made at the first call. Throws for a new kind once they are started. */
  of<T extends KubernetesObject>(kind: ResourceKind<T>): Informer<T>;
  /** The informer that shows this object, if its kind is watched. */
  showing(object: KubernetesObject): Informer<KubernetesObject> | undefined;
  /** Starts them all; they end when the signal aborts. */
  start(signal: AbortSignal): void;
  /** Resolves once every first list is in its cache. */
  synced(signal?: AbortSignal): Promise<void>;
  /** The kinds whose first list is not there yet. */
  unsynced(): string[];
}

/** No informer yet. */
export function shareInformers(createInformer: InformerFactory): SharedInformers {
  const informers = new Map<string, Informer<KubernetesObject>>();
  let isStarted = false;
  return {
    of<T extends KubernetesObject>(kind: ResourceKind<T>): Informer<T> {
      const id = `${apiVersionOf(kind)} ${kind.kind}`;
      const known = informers.get(id) as Informer<T> | undefined;
      if (known !== undefined) return known;
      if (isStarted) throw new Error(`The informer of ${kind.kind} was asked for after the start.`);
      const informer = createInformer(kind);
      informers.set(id, informer);
      return informer;
    },
    showing: object => informers.get(`${object.apiVersion} ${object.kind}`),
    start(signal) {
      isStarted = true;
      for (const informer of informers.values()) informer.start(signal);
    },
    async synced(signal) {
      await Promise.all([...informers.values()].map(informer => informer.synced(signal)));
    },
    unsynced: () =>
      [...informers.values()].filter(informer => !informer.hasSynced()).map(({ kind }) => kind.kind),
  };
}

/** What `apiVersion` says in the objects of that kind. */
export function apiVersionOf(kind: ResourceKind): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}
