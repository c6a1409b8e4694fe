import { findCondition, isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { CONFIRMATION_REQUIRED } from '../../crds/names.ts';

/** How one droplet is, for a person. */
export interface DropletState {
  /** One word: Held, Deleting, Draining, Ready, a phase, or why a server that runs is not Ready. */
  state: string;
  /** Nothing moves any more until a person acts; `message` says how. */
  stuck: boolean;
  /** It is not merely on its way: what the Ready condition says is worth reading. */
  degraded: boolean;
}

/** How the reason of what takes longer than it ever should ends, as in BootingOverdue. */
export const OVERDUE = 'Overdue';

/** Why a server that runs may not be Ready, though nothing is wrong. */
const ON_ITS_WAY = new Set(['Connecting', 'FirstBoot', 'Configuring', 'Pending']);
/** What does not get better by waiting. */
const STUCK = new Set(['HostKeyMismatch', 'AuthenticationRefused', 'DiskFull', 'Suspended']);

/** Sums up what the phase and the Ready condition say. */
export function dropletState({ metadata, status }: Droplet): DropletState {
  const phase = status?.phase ?? 'Pending';
  const isHeld = isConditionTrue(status?.conditions, CONFIRMATION_REQUIRED);
  if (isHeld && (metadata.deletionTimestamp !== undefined || phase !== 'Active'))
    return { state: 'Held', stuck: true, degraded: true };
  if (metadata.deletionTimestamp !== undefined)
    return { state: phase === 'Draining' ? phase : 'Deleting', stuck: false, degraded: false };
  if (phase === 'Failed') return { state: phase, stuck: true, degraded: true };
  if (isConditionTrue(status?.conditions, 'Ready')) return { state: 'Ready', stuck: false, degraded: false };
  const reason = findCondition(status?.conditions, 'Ready')?.reason;
  if (reason?.endsWith(OVERDUE)) return { state: reason, stuck: false, degraded: true };
  if (phase !== 'Active' || reason === undefined) return { state: phase, stuck: false, degraded: false };
  return { state: reason, stuck: STUCK.has(reason), degraded: !ON_ITS_WAY.has(reason) };
}
