import {
  isCloudError,
  isCloudUnreachable,
  isRateLimited,
  isRefused,
} from '../../clients/digitalocean/errors.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { RECONCILE_ANNOTATION } from '../../crds/names.ts';
import type { Context } from './concern.ts';
import type { CloudView, DropletPlan, DropletStep } from './model.ts';

type Patience = Pick<Context, 'pauses' | 'timings'>;

/** The steps that ask DigitalOcean for a change. */
const ASKS: ReadonlySet<DropletStep['type']> = new Set([
  'launch',
  'tag',
  'take-over',
  'destroy',
  'shut-down',
  'power-off',
  'power-cycle',
  'retire',
  'resize',
  'power-on',
]);

/** For how many ms a plan is not carried out, because what it asks for has just failed. */
export const heldMs = (context: Patience, droplet: Droplet, { steps }: DropletPlan): number =>
  steps.some(({ type }) => ASKS.has(type)) ? pausedMs(context, droplet) : 0;

/** For how many ms nothing is asked of the cloud for the Droplet. */
export const pausedMs = ({ pauses }: Patience, droplet: Droplet): number =>
  pauses.leftMs(keyOf(droplet), groundsOf(droplet));

/** Power that the cloud agreed to switch and then could not is not asked for at every reconcile. */
export function noteFailedAction(
  { pauses, timings }: Patience,
  droplet: Droplet,
  { action }: Pick<CloudView, 'action'>,
): void {
  if (action?.status !== 'errored' || !POWER.has(action.type)) return;
  pauses.failed(keyOf(droplet), {
    grounds: groundsOf(droplet),
    cause: action.type,
    id: droplet.status?.server?.actionID,
    firstMs: timings.pollMs,
    slowestMs: timings.slowestRefusedMs,
  });
}

const POWER: ReadonlySet<string> = new Set(['power_on', 'power_off']);

/** When to ask again for what the cloud has just refused, or failed at; undefined for any other failure. */
export function pauseAfter(
  error: unknown,
  { pauses, timings }: Patience,
  droplet: Droplet,
  hasServer: boolean,
): number | undefined {
  const { pollMs, refusedMs, slowestRefusedMs, retryMs, slowestRetryMs } = timings;
  const grounds = groundsOf(droplet);
  if (isRefused(error))
    return pauses.failed(keyOf(droplet), {
      grounds,
      cause: 'refused',
      // What a server that is there is refused may be due to what it is at this moment.
      firstMs: hasServer ? pollMs : refusedMs,
      // What is to be destroyed costs money until it is.
      slowestMs: isDeleted(droplet) ? refusedMs : slowestRefusedMs,
    });
  if (!isPassing(error)) return undefined;
  return pauses.failed(keyOf(droplet), {
    grounds,
    cause: 'failed',
    firstMs: retryMs,
    slowestMs: slowestRetryMs,
  });
}

/** Whether the same call may well succeed in a while. */
const isPassing = (error: unknown): boolean =>
  isCloudUnreachable(error) || isRateLimited(error) || (isCloudError(error) && (error.status ?? 0) >= 500);

const isDeleted = ({ metadata }: Droplet): boolean => metadata.deletionTimestamp !== undefined;

/** By whose word something is asked: a person's change, or `orchestrate --force`, is tried at once. A deletion is a generation too. */
const groundsOf = ({ metadata }: Droplet): string =>
  JSON.stringify([metadata.uid, metadata.generation, metadata.annotations?.[RECONCILE_ANNOTATION]]);
