import type { IncomingMessage, ServerResponse } from 'node:http';
import { settle } from '../account/actions/lifecycle.ts';
import type { Bill } from '../account/billing/billing.ts';
import type { Ledger, LedgerCall } from '../account/billing/ledger.ts';
import type { AccountContext } from '../account/context.ts';
import { parseBody, readBody } from '../api/body.ts';
import { ApiError } from '../api/errors.ts';
import { answerHosts, isHosts, type HostsParts } from './hosts.ts';

/** Whether a path is one of the sandbox's own, which the real API does not have. */
export const isControl = (path: string): boolean => path === '/sandbox' || path.startsWith('/sandbox/');

/** How many calls of the ledger are shown. */
const SHOWN_CALLS = 1000;

/** What the sandbox's own API needs. */
export interface ControlParts extends HostsParts {
  readonly context: AccountContext;
  readonly ledger: Ledger;
  readonly now: () => number;
}

/**
 * GET, PUT (sets the switches that are named) and DELETE of /sandbox/faults, GET of /sandbox/ledger, and the
 * machines under /sandbox/hosts. They need no token, count against no limit, and appear in no ledger.
 */
export async function answerControl(
  parts: ControlParts,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  try {
    const [method, text] = [request.method ?? 'GET', await readBody(request)];
    const reply = isHosts(path)
      ? await answerHosts(parts, method, path, parseBody(text))
      : controlReply(parts, `${method} ${path}`, text);
    send(response, 200, reply);
  } catch (error) {
    send(response, error instanceof ApiError ? error.status : 400, { message: (error as Error).message });
  }
}

function controlReply({ context, ledger, now }: ControlParts, request: string, text: string): unknown {
  switch (request) {
    case 'GET /sandbox/faults':
      return context.faults.get();
    case 'PUT /sandbox/faults':
      context.faults.set(parseBody(text));
      return context.faults.get();
    case 'DELETE /sandbox/faults':
      context.faults.clear();
      return context.faults.get();
    case 'GET /sandbox/ledger':
      return ledgerView({ context, ledger, now });
    default:
      throw new ApiError(
        404,
        'not_found',
        'The sandbox has /sandbox/faults, /sandbox/ledger and /sandbox/hosts.',
      );
  }
}

/** What /sandbox/ledger answers. */
export interface LedgerView {
  /** Calls of each operation since the sandbox started. */
  readonly counts: Readonly<Record<string, number>>;
  /** Those of them that were answered with an error, or not at all. */
  readonly failures: Readonly<Record<string, number>>;
  /** Since the account began. */
  readonly bill: Bill;
  /** The newest. */
  readonly calls: readonly LedgerCall[];
}

/** What was due by now is on the bill, whether anybody asked the API since or not. */
function ledgerView({
  context,
  ledger,
  now: clock,
}: Pick<ControlParts, 'context' | 'ledger' | 'now'>): LedgerView {
  const now = clock();
  context.state.transaction(() => settle(context, now));
  return {
    counts: ledger.countBy(),
    failures: ledger.failuresBy(),
    bill: ledger.bill(now),
    calls: ledger.calls.slice(-SHOWN_CALLS),
  };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(`${JSON.stringify(body, undefined, 2)}\n`);
}
