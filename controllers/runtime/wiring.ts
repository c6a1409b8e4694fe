import type { Change } from '../../clients/kubernetes/client.ts';
import type { ResourceKind } from '../../clients/kubernetes/kinds.ts';
import type { KubernetesObject, ObjectKey } from '../../crds/meta.ts';
import { apiVersionOf, type SharedInformers } from './informers.ts';
import type { Predicate } from './predicates.ts';
import { LOW_PRIORITY, NORMAL_PRIORITY, type QueueKey } from './queue.ts';
import type { Source } from './sources.ts';

/** Where a wiring reports to. */
export interface Sink {
  wake(key: QueueKey, priority: number): void;
  /** A mapper or predicate threw; the event is lost to this controller until the next resync. */
  panicked(error: unknown): void;
}

/**
 * Connects something that happens to the keys that must then be reconciled. It is called before the informers
 * start; what it returns is called when the controller starts, and what that returns when it stops.
 */
export type Wiring = (informers: SharedInformers, sink: Sink) => () => () => void;

/**
 * Every object of the kind, as it is at the start and whenever it changes. An update wakes the keys of the
 * object before and after it, so that both owners learn of a move.
 */
export function wireKind<T extends KubernetesObject>(
  kind: ResourceKind<T>,
  keysOf: (object: T) => readonly QueueKey[],
  matters: Predicate<T> = () => true,
): Wiring {
  return (informers, sink) => {
    const informer = informers.of(kind);
    let isOpen = false;
    const wakeAll = (objects: readonly T[], priority: number): void => {
      // Each key once: a second wake would find the key already handed out, and cost a second reconcile.
      for (const key of new Set(objects.flatMap(object => keysOf(object)))) sink.wake(key, priority);
    };
    informer.onChange(change => {
      if (isOpen) isolate(sink, () => wakeAll(touchedBy(change, matters), priorityOf(change)));
    });
    return () => {
      isOpen = true;
      for (const object of informer.list()) isolate(sink, () => wakeAll([object], LOW_PRIORITY));
      return () => {
        isOpen = false;
      };
    };
  };
}

/** Every event of the source. */
export function wireSource<E>(source: Source<E>, keysOf: (event: E) => readonly QueueKey[]): Wiring {
  return (_informers, sink) => () =>
    source.subscribe(event =>
      isolate(sink, () => {
        for (const key of keysOf(event)) sink.wake(key, NORMAL_PRIORITY);
      }),
    );
}

/** The key of the object of that kind that controls this one, by its owner reference. */
export function controllingOwner(kind: ResourceKind, object: KubernetesObject): ObjectKey[] {
  const { ownerReferences = [], namespace } = object.metadata;
  const owner = ownerReferences.find(
    reference =>
      reference.controller === true &&
      reference.kind === kind.kind &&
      groupOf(reference.apiVersion) === groupOf(apiVersionOf(kind)),
  );
  if (owner === undefined) return [];
  return [kind.namespaced ? `${namespace}/${owner.name}` : owner.name];
}

const groupOf = (apiVersion: string): string => apiVersion.split('/').at(-2) ?? '';

function touchedBy<T extends KubernetesObject>(change: Change<T>, matters: Predicate<T>): T[] {
  if (change.before === undefined) return [change.object];
  return matters(change.object, change.before) ? [change.before, change.object] : [];
}

const priorityOf = (change: Change<KubernetesObject>): number =>
  change.initial || change.type === 'resynced' ? LOW_PRIORITY : NORMAL_PRIORITY;

function isolate(sink: Sink, handle: () => void): void {
  try {
    handle();
  } catch (error) {
    sink.panicked(error);
  }
}
