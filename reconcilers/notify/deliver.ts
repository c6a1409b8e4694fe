import { isDeliveryError } from '../../clients/delivery.ts';
import { describeError } from '../../clients/log/describe-error.ts';
import type { Run } from '../run.ts';
import type { Context } from './concern.ts';
import type { Route } from './routes.ts';

/** How a message fared. */
export type Delivery = { type: 'sent' } | { type: 'failed'; message: string; isTransient: boolean };

/** Sends one message by one route; counts it, and says in the log what a person should know. */
export async function deliver(
  route: Pick<Route, 'channel' | 'label'>,
  send: (signal: AbortSignal) => Promise<string | undefined>,
  { metrics }: Pick<Context, 'metrics'>,
  run: Run,
): Promise<Delivery> {
  const { channel, label } = route;
  try {
    // Two leaders would send everything twice.
    const remark = await run.fenced(send);
    metrics.sent.inc({ channel, result: 'sent' });
    if (remark !== undefined) run.log.warn(`${label}: ${remark}`);
    return { type: 'sent' };
  } catch (error) {
    run.signal.throwIfAborted();
    metrics.sent.inc({ channel, result: 'failed' });
    // What nobody foresaw must not stop the other routes.
    const isTransient = !isDeliveryError(error) || error.isTransient;
    const message = isDeliveryError(error) ? error.message : describeError(error);
    run.log.warn(`${label} could not be sent and is tried again: ${message}`);
    return { type: 'failed', message, isTransient };
  }
}
