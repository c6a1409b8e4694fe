import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clients/clock.ts';

/** Those who look at something that changes, each by a stream of server-sent events. */
export interface Feed {
  /** Sends what there is now, and again whenever it is another; false when there are too many already. */
  join(response: ServerResponse): boolean;
  /** It may be another now. */
  readonly changed: () => void;
}

/** What a feed needs. */
export interface FeedOptions {
  /** What there is now, as one line. */
  read: () => string;
  /** Hears why it could not be read; who looks goes on to see what was. */
  onError: (error: unknown) => void;
  clock: Clock;
  /** Called with the first that looks, and when the last has gone: until then nothing need be watched for them. */
  onAudience: (isThere: boolean) => void;
}

/** Changes that come within so long are told together, ms. */
const SETTLE_MS = 500;
/** Of the time, at most this share goes into telling: a large fleet is told of less often. */
const SHARE = 0.05;
/** How often something is sent though nothing is new, ms: proxies cut what is silent for a minute. */
const BEAT_MS = 20_000;
const MOST_VIEWERS = 50;

/** A feed that nobody looks at yet, and that does nothing until somebody does. */
export function createFeed({ read, onError, clock, onAudience }: FeedOptions): Feed {
  const viewers = new Set<ServerResponse>();
  let last: string | undefined;
  let pauseMs = SETTLE_MS;
  let isPending = false;
  let stopBeat: (() => void) | undefined;

  /** Whoever looks must not bring down what he looks at. */
  function readSafely(): string | undefined {
    try {
      return read();
    } catch (error) {
      onError(error);
      return undefined;
    }
  }

  function tell(): void {
    const startedAt = clock.monotonic();
    const text = readSafely();
    pauseMs = Math.max(SETTLE_MS, (clock.monotonic() - startedAt) / SHARE);
    if (text === undefined || text === last) return;
    last = text;
    for (const viewer of viewers) send(viewer);
  }

  function send(viewer: ServerResponse): void {
    // Who is slow gets the newest when the one before has gone out.
    if (last === undefined || viewer.writableNeedDrain) return;
    viewer.write(`event: fleet\ndata: ${last}\n\n`);
  }

  function changed(): void {
    if (viewers.size === 0 || isPending) return;
    isPending = true;
    clock.after(pauseMs, () => {
      isPending = false;
      // The last may have gone meanwhile.
      if (viewers.size > 0) tell();
    });
  }

  function beat(): void {
    stopBeat = clock.after(BEAT_MS, () => {
      for (const viewer of viewers) viewer.write(now());
      beat();
    });
  }

  const now = (): string => `event: now\ndata: ${clock.now()}\n\n`;

  return {
    changed,
    join(response) {
      if (viewers.size >= MOST_VIEWERS) return false;
      viewers.add(response);
      if (viewers.size === 1) {
        onAudience(true);
        beat();
      }
      response.on('drain', () => send(response));
      response.on('close', () => {
        viewers.delete(response);
        if (viewers.size > 0) return;
        stopBeat?.();
        onAudience(false);
      });
      response.write(now());
      // What the last one saw may be old.
      if (viewers.size === 1) last = undefined;
      if (last === undefined) tell();
      else send(response);
      return true;
    },
  };
}
