import { sleep, type Clock } from '../../clients/clock.ts';
import { describeError } from '../../clients/log/describe-error.ts';
import type { Logger } from '../../clients/log.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import type { HealthTimings } from './concern.ts';
import { createLeaseWriter, type LeaseWriter, type LeaseWriterParts } from './lease-writer.ts';
import { WITNESS } from './topology.ts';
import { voteLease, voteName } from './vote.ts';

/** Silences in a row that make a vote, and answers in a row that end it. */
const FAILURES = 3;
const SUCCESSES = 2;
/** How often a vote is renewed, ms: two renewals may be lost before it expires. */
const RENEW_MS = 9_000;
/** How long ago the last answer may be to speak for the server, ms. */
const ANSWER_MS = 15_000;

/** What the witness needs. */
export interface WitnessOptions extends Pick<LeaseWriterParts, 'kubernetes' | 'leases'> {
  /** The operator's own. */
  readonly namespace: string;
  readonly clock: Clock;
  /** 0 up to but not including 1. */
  readonly random: () => number;
  readonly log: Logger;
  readonly timings: Pick<HealthTimings, 'witnessMs' | 'answerMs'>;
  /** Whether the Droplet's host answers the operator; undefined where there is no way to ask it. Never rejects. */
  readonly answers: (
    droplet: Droplet,
    timeoutMs: number,
    signal: AbortSignal,
  ) => Promise<boolean | undefined>;
}

/**
 * The operator's own look at servers that others cannot reach. It looks only while somebody else complains, so that a
 * healthy fleet costs nothing, and votes as every observer does.
 */
export interface Witness {
  /** Looks at the Droplet's server, again and again, until `rest` or until the signal aborts. */
  lookAt(droplet: Droplet, signal: AbortSignal): void;
  /** Nobody complains any more. */
  rest(key: ObjectKey): void;
  /** Whether that server answered a moment ago. */
  hasAnswered(dropletID: number): boolean;
}

interface Look {
  readonly dropletID: number;
  readonly stop: AbortController;
  answeredAt: number;
}

/** A witness who looks at nothing yet. */
export function createWitness(options: WitnessOptions): Witness {
  const { clock } = options;
  const looks = new Map<ObjectKey, Look>();

  function rest(key: ObjectKey): void {
    looks.get(key)?.stop.abort();
    looks.delete(key);
  }

  return {
    rest,
    lookAt(droplet, signal) {
      const key = keyOf(droplet);
      const dropletID = droplet.status?.server?.id;
      if (dropletID === undefined) return rest(key);
      const before = looks.get(key);
      if (before?.dropletID === dropletID && !before.stop.signal.aborted) return;
      rest(key);
      const look: Look = { dropletID, stop: new AbortController(), answeredAt: -Infinity };
      looks.set(key, look);
      signal.addEventListener('abort', () => look.stop.abort(), { once: true, signal: look.stop.signal });
      void keepLooking(options, droplet, look, signal);
    },
    hasAnswered: dropletID =>
      [...looks.values()].some(
        look => look.dropletID === dropletID && clock.monotonic() - look.answeredAt <= ANSWER_MS,
      ),
  };
}

/** @param outer outlives the look: by it the vote is taken back at the end. */
async function keepLooking(
  options: WitnessOptions,
  droplet: Droplet,
  look: Look,
  outer: AbortSignal,
): Promise<void> {
  const { clock, random, log, timings, answers } = options;
  const { signal } = look.stop;
  const parts = { ...options, onFailure: (_lease: string, error: unknown) => complain(log, error) };
  const voting = createVoting(options, droplet, look.dropletID);
  const writer = createLeaseWriter(parts, signal);
  while (!signal.aborted) {
    const isThere = await answers(droplet, timings.answerMs, signal);
    if (signal.aborted) break;
    if (isThere) look.answeredAt = clock.monotonic();
    // Who cannot look says nothing: neither that it is there nor that it is not.
    if (isThere !== undefined) await voting.after(isThere, writer);
    await sleep(clock, timings.witnessMs * (0.9 + random() / 5), signal).catch(() => undefined);
  }
  await voting.end(createLeaseWriter(parts, outer));
}

const complain = (log: Logger, error: unknown): void =>
  log.warn(`the witness cannot vote: ${describeError(error)}`);

/** What follows from one look after the other. */
function createVoting({ namespace, clock }: WitnessOptions, droplet: Droplet, dropletID: number) {
  let inARow = 0;
  let wasThere = true;
  let failingSince = 0;
  let castAt: number | undefined;
  const vote = { dropletID, observer: WITNESS };

  async function end(writer: LeaseWriter): Promise<void> {
    if (castAt === undefined) return;
    const isGone = await writer.remove({ metadata: { name: voteName(vote), namespace } });
    if (isGone) castAt = undefined;
  }

  return {
    end,
    async after(isThere: boolean, writer: LeaseWriter): Promise<void> {
      inARow = isThere === wasThere ? inARow + 1 : 1;
      if (!isThere && inARow === 1) failingSince = clock.now();
      wasThere = isThere;
      if (isThere) return inARow >= SUCCESSES ? await end(writer) : undefined;
      const isDue = castAt === undefined || clock.monotonic() - castAt >= RENEW_MS;
      if (!(castAt !== undefined || inARow >= FAILURES) || !isDue) return;
      castAt = clock.monotonic();
      const { project } = droplet.spec;
      const word = {
        ...vote,
        target: keyOf(droplet),
        project,
        failingSince,
        renewedAt: clock.now(),
        flaps: 0,
      };
      await writer.write(voteLease(word, namespace, droplet));
    },
  };
}
