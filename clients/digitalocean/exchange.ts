/** One HTTP request to DigitalOcean. */
export interface Request {
  /** The method of Cloud that makes it. */
  operation: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** The path below `/v2`, with its query. */
  path: string;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

/** What came back, whatever its status. */
export interface Reply {
  status: number;
  /** The parsed JSON; undefined when the body is empty or anything else. */
  data: unknown;
  /** Requests left in this hour. */
  remaining?: number;
  /** Milliseconds until the hour's limit, which is used up, gives a request again; five minutes at most. */
  resetMs?: number;
  /** Milliseconds to wait, by `retry-after`; five minutes at most. */
  retryAfterMs?: number;
}
