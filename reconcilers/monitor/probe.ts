import type { Clock } from '../../clients/clock.ts';
import { createChannelSlots, type ChannelSlots } from '../../clients/ssh/channel-slots.ts';
import { isCommandAborted, isForwardRefused } from '../../clients/ssh/errors.ts';
import type { SshHost } from '../../clients/ssh/ssh.ts';
import type { Place } from './watch-plan.ts';

/** How long a target has to answer, in milliseconds. */
export const PROBE_TIMEOUT_MS = 2_000;
/** How long the first port has to itself: within a VPC an answer takes a few milliseconds. */
const HEAD_START_MS = 250;
/** Whoever wakes so late after a timeout has stood still, and what came meanwhile was not read yet. */
const STANDSTILL_MS = 1_000;
/** Of two channels each, which are the 8 of a connection; more wait, and their time begins when it is their turn. */
const MOST_PROBES = 4;

/** `unusable`: the observer itself could not look. */
export type Reply = 'answered' | 'silent' | 'unusable';

/** Looks from one server at others, through the SSH connection to it. */
export interface Prober {
  /** Whether anything answers at a place; `began` is called when it is this probe's turn. */
  look(host: SshHost, place: Place, signal: AbortSignal, began?: () => void): Promise<Reply>;
  /**
   * Whether the silence of others means anything: the server itself answers over its connection, and so does one of
   * `references`, when there are any.
   */
  isConnected(host: SshHost, references: readonly Place[], signal: AbortSignal): Promise<boolean>;
}

/** For one server: its probes share a few channels. `sshPort` is where its own sshd answers. */
export function createProber(clock: Clock, sshPort: number): Prober {
  const slots: ChannelSlots = createChannelSlots(MOST_PROBES, () => undefined);

  async function look(host: SshHost, place: Place, signal: AbortSignal, began?: () => void): Promise<Reply> {
    const release = await slots.take(signal);
    try {
      began?.();
      return await lookWithin(clock, host, place, signal);
    } finally {
      release();
    }
  }

  return {
    look,
    async isConnected(host, references, signal) {
      const own = look(host, { address: '127.0.0.1', ports: [sshPort] }, signal);
      const others = references.map(place => look(host, place, signal));
      const replies = await Promise.all([own, references.length === 0 ? own : firstAnswer(others)]);
      return replies.every(reply => reply === 'answered');
    },
  };
}

async function lookWithin(clock: Clock, host: SshHost, place: Place, signal: AbortSignal): Promise<Reply> {
  const over = new AbortController();
  const end = (): void => over.abort(new Error('the probe is over'));
  const beganAt = clock.monotonic();
  const cancel = clock.after(PROBE_TIMEOUT_MS, end);
  signal.addEventListener('abort', end, { once: true });
  try {
    const reply = await firstAnswer(
      place.ports.map(async (port, i) => {
        if (i > 0) await headStart(clock, over.signal);
        return over.signal.aborted ? 'silent' : await knock(host, place.address, port, over.signal);
      }),
    );
    const isLate = clock.monotonic() - beganAt > PROBE_TIMEOUT_MS + STANDSTILL_MS;
    return signal.aborted || (isLate && reply === 'silent') ? 'unusable' : reply;
  } finally {
    cancel();
    signal.removeEventListener('abort', end);
    end();
  }
}

/** Resolves at the first answer, else when all have failed. */
function firstAnswer(attempts: readonly Promise<Reply>[]): Promise<Reply> {
  return new Promise((resolve, reject) => {
    for (const attempt of attempts)
      attempt.then(reply => {
        if (reply === 'answered') resolve(reply);
      }, reject);
    Promise.all(attempts).then(
      replies => resolve(replies.includes('unusable') ? 'unusable' : 'silent'),
      reject,
    );
  });
}

/** One TCP connection, closed as soon as it is there. That it is refused is a sign of life as well. */
async function knock(host: SshHost, address: string, port: number, signal: AbortSignal): Promise<Reply> {
  try {
    const stream = await host.forward(address, port, { signal });
    stream.on('error', () => undefined).resume();
    stream.destroy();
    return 'answered';
  } catch (error) {
    if (isForwardRefused(error)) return REPLIES[error.refusal];
    return isCommandAborted(error) ? 'silent' : 'unusable';
  }
}

const REPLIES = { refused: 'answered', unreachable: 'silent', prohibited: 'unusable' } as const;

/** Resolves early where the probe is over before. */
function headStart(clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      cancel();
      resolve();
    };
    const cancel = clock.after(HEAD_START_MS, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
