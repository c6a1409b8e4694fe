import type { Clock } from '../../clients/clock.ts';
import type { Reader } from '../../clients/kubernetes/client.ts';
import type { Lease } from '../../clients/kubernetes/kinds.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { splitKey, type ObjectKey } from '../../crds/meta.ts';
import type { Hosts } from '../../reconcilers/context.ts';
import { readVote, voteLease, voteName, type Vote } from '../../reconcilers/health/vote.ts';
import { hostOf } from '../../reconcilers/host/access.ts';
import type { Handles } from '../../reconcilers/metrics.ts';
import type { MONITOR_METRICS } from '../../reconcilers/monitor/concern.ts';
import { createLocalHealth } from '../../reconcilers/monitor/local-health.ts';
import type { Observation, Probe, Stance } from '../../reconcilers/monitor/observation.ts';
import { createProber, type Prober } from '../../reconcilers/monitor/probe.ts';
import { planVote } from '../../reconcilers/monitor/vote-plan.ts';
import type { Pair } from '../../reconcilers/monitor/watch-plan.ts';
import type { LeaseWriter } from '../../reconcilers/health/lease-writer.ts';
import { watchPair } from './pair-watch.ts';

/** What an observer says of a target from now on. */
export interface Transition {
  readonly pair: Pair;
  readonly stance: 'fails' | 'well' | 'abstains';
}

/** What the pairs are watched with. */
export interface PairsOptions {
  readonly hosts: Pick<Hosts, 'ssh' | 'port' | 'privateKey'>;
  readonly namespace: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly metrics: Handles<typeof MONITOR_METRICS>;
  readonly droplets: Pick<Reader<Droplet>, 'get'>;
  readonly leases: Pick<Reader<Lease>, 'get' | 'list'>;
  readonly writer: LeaseWriter;
  readonly onTransition?: (transition: Transition) => void;
}

/** The observers that one process acts for, and their targets. */
export interface Pairs {
  /** Acts for those Droplets and watches those pairs from now on, and no others; whether that is news. */
  set(vantages: readonly ObjectKey[], pairs: readonly Pair[]): boolean;
  /** The Droplets that it acts for, with what looks from there. */
  vantages(): ReadonlyMap<ObjectKey, Prober>;
}

/** One pair that is watched. */
interface Watched {
  pair: Pair;
  readonly stop: AbortController;
  stance: Stance;
  said: Transition['stance'];
  /** When this process last wrote the vote, on the monotonic clock. */
  writtenAt: number | undefined;
}

/** None at first; all end when the signal aborts. */
export function createPairs(options: PairsOptions, signal: AbortSignal): Pairs {
  const { clock, random, hosts, droplets, leases, metrics } = options;
  const localHealth = createLocalHealth();
  const probers = new Map<ObjectKey, Prober>();
  const watched = new Map<string, Watched>();
  metrics.pairs.readAtScrape(() => [...watched.values()].map(({ stance }) => [1, { stance }]));

  function begin(pair: Pair): void {
    const stop = new AbortController();
    const entry: Watched = { pair, stop, stance: 'undecided', said: 'well', writtenAt: undefined };
    watched.set(pair.id, entry);
    const parts = {
      clock,
      random,
      localHealth,
      prober: probers.get(pair.observer)!,
      host: () => {
        const droplet = droplets.get(pair.observer);
        return droplet && hostOf(hosts, droplet);
      },
      pair: () => entry.pair,
      onProbe: (_pair: Pair, probe: Probe, observation: Observation) => {
        metrics.probes.inc({ result: probe });
        hear(options, entry, observation);
      },
    };
    void watchPair(parts, stop.signal);
  }

  function end(entry: Watched): void {
    watched.delete(entry.pair.id);
    entry.stop.abort(new Error('this pair is not watched any more'));
  }

  signal.addEventListener('abort', () => [...watched.values()].forEach(end), { once: true });
  return {
    vantages: () => probers,
    set(vantages, pairs) {
      if (signal.aborted) return false;
      const before = [...watched.keys(), ...probers.keys()].toSorted().join('\n');
      for (const key of probers.keys()) if (!vantages.includes(key)) probers.delete(key);
      for (const key of vantages) if (!probers.has(key)) probers.set(key, createProber(clock, hosts.port));
      const wanted = new Map(pairs.map(pair => [pair.id, pair]));
      for (const entry of watched.values()) if (!wanted.has(entry.pair.id)) end(entry);
      for (const pair of pairs) {
        const entry = watched.get(pair.id);
        if (entry === undefined) begin(pair);
        else entry.pair = pair;
      }
      for (const lease of voidVotes(leases.list(), vantages, pairs)) void options.writer.remove(lease);
      return before !== [...watched.keys(), ...probers.keys()].toSorted().join('\n');
    },
  };
}

/** Votes of these observers about whom they do not watch any more, such as the servers that targets had before. */
function voidVotes(
  leases: readonly Lease[],
  vantages: readonly ObjectKey[],
  pairs: readonly Pair[],
): Lease[] {
  const named = new Set(pairs.map(({ dropletID, observer }) => nameOf(dropletID, observer)));
  return leases.filter(lease => {
    const vote = readVote(lease);
    if (vote === undefined) return false;
    const { namespace } = splitKey(vote.target);
    return vantages.includes(`${namespace}/${vote.observer}`) && !named.has(lease.metadata.name);
  });
}

const nameOf = (dropletID: number, observer: ObjectKey): string =>
  voteName({ dropletID, observer: splitKey(observer).name });

/** Says what has changed, and does what follows for the vote; a write is begun and not waited for. */
function hear(options: PairsOptions, entry: Watched, observation: Observation): void {
  const { clock, namespace, leases, onTransition } = options;
  const { pair } = entry;
  const { stance } = observation;
  entry.stance = stance;
  const isNews = stance !== entry.said && (stance === 'fails' || stance === 'well' || stance === 'abstains');
  if (isNews) {
    entry.said = stance;
    onTransition?.({ pair, stance });
  }
  const name = nameOf(pair.dropletID, pair.observer);
  const step = planVote({
    stance,
    isStored: leases.get(`${namespace}/${name}`) !== undefined,
    writtenAgoMs: entry.writtenAt === undefined ? undefined : clock.monotonic() - entry.writtenAt,
  });
  if (step === 'write') void write(options, entry, observation);
  if (step === 'withdraw') void withdraw(options, entry, name);
}

async function write(
  { clock, namespace, droplets, writer, metrics }: PairsOptions,
  entry: Watched,
  { failingSince, flaps }: Observation,
): Promise<void> {
  const { target, dropletID, observer } = entry.pair;
  const droplet = droplets.get(target);
  if (droplet === undefined) return;
  const sentAt = clock.monotonic();
  const vote: Vote = {
    target,
    project: droplet.spec.project,
    dropletID,
    observer: splitKey(observer).name,
    failingSince: failingSince ?? clock.now(),
    renewedAt: clock.now(),
    flaps,
  };
  const isWritten = await writer.write(voteLease(vote, namespace, droplet));
  metrics.votes.inc({ result: isWritten ? 'written' : 'failed' });
  if (isWritten) entry.writtenAt = sentAt;
}

async function withdraw(
  { namespace, writer, metrics }: PairsOptions,
  entry: Watched,
  name: string,
): Promise<void> {
  entry.writtenAt = undefined;
  const isGone = await writer.remove({ metadata: { name, namespace } });
  metrics.votes.inc({ result: isGone ? 'withdrawn' : 'failed' });
}
