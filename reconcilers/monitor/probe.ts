import type { Clock } from '../../clients/clock.ts';
import type { Duplex } from 'node:stream';
import { createChannelSlots, type ChannelSlots } from '../../clients/ssh/channel-slots.ts';
import { isCommandAborted, isForwardRefused } from '../../clients/ssh/errors.ts';
import type { SshHost } from '../../clients/ssh/ssh.ts';
import type { Place } from './watch-plan.ts';

/** How long a target has to answer, in milliseconds. */
export const PROBE_TIMEOUT_MS = 2_000;
/** How long the first port has to itself: within a VPC an answer takes a few milliseconds. */
const HEAD_START_MS = 250;
/** What a web server is asked: the answer is a line, whatever it is. */
const HTTP_QUESTION = 'HEAD / HTTP/1.0\r\n\r\n';
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
        const question = i > 0 ? HTTP_QUESTION : undefined;
        return over.signal.aborted
          ? 'silent'
          : await knock(host, { address: place.address, port, question }, over.signal);
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

interface Door {
  readonly address: string;
  readonly port: number;
  /** For who does not speak first, as sshd does. */
  readonly question: string | undefined;
}

/**
 * One TCP connection, closed at the first word. What takes it and says nothing is a kernel at most; that it is refused
 * or hung up is a sign of life as well.
 */
async function knock(host: SshHost, door: Door, signal: AbortSignal): Promise<Reply> {
  const { address, port, question } = door;
  try {
    const stream = await host.forward(address, port, { signal });
    if (question !== undefined) stream.write(question);
    return (await says(stream, signal)) ? 'answered' : 'silent';
  } catch (error) {
    if (isForwardRefused(error)) return REPLIES[error.refusal];
    return isCommandAborted(error) ? 'silent' : 'unusable';
  }
}

/** Whether anything comes from there, be it the end, before the signal aborts. */
function says(stream: Duplex, signal: AbortSignal): Promise<boolean> {
  return new Promise(resolve => {
    const end = (isWord: boolean): void => {
      signal.removeEventListener('abort', giveUp);
      stream.destroy();
      resolve(isWord);
    };
    const giveUp = (): void => end(false);
    const heard = (): void => end(true);
    stream
      .on('error', () => undefined)
      .once('data', heard)
      .once('end', heard)
      .once('close', heard);
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
  });
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
