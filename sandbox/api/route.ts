import type { IncomingHttpHeaders } from 'node:http';
import type { AccountContext } from '../account/context.ts';

/** A request that was understood, ready to be carried out. */
export interface Call {
  readonly operation: string;
  /** The path as it was asked for, from /v2 on. */
  readonly path: string;
  /** What stood in the path's `:name` places. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Empty when none was sent. */
  readonly body: Readonly<Record<string, unknown>>;
  /** What links in the reply begin with, without /v2. */
  readonly baseUrl: string;
  /** Milliseconds since the epoch, the same for the whole call. */
  readonly now: number;
  readonly context: AccountContext;
}

export interface Reply {
  readonly status: number;
  /** None for 204, and for 202 where there is nothing to say. */
  readonly body?: unknown;
}

/** Carries a call out at once, inside a transaction. Refuses with an ApiError, and then changes nothing. */
type Handler = (call: Call) => Reply;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `:name` where a segment varies. */
  readonly path: string;
  /** What the ledger, the faults and the hooks call it: `droplets.create`. */
  readonly operation: string;
  readonly handle: Handler;
}

export const ok = (body: unknown): Reply => ({ status: 200, body });
export const created = (body: unknown): Reply => ({ status: 201, body });
export const accepted = (body: unknown): Reply => ({ status: 202, body });
export const noContent = (): Reply => ({ status: 204 });

export interface Match {
  readonly route: Route;
  readonly params: Record<string, string>;
}

/** Finds the route of a request; the first that fits is it. */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => Match | undefined {
  const byShape = new Map<string, { route: Route; segments: string[] }[]>();
  for (const route of routes) {
    const segments = route.path.split('/');
    const shape = `${route.method} ${segments.length}`;
    byShape.set(shape, [...(byShape.get(shape) ?? []), { route, segments }]);
  }
  return (method, path) => {
    const asked = path.split('/');
    for (const { route, segments } of byShape.get(`${method} ${asked.length}`) ?? []) {
      const params = matchSegments(segments, asked);
      if (params !== undefined) return { route, params };
    }
    return undefined;
  };
}

function matchSegments(segments: string[], asked: string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const value = asked[index]!;
    if (segment.startsWith(':')) params[segment.slice(1)] = decode(value);
    else if (segment !== value) return undefined;
  }
  return params;
}

/** A segment that is no valid encoding stands for itself: it names nothing, so the answer is 404. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
