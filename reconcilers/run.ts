import type { Logger } from '../clients/log.ts';
import type { KubernetesObject } from '../crds/meta.ts';

/** Records what happened to an object, by Kubernetes Events. Never fails and never blocks. */
export interface EventRecorder {
  record(object: KubernetesObject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/** One reconcile in progress. */
export interface Run {
  readonly log: Logger;
  /** Aborts when the operator stops or loses its leadership. */
  readonly signal: AbortSignal;
  /**
   * Runs a side effect whose signal aborts before another process could lead: for every change in the cloud,
   * because the cloud, unlike the Kubernetes API, cannot tell a former leader from the present one.
   */
  fenced<R>(effect: (signal: AbortSignal) => Promise<R>): Promise<R>;
  /** Makes this key's next reconcile wait until the cache has seen that write. */
  wrote(object: KubernetesObject): void;
}
