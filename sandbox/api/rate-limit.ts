/** Requests that one token may make. */
export interface Limits {
  readonly perHour: number;
  readonly perMinute: number;
}

/** DigitalOcean's own limits. */
export const DIGITALOCEAN_LIMITS: Limits = { perHour: 5000, perMinute: 250 };

const HOUR = 3_600_000;
const MINUTE = 60_000;
/** Listing SSH keys has a limit of its own. */
const KEY_LISTS_PER_MINUTE = 10;

/** What the limits say of one request. */
export interface Verdict {
  /** For every reply. */
  readonly headers: Readonly<Record<string, string>>;
  /** Which limit refuses it; refused requests do not count. */
  readonly refusedBy?: 'hour' | 'minute';
  /** Seconds until a burst is over. */
  readonly retryAfter?: number;
}

export interface RateLimiter {
  /** Counts a request of `token`, at `now` in milliseconds, unless a limit refuses it. */
  admit(token: string, operation: string, now: number): Verdict;
  /** What the headers are without counting. */
  peek(token: string, now: number): Verdict;
}

/** Sliding windows, one set for each token. */
export function createRateLimiter(limits: Limits): RateLimiter {
  const tokens = new Map<string, TokenWindows>();
  const windowsOf = (token: string): TokenWindows => {
    const windows = tokens.get(token) ?? newWindows(limits);
    tokens.set(token, windows);
    return windows;
  };
  return {
    admit: (token, operation, now) => admit(windowsOf(token), operation, now),
    peek: (token, now) => ({ headers: headersOf(windowsOf(token).hour, now) }),
  };
}

interface TokenWindows {
  readonly hour: Window;
  readonly minute: Window;
  readonly keyLists: Window;
}

const newWindows = (limits: Limits): TokenWindows => ({
  hour: createWindow(limits.perHour, HOUR),
  minute: createWindow(limits.perMinute, MINUTE),
  keyLists: createWindow(KEY_LISTS_PER_MINUTE, MINUTE),
});

function admit(windows: TokenWindows, operation: string, now: number): Verdict {
  const { hour } = windows;
  const bursts = operation === 'keys.list' ? [windows.minute, windows.keyLists] : [windows.minute];
  const full = bursts.find(window => window.left(now) === 0);
  if (hour.left(now) === 0) return { headers: headersOf(hour, now), refusedBy: 'hour' };
  if (full !== undefined)
    return { headers: headersOf(hour, now), refusedBy: 'minute', retryAfter: secondsUntil(full, now) };
  for (const window of [hour, ...bursts]) window.count(now);
  return { headers: headersOf(hour, now) };
}

const secondsUntil = (window: Window, now: number): number =>
  Math.max(1, Math.ceil((window.freeAt(now) - now) / 1000));

function headersOf(hour: Window, now: number): Record<string, string> {
  return {
    'ratelimit-limit': String(hour.limit),
    'ratelimit-remaining': String(hour.left(now)),
    'ratelimit-reset': String(Math.ceil(hour.freeAt(now) / 1000)),
  };
}

/** How many of the last `span` milliseconds' requests still count. */
interface Window {
  readonly limit: number;
  left(now: number): number;
  count(now: number): void;
  /** When the oldest request stops counting, in milliseconds since the epoch; `now` if none counts. */
  freeAt(now: number): number;
}

function createWindow(limit: number, span: number): Window {
  let times: number[] = [];
  let first = 0;
  const expire = (now: number): void => {
    while (first < times.length && times[first]! + span <= now) first += 1;
    if (first < 1000) return;
    times = times.slice(first);
    first = 0;
  };
  return {
    limit,
    left(now) {
      expire(now);
      return Math.max(0, limit - (times.length - first));
    },
    count: now => void times.push(now),
    freeAt(now) {
      expire(now);
      return (times[first] ?? now - span) + span;
    },
  };
}
