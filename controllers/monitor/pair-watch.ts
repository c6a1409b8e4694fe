import { sleep, type Clock } from '../../clients/clock.ts';
import type { SshHost } from '../../clients/ssh/ssh.ts';
import type { LocalHealth } from '../../reconcilers/monitor/local-health.ts';
import { observe, UNSEEN, type Observation, type Probe } from '../../reconcilers/monitor/observation.ts';
import type { Prober } from '../../reconcilers/monitor/probe.ts';
import type { Pair } from '../../reconcilers/monitor/watch-plan.ts';

/** The pause from the start of one probe to that of the next, in milliseconds; a tenth more or less by chance. */
const PERIOD_MS = 5_000;
const JITTER = 0.1;

/** What it takes to look from one server at another. */
export interface PairWatchParts {
  readonly clock: Clock;
  /** 0 up to but not including 1. */
  readonly random: () => number;
  readonly localHealth: LocalHealth;
  /** Of the observer. */
  readonly prober: Prober;
  /** The way to the observer; undefined while it has none. */
  readonly host: () => SshHost | undefined;
  /** The pair as it is now: addresses and references may change. */
  readonly pair: () => Pair;
  /** Hears of every probe; must not take long. */
  readonly onProbe: (pair: Pair, probe: Probe, observation: Observation) => void;
}

/** Looks again and again until the signal aborts; never rejects. Begins within a period, by chance. */
export async function watchPair(parts: PairWatchParts, signal: AbortSignal): Promise<void> {
  const { clock, random, localHealth } = parts;
  const { id } = parts.pair();
  let due = clock.monotonic() + random() * PERIOD_MS;
  let observation = UNSEEN;
  try {
    for (;;) {
      await sleep(clock, Math.max(0, due - clock.monotonic()), signal);
      const pair = parts.pair();
      const at = clock.now();
      const probe = await look(parts, pair, due, signal);
      signal.throwIfAborted();
      localHealth.ended(id, probe === 'unknown' ? undefined : probe === 'silent');
      const patience = localHealth.patience(clock.monotonic());
      observation = observe(observation, { probe, at, patience });
      parts.onProbe(pair, probe, observation);
      const period = PERIOD_MS * (1 - JITTER + 2 * JITTER * random());
      due = Math.max(due + period, clock.monotonic());
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    localHealth.ended(id, undefined);
  }
}

/** Silence counts only of a target that alone is silent. */
async function look(
  { clock, localHealth, prober, host }: PairWatchParts,
  { place, references }: Pair,
  due: number,
  signal: AbortSignal,
): Promise<Probe> {
  const observer = host();
  if (observer === undefined) return 'unknown';
  const began = (): void => localHealth.began(clock.monotonic() - due, clock.monotonic());
  const reply = await prober.look(observer, place, signal, began);
  if (reply !== 'silent') return reply === 'answered' ? 'answered' : 'unknown';
  return (await prober.isConnected(observer, references, signal)) ? 'silent' : 'unknown';
}
