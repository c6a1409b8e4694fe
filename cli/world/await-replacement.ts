import { findCondition, isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import { CONFIRMATION_REQUIRED } from '../../crds/names.ts';
import type { FleetWatch } from './fleet-watch.ts';

/** How the wait for another server ended. */
export type ReplacementEnding =
  | { state: 'replaced'; id: number }
  | { state: 'held'; message: string }
  | { state: 'gone' }
  | { state: 'timeout'; waitingFor: string };

/**
 * Waits until another server than that one is the Droplet's, and Ready.
 *
 * @param show gets each line of how it goes.
 * @param signal its abort counts as a timeout.
 */
export function awaitReplacement(
  fleet: Pick<FleetWatch, 'droplets' | 'onChange'>,
  key: ObjectKey,
  serverID: number,
  show: (line: string) => void,
  signal: AbortSignal,
): Promise<ReplacementEnding> {
  return new Promise(resolve => {
    let said = '';
    const check = (): void => {
      const droplet = fleet.droplets().find(one => keyOf(one) === key);
      const line = droplet === undefined ? '' : stateOf(droplet, serverID);
      if (line !== said && line !== '') show(line);
      said = line;
      const ending = endingOf(droplet, serverID);
      if (ending !== undefined) resolve(ending);
      else if (signal.aborted) resolve({ state: 'timeout', waitingFor: line });
    };
    fleet.onChange(check);
    signal.addEventListener('abort', check, { once: true });
    check();
  });
}

function endingOf(droplet: Droplet | undefined, serverID: number): ReplacementEnding | undefined {
  if (droplet === undefined) return { state: 'gone' };
  const { conditions, server } = droplet.status ?? {};
  const held = findCondition(conditions, CONFIRMATION_REQUIRED);
  if (held?.status === 'True') return { state: 'held', message: held.message };
  if (server?.id === undefined || server.id === serverID) return undefined;
  return isConditionTrue(conditions, 'Ready') ? { state: 'replaced', id: server.id } : undefined;
}

/** While nothing is done to it yet, what its observers say tells why. */
function stateOf({ metadata, status }: Droplet, serverID: number): string {
  const isWaiting = status?.server?.id === serverID && status.recovery?.serverID !== serverID;
  const healthy = findCondition(status?.conditions, 'Healthy');
  const { reason, message } = findCondition(status?.conditions, 'Ready') ?? NOTHING_KNOWN;
  if (!isWaiting) return `${metadata.name}: ${reason}: ${message}`;
  return `${metadata.name}: asked for${healthy === undefined ? '' : `; ${healthy.message}`}`;
}

const NOTHING_KNOWN = { reason: 'Pending', message: 'not looked at yet' };
