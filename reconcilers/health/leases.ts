import type { Clock } from '../../clients/clock.ts';
import type { Change, Informer } from '../../clients/kubernetes/client.ts';
import type { Lease } from '../../clients/kubernetes/kinds.ts';
import { MONITOR_LABEL } from '../monitor/heartbeat.ts';
import { createRenewals } from './renewals.ts';
import { createTally, type Tally } from './tally.ts';
import { readVote } from './vote.ts';
import { readVouch, VOUCH_SECONDS } from './vouch.ts';

/** For how long after the last heartbeat somebody is believed to watch, ms: monitors may be restarted meanwhile. */
const SILENCE_MS = 300_000;

/**
 * Whether anybody watches the fleet. `running`: a heartbeat was seen a moment ago. `unknown`: this process has not
 * looked for long enough to tell. `none`: there are no monitors, so that nobody finds anything dead, or healthy.
 */
export type Watchers = 'running' | 'unknown' | 'none';

/** What the Leases in the operator's namespace say: votes, vouches and heartbeats, as far as they were seen to change. */
export interface HealthLeases {
  readonly tally: Tally;
  /** Whether the monitor that acts for a server had an answer of it within 30 s. */
  isVouchedFor(dropletID: number): boolean;
  watchers(): Watchers;
}

/** Listens to the informer from now on. */
export function followLeases(
  informer: Pick<Informer<Lease>, 'onChange'>,
  clock: Pick<Clock, 'monotonic'>,
): HealthLeases {
  const tally = createTally(clock);
  const vouches = createRenewals(clock);
  const heartbeats = createRenewals(clock);
  const began = clock.monotonic();
  informer.onChange(change => {
    followVote(tally, change);
    const { object: lease, type, initial } = change;
    const vouch = readVouch(lease);
    const monitor = lease.metadata.labels?.[MONITOR_LABEL];
    const [renewals, key] =
      vouch !== undefined ? [vouches, String(vouch.dropletID)] : [heartbeats, monitor ?? ''];
    if (vouch === undefined && monitor === undefined) return;
    if (type === 'deleted') renewals.gone(key);
    else renewals.saw(key, lease.spec?.renewTime ?? '', initial);
  });
  return {
    tally,
    isVouchedFor: dropletID => vouches.ageMs(String(dropletID)) <= VOUCH_SECONDS * 1_000,
    watchers() {
      if (heartbeats.newestMs() <= SILENCE_MS) return 'running';
      return clock.monotonic() - began <= SILENCE_MS ? 'unknown' : 'none';
    },
  };
}

function followVote(tally: Tally, { object, before, type, initial }: Change<Lease>): void {
  const vote = readVote(object);
  const known = before && readVote(before);
  if (known !== undefined && vote === undefined) tally.gone(known);
  if (vote === undefined) return;
  if (type === 'deleted') tally.gone(vote);
  else tally.saw(vote, initial);
}
