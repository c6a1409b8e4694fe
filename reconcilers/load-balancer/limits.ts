// How long nginx gives a request, in seconds: what the configuration says, and what follows from it for a server that
// is to be stopped.

/** How long an idle connection of a client is kept; also by a worker that ends, where nginx can do that. */
export const KEEPALIVE_S = 30;
/** How long a client may take over the head of a request. */
export const HEADER_S = 15;
/** How long a server may be silent before its request is given up. */
export const SILENCE_S = 300;

/**
 * How long after a reload, in ms, an old worker, and with it the configuration of before, may still begin a request:
 * the last one on a connection that it kept.
 */
export const LAST_REQUEST_MS = (KEEPALIVE_S + HEADER_S) * 1_000;
