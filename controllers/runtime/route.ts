import type { IncomingMessage, ServerResponse } from 'node:http';

/** What is served on the port of the metrics besides them, and only read. */
export interface Route {
  /** Answers a GET or a HEAD, now or later; false when the path is not one of its own, and nothing was done. */
  answer(request: IncomingMessage, response: ServerResponse, url: URL): boolean;
}
