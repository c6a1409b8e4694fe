import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import type { Context } from '../context.ts';
import type { CloudView, ServerStatus } from './model.ts';

/** For how many ms this process has seen the guest's shutdown under way or over, and its server still on. */
export function actionSeenMs(context: Pick<Context, 'since'>, droplet: Droplet, view: CloudView): number {
  const key = keyOf(droplet);
  if (view.action?.type === 'shutdown' && view.server?.status === 'active')
    return context.since.ageMs(shutdownOf(key), `${droplet.status?.server?.actionID}`);
  forgetActions(context, key);
  return 0;
}

/** There is no shutdown to wait for. */
export const forgetActions = ({ since }: Pick<Context, 'since'>, key: ObjectKey): void =>
  since.forget(shutdownOf(key));

const shutdownOf = (key: ObjectKey): string => `shutdown of ${key}`;

/** An action that says nothing about what comes next is no longer named. */
export function withoutOldAction(status: ServerStatus, view: CloudView, droplet: Droplet): ServerStatus {
  if (status.actionID === undefined || !isOld(view, droplet)) return status;
  const { actionID: _done, ...rest } = status;
  return rest;
}

/**
 * Whether the action that the view was made for is history: the server is as it should be, or off as it was to be (who
 * powers it on again by hand has not asked for its power to be cut), or the cloud does not know the action any more.
 */
function isOld({ action, server }: CloudView, { spec }: Droplet): boolean {
  if (action === undefined) return true;
  if (action.status === 'in-progress' || server === undefined || server.locked) return false;
  if (server.status === 'active') return server.size === spec.size;
  return STOPS.has(action.type);
}

const STOPS: ReadonlySet<string> = new Set(['shutdown', 'power_off']);

/** A size that nobody asks for any more, or that the server has by now, is no longer said to be refused. */
export function withoutOldResize(status: ServerStatus, { spec }: Droplet): ServerStatus {
  const { resize, ...rest } = status;
  if (resize === undefined) return status;
  return resize.size !== spec.size || status.size === spec.size ? rest : status;
}
