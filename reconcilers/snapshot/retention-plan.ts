import type { Droplet } from '../../crds/droplet.ts';
import {
  isGood,
  isOfFleet,
  isVerified,
  newestFirst,
  ownerOf,
  type Snapshot,
  type SnapshotsOf,
} from './owner-plan.ts';

const DAY_MS = 86_400_000;

/** How long the last snapshot of a server that was destroyed is kept, whatever else there is, ms. */
export const LAST_KEPT_MS = 30 * DAY_MS;

/** Of so many periods that have one, the newest snapshot of each is kept. Days, weeks from Monday and months, in UTC. */
const KEPT: readonly { most: number; periodOf: (at: number) => number }[] = [
  { most: 7, periodOf: at => Math.floor(at / DAY_MS) },
  // The epoch began on a Thursday.
  { most: 4, periodOf: at => Math.floor((at / DAY_MS + 3) / 7) },
  { most: 6, periodOf: at => new Date(at).getUTCFullYear() * 12 + new Date(at).getUTCMonth() },
];

/**
 * Those of one server's snapshots that need not be kept, oldest first. What counts is which snapshots there are, never
 * the time of day: a clock that is wrong removes nothing, nor do weeks in which none was taken.
 *
 *     the newest that is finished, and the newest that is verified | kept
 *     the newest of each of the last 7 days that have one          | kept
 *     the newest of each of the last 4 weeks that have one         | kept
 *     the newest of each of the last 6 months that have one        | kept
 *     of nothing, and newer than all that are finished             | kept: it may still grow
 *     any other                                                    | goes
 */
export function planRetention<S extends Snapshot>(snapshots: readonly S[]): S[] {
  const sorted = snapshots.toSorted(newestFirst);
  const good = sorted.filter(isGood);
  const [newest] = good;
  // Nothing is removed before there is something to keep.
  if (newest === undefined) return [];
  const kept = new Set<S>([newest, ...good.filter(isVerified).slice(0, 1)]);
  for (const { most, periodOf } of KEPT) {
    const firsts = Map.groupBy(good, ({ createdAt }) => periodOf(Date.parse(createdAt)));
    for (const [first] of [...firsts.values()].slice(0, most)) kept.add(first!);
  }
  return sorted
    .slice(sorted.indexOf(newest))
    .filter(snapshot => !kept.has(snapshot))
    .toReversed();
}

/** What there is to judge snapshots by. */
export interface PruningInput<S extends Snapshot> extends SnapshotsOf {
  /** All of the account. */
  snapshots: readonly S[];
  /** All of them, those being deleted too. */
  droplets: readonly Droplet[];
  /** DigitalOcean's ids of all servers of the fleet, orphans too. */
  servers: ReadonlySet<number>;
  /** Wall time, ms. */
  now: number;
}

/** What may go, and who had it. */
export interface Pruning<S extends Snapshot> {
  /** Those of Droplets, by uid: what retention does not keep, and of a server that they had before, the last for 30 days. */
  old: ReadonlyMap<string, readonly S[]>;
  /** Those of servers that are gone: what retention does not keep, and after 30 days all. */
  ofGone: readonly S[];
}

/** Judges the fleet's snapshots. Those of a server that is there and belongs to no Droplet are left: it may be adopted. */
export function planPruning<S extends Snapshot>(input: PruningInput<S>): Pruning<S> {
  const ours = input.snapshots.filter(snapshot => isOfFleet(snapshot, input));
  const owned = Map.groupBy(ours, snapshot => ownerOf(snapshot, input.droplets)?.metadata.uid);
  const nobodys = (owned.get(undefined) ?? []).filter(({ dropletId }) => !input.servers.has(dropletId));
  owned.delete(undefined);
  return {
    old: new Map(
      [...owned].map(([uid, snapshots]) => {
        const lasts = lastsOf(snapshots, input.now);
        return [uid!, planRetention(snapshots).filter(snapshot => !lasts.has(snapshot))];
      }),
    ),
    ofGone: [...Map.groupBy(nobodys, ({ dropletId }) => dropletId).values()].flatMap(snapshots =>
      isOver(snapshots, input.now) ? snapshots : planRetention(snapshots),
    ),
  };
}

const isOver = (snapshots: readonly Snapshot[], now: number): boolean =>
  snapshots.every(({ createdAt }) => now - Date.parse(createdAt) > LAST_KEPT_MS);

/**
 * Of each server that one Droplet had, the newest that is finished: of one whose place another has taken, and which is
 * destroyed, nothing else is left.
 */
const lastsOf = <S extends Snapshot>(snapshots: readonly S[], now: number): Set<S> =>
  new Set(
    [...Map.groupBy(snapshots.filter(isGood), ({ dropletId }) => dropletId).values()]
      .map(ofOne => ofOne.toSorted(newestFirst)[0]!)
      .filter(({ createdAt }) => now - Date.parse(createdAt) <= LAST_KEPT_MS),
  );
