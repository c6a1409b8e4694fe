import type { Clock } from '../clock.ts';
import { createChannelSlots, type ChannelSlots } from './channel-slots.ts';
import { openConnection, type Connection } from './connection.ts';
import type { HostAccess } from './ssh.ts';

/** sshd allows 10 (MaxSessions); a person may need one too. */
const MOST_CHANNELS = 8;
/** How long a connection that nobody uses is kept: longer than hosts are left alone, as a login is dear. */
const IDLE_MS = 180_000;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 30_000;

/** A connection with its slots. */
export interface OpenConnection {
  readonly connection: Connection;
  readonly slots: ChannelSlots;
  /** Ends the connection; from now on others get another. */
  discard(): void;
}

/** The one connection to a host, made when it is asked for and there is none. */
export interface SharedConnection {
  /**
   * The connection. After a failure the next attempt waits a while (1 s, doubling to 30 s, less up to half of it
   * by chance); who asks meanwhile is told the failure again, at once.
   */
  open(): Promise<OpenConnection>;
  /** Whether there is nothing to remember: no connection, and no failure that still holds others back. */
  isForgettable(): boolean;
  /** Ends the connection, or the attempt to make it. */
  end(): void;
}

/** Nothing is connected yet. */
export function shareConnection(access: HostAccess, clock: Clock, random: () => number): SharedConnection {
  let current: Promise<OpenConnection> | undefined;
  let failures = 0;
  let lastFailure: unknown;
  let retryAt = 0;
  const over = new AbortController();

  async function connect(): Promise<Connection> {
    try {
      const connection = await openConnection(access, clock, over.signal);
      failures = 0;
      return connection;
    } catch (error) {
      const wait = Math.min(FIRST_BACKOFF_MS * 2 ** failures++, LONGEST_BACKOFF_MS);
      retryAt = clock.monotonic() + wait * (1 - random() / 2);
      lastFailure = error;
      throw error;
    }
  }

  function begin(): Promise<OpenConnection> {
    const forget = (): void => {
      if (current === opening) current = undefined;
    };
    const opening = connect().then(connection => {
      connection.onClose(forget);
      const discard = (): void => {
        forget();
        connection.end();
      };
      return { connection, slots: createSlots(connection, clock), discard };
    });
    opening.catch(forget);
    return opening;
  }

  return {
    async open() {
      if (current === undefined && failures > 0 && clock.monotonic() < retryAt) throw lastFailure;
      current ??= begin();
      return await current;
    },
    isForgettable: () => current === undefined && clock.monotonic() >= retryAt,
    end() {
      over.abort();
      current?.then(
        ({ connection }) => connection.end(),
        () => undefined,
      );
    },
  };
}

/** The connection's slots; it ends when none was taken for a while. */
function createSlots(connection: Connection, clock: Clock): ChannelSlots {
  const endIfIdle = (): void => {
    if (slots.inUse === 0) connection.end();
  };
  let cancel = clock.after(IDLE_MS, endIfIdle);
  let isOver = false;
  const slots = createChannelSlots(MOST_CHANNELS, () => {
    cancel();
    // Commands that the end of the connection cut off give their slots back after it.
    if (!isOver) cancel = clock.after(IDLE_MS, endIfIdle);
  });
  connection.onClose(() => {
    isOver = true;
    cancel();
  });
  return slots;
}
