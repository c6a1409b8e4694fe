import { sleep, type Clock } from '../clock.ts';
import { assertMayAct } from '../guard.ts';
import { isCloudError, isRateLimited, type CloudError } from './errors.ts';
import { neverSent, refused } from './failures.ts';
import type { BudgetKind, RateBudget } from './rate-budget.ts';
import type { Reply, Request } from './exchange.ts';
import type { Transport } from './transport.ts';

/** One request as the metrics want it; a retry is another request. */
export interface RequestReport {
  /** The method of Cloud. */
  operation: string;
  /** The HTTP status, or the network's code when there was no reply. */
  code: string;
  seconds: number;
  /** Requests left in this hour, when the reply says so. */
  remaining?: number;
}

/** How often a request is sent at most. */
const MOST_ATTEMPTS = 4;
const FIRST_BACKOFF_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/** What a caller needs. */
export interface CallerOptions {
  transport: Transport;
  budget: RateBudget;
  clock: Clock;
  random: () => number;
  onRequest?: ((report: RequestReport) => void) | undefined;
}

/**
 * Makes the function that sends a request when the budget allows, again where that is safe, and throws a
 * CloudError for every reply of 400 or more. What is sent again:
 *
 *   GET, PUT, DELETE   after no reply, 5xx, 429
 *   POST               after 429 only, which says that nothing was done
 */
export function createCaller(options: CallerOptions): (request: Request) => Promise<Reply> {
  return async request => {
    for (let attempt = 1; ; attempt++) {
      const outcome = await attemptOnce(options, request);
      if (!isCloudError(outcome)) return outcome;
      if (attempt === MOST_ATTEMPTS || !mayRepeat(request, outcome)) throw outcome;
      // After a 429 the budget itself holds the next attempt back.
      if (!isRateLimited(outcome)) await backOff(options, request, outcome, attempt);
    }
  };
}

async function attemptOnce(options: CallerOptions, request: Request): Promise<Reply | CloudError> {
  const { transport, budget, clock, onRequest } = options;
  const { operation, signal } = request;
  const kind = kindOf(operation);
  await unlessAborted(request, budget.take(kind, signal));
  mustStillAct(request);
  const start = clock.monotonic();
  const report = (code: string, remaining?: number): void =>
    onRequest?.({
      operation,
      code,
      seconds: (clock.monotonic() - start) / 1000,
      ...(remaining !== undefined && { remaining }),
    });
  try {
    const reply = await transport.send(request);
    budget.report(kind, reply);
    report(String(reply.status), reply.remaining);
    return reply.status < 400 ? reply : refused(request, reply);
  } catch (error) {
    if (!isCloudError(error)) throw error;
    report(error.code ?? 'UNKNOWN');
    return error;
  }
}

/** What ends something, saves something or waits for one of these goes first; what only adds goes last. */
const URGENT = /^(delete|shutdown|power|getAction$)/;

function kindOf(operation: string): BudgetKind {
  if (operation === 'listKeys') return 'keys';
  if (operation === 'createDroplet') return 'create';
  return URGENT.test(operation) ? 'urgent' : 'ordinary';
}

function mayRepeat({ method, signal }: Request, error: CloudError): boolean {
  if (signal?.aborted) return false;
  if (isRateLimited(error)) return true;
  return method !== 'POST' && (error.status === undefined || error.status >= 500);
}

async function backOff(
  { clock, random }: CallerOptions,
  request: Request,
  { retryAfterMs }: CloudError,
  attempt: number,
): Promise<void> {
  const backoff = FIRST_BACKOFF_MS * 2 ** (attempt - 1) * (0.5 + random());
  const wait = Math.min(retryAfterMs ?? backoff, LONGEST_WAIT_MS);
  await unlessAborted(request, sleep(clock, wait, request.signal));
}

/** Waits for something that rejects only when the request's signal aborts. */
async function unlessAborted(request: Request, waiting: Promise<void>): Promise<void> {
  try {
    await waiting;
  } catch (error) {
    throw neverSent(request, error);
  }
}

/** The turn may have come after minutes, and the machine may have slept through them: by now another may lead. */
function mustStillAct(request: Request): void {
  try {
    assertMayAct(request.signal);
  } catch (error) {
    throw neverSent(request, error);
  }
}
