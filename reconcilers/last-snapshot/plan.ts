import type { Droplet } from '../../crds/droplet.ts';

/** What the status says of the end of a server that holds data. */
export type LastSnapshot = NonNullable<NonNullable<Droplet['status']>['lastSnapshots']>[string];

/** An action that was asked for, as the cloud has it now. */
export interface AskedAction {
  type: string;
  status: 'in-progress' | 'completed' | 'errored';
}

/** A server that is about to be destroyed, and how far it is with its last snapshot. */
export interface LastView {
  server: { id: number; status: 'new' | 'active' | 'off' | 'archive'; locked: boolean };
  entry: LastSnapshot;
  /** The action that `entry.stopID` names. */
  stop?: AskedAction;
  /** For how many ms this process has seen that action with a server that is still on. */
  stopSeenMs: number;
  /** The action that `entry.actionID` names. */
  taking?: AskedAction;
  /** The snapshot of that name that is finished and good, and the tags that it lacks. */
  snapshot?: { id: string; missingTags: readonly string[] };
  /** It would have been listed by now. */
  hasHadTime: boolean;
}

/** What is done about it next. */
export type LastStep =
  | { type: 'shut-down' }
  | { type: 'power-off' }
  | { type: 'take' }
  | { type: 'tag'; snapshot: string; tags: readonly string[] }
  | { type: 'begin-again' }
  | { type: 'give-up'; why: string };

/** `safe` when the server may go. */
export type LastPlan = { type: 'safe' } | { type: 'wait'; message: string; step?: LastStep };

/**
 * How a server that holds data comes to be destroyed:
 *
 *     it has asked for  | the server          | then
 *     ------------------+---------------------+-------------------------------------------------------------
 *     nothing           | is at work          | wait
 *     nothing           | runs                | shut it down, so that its disk is as its databases left it
 *     nothing           | runs for long after | power it off
 *     nothing           | could not be so     | give up for now
 *     nothing           | is off              | take a snapshot
 *     a snapshot        | any                 | wait until it is there
 *     a snapshot        | any; it failed, or  | give up for now
 *                       |   never came        |
 *     a snapshot that   | is off              | put the tags on it by which it is found, then it is safe
 *        is there       | runs again          | begin again: what came since is not on it
 *
 * @param shutdownMs how long a guest has to shut down by itself.
 */
export function planLast(view: LastView, shutdownMs: number): LastPlan {
  return view.entry.name === undefined ? planStop(view, shutdownMs) : planTaken(view);
}

const wait = (message: string, step?: LastStep): LastPlan => ({
  type: 'wait',
  message,
  ...(step && { step }),
});

const isOn = ({ server: { status } }: LastView): boolean => status === 'active' || status === 'new';

function planStop(view: LastView, shutdownMs: number): LastPlan {
  const { server, stop, stopSeenMs } = view;
  if (!isOn(view)) return server.locked ? taking(view) : taking(view, { type: 'take' });
  const message = `shutting down droplet ${server.id} for a last snapshot before it is destroyed`;
  if (server.locked || stop?.status === 'in-progress') return wait(message);
  if (stop?.type === 'power_off' && stop.status === 'errored')
    return wait(message, { type: 'give-up', why: 'DigitalOcean failed to power it off' });
  if (stop?.type !== 'shutdown') return wait(message, { type: 'shut-down' });
  return wait(message, stopSeenMs < shutdownMs ? undefined : { type: 'power-off' });
}

const taking = ({ server: { id } }: LastView, step?: LastStep): LastPlan =>
  wait(`taking a last snapshot of droplet ${id} before it is destroyed`, step);

function planTaken(view: LastView): LastPlan {
  const { server, taking: action, snapshot, hasHadTime } = view;
  if (action?.status === 'in-progress' || (snapshot !== undefined && server.locked)) return taking(view);
  if (action?.status === 'errored')
    return taking(view, {
      type: 'give-up',
      why: "DigitalOcean failed to take it; see the droplet's history there",
    });
  if (snapshot === undefined)
    return taking(view, hasHadTime ? { type: 'give-up', why: 'DigitalOcean never showed it' } : undefined);
  if (isOn(view)) return taking(view, { type: 'begin-again' });
  const { id, missingTags } = snapshot;
  if (missingTags.length > 0) return taking(view, { type: 'tag', snapshot: id, tags: missingTags });
  return { type: 'safe' };
}

/** What is said while none can be had. */
export const noSnapshotMessage = (serverID: number, { failure }: LastSnapshot): string =>
  `droplet ${serverID} holds data and is kept, as no last snapshot was taken of it: ${failure}. That is tried again with backoff, and at once by "dropfleet orchestrate --force"`;
