import { NAMESPACE, type Kind } from './kinds.ts';
import { isJsonObject, type ApiObject, type Metadata } from './object.ts';

/** What becomes of the dependents of a deleted object. */
export type PropagationPolicy = 'Background' | 'Foreground' | 'Orphan';

/** metav1.DeleteOptions, as far as it matters here. */
export interface DeleteOptions {
  dryRun: boolean;
  /** Undefined is Background, or what the object's finalizers already say. */
  propagationPolicy: PropagationPolicy | undefined;
  preconditions: { uid?: string; resourceVersion?: string };
}

/** Holds an owner until its blocking dependents are gone. */
export const FOREGROUND_FINALIZER = 'foregroundDeletion';
/** Holds an owner until its dependents have forgotten it. */
export const ORPHAN_FINALIZER = 'orphan';

/**
 * What a DELETE turns an object into: 'remove' when nothing holds it, the same object when it was being
 * deleted already, else the object marked as being deleted at `time`.
 */
export function markDeleted(
  kind: Kind,
  object: ApiObject,
  policy: PropagationPolicy | undefined,
  time: string,
): ApiObject | 'remove' {
  const finalizers = finalizersFor(policy, object.metadata.finalizers ?? []);
  if (finalizers.length === 0 && kind !== NAMESPACE) return 'remove';
  if (object.metadata.deletionTimestamp !== undefined) return object;
  const { generation } = object.metadata;
  const metadata: Metadata = {
    ...object.metadata,
    deletionTimestamp: time,
    ...(kind === NAMESPACE ? {} : { deletionGracePeriodSeconds: 0 }),
    ...(generation === undefined ? {} : { generation: generation + 1 }),
    ...(finalizers.length === 0 ? {} : { finalizers }),
  };
  return kind === NAMESPACE ? terminating({ ...object, metadata }) : { ...object, metadata };
}

function finalizersFor(policy: PropagationPolicy | undefined, present: string[]): string[] {
  if (policy === undefined) return present;
  const others = present.filter(name => name !== FOREGROUND_FINALIZER && name !== ORPHAN_FINALIZER);
  if (policy === 'Background') return others;
  return [...others, policy === 'Foreground' ? FOREGROUND_FINALIZER : ORPHAN_FINALIZER];
}

const terminating = (namespace: ApiObject): ApiObject => ({
  ...namespace,
  status: { ...(isJsonObject(namespace['status']) ? namespace['status'] : {}), phase: 'Terminating' },
});
