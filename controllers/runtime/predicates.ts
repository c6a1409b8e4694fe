import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../../crds/meta.ts';

/** Whether an update deserves a reconcile. Additions, deletions and resyncs always get one. */
export type Predicate<T extends KubernetesObject = KubernetesObject> = (after: T, before: T) => boolean;

/** The spec changed, or the deletion began: what raises metadata.generation. Status writes do not. */
export const generationChanged: Predicate = (after, before) =>
  after.metadata.generation !== before.metadata.generation;

/** A label came, went or changed. */
export const labelsChanged: Predicate = (after, before) =>
  !isDeepStrictEqual(after.metadata.labels ?? {}, before.metadata.labels ?? {});

/** An annotation came, went or changed. */
export const annotationsChanged: Predicate = (after, before) =>
  !isDeepStrictEqual(after.metadata.annotations ?? {}, before.metadata.annotations ?? {});

/** A finalizer came or went. */
export const finalizersChanged: Predicate = (after, before) =>
  !isDeepStrictEqual(after.metadata.finalizers ?? [], before.metadata.finalizers ?? []);

/** The deletion began. */
export const deletionStarted: Predicate = (after, before) =>
  after.metadata.deletionTimestamp !== undefined && before.metadata.deletionTimestamp === undefined;

/** True when one of them is. */
export const anyOf =
  <T extends KubernetesObject>(...predicates: Predicate<T>[]): Predicate<T> =>
  (after, before) =>
    predicates.some(predicate => predicate(after, before));
