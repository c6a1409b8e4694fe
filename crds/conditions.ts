import type { Condition } from './meta.ts';

/** A condition as a reconciler states it; the transition time is worked out by `setCondition`. */
export type ConditionState = Omit<Condition, 'lastTransitionTime'>;

/** What a condition says, whatever its type. */
export type ConditionValue = Pick<Condition, 'status' | 'reason' | 'message'>;

/** The condition of that type, if there is one. */
export function findCondition(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find(condition => condition.type === type);
}

/** Whether the condition of that type is there and True. */
export function isConditionTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === 'True';
}

/**
 * The list with that condition in it, in place of the one of its type. lastTransitionTime is kept unless
 * `status` flips, when it becomes `now`.
 */
export function setCondition(
  conditions: readonly Condition[] | undefined,
  state: ConditionState,
  now: Date,
): Condition[] {
  const list = conditions ?? [];
  const before = findCondition(list, state.type);
  const lastTransitionTime =
    before?.status === state.status ? before.lastTransitionTime : toKubernetesTime(now);
  const condition: Condition = { ...state, lastTransitionTime };
  return before === undefined
    ? [...list, condition]
    : list.map(other => (other === before ? condition : other));
}

/** The list without the condition of that type. */
export function removeCondition(conditions: readonly Condition[] | undefined, type: string): Condition[] {
  return (conditions ?? []).filter(condition => condition.type !== type);
}

/** A metav1.Time: RFC 3339, UTC, to the second. */
export function toKubernetesTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
