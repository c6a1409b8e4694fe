import { nonceOf } from '../../crds/cloud-tags.ts';
import type { Droplet, DropletStatus } from '../../crds/droplet.ts';
import { DRILL_ANNOTATION, DRILL_FINALIZER } from '../../crds/names.ts';

/** What a Droplet's status says of its restore drill. */
export type Drill = NonNullable<DropletStatus['drill']>;

/** A server that carries the tag of the Droplet's drills, and is nobody else's. */
export interface DrillServer {
  id: number;
  status: 'new' | 'active' | 'off' | 'archive';
  publicAddress?: string;
  tags: readonly string[];
}

/** The snapshot that a drill makes a server from. */
export interface DrillSnapshot {
  id: string;
  /** RFC 3339. */
  createdAt: string;
}

/** What there is in the cloud of a drill that has asked for its server. */
export interface DrillView {
  servers: readonly DrillServer[];
  /** For how long this process has known of the request that the nonce names, ms. */
  nonceSeenMs: number;
  /** For how long the cloud has not shown the server that the status names, ms; undefined while it does. */
  missingMs?: number;
  /** The cloud has accepted the end of that server: nothing else is to be expected. */
  isEnding: boolean;
}

export type DrillStep =
  | { type: 'refuse'; request: string; message: string }
  | { type: 'begin'; request: string; snapshot: DrillSnapshot }
  | { type: 'take-off-word' }
  | { type: 'add-finalizer' }
  | { type: 'launch' }
  /** Something was reached, which is written down. */
  | { type: 'note'; fields: Partial<Drill> }
  | { type: 'connect' }
  | { type: 'check' }
  | { type: 'fail'; message: string }
  | { type: 'destroy'; ids: number[] }
  | { type: 'finish' }
  | { type: 'remove-finalizer' }
  | { type: 'wait' };

export interface DrillInput {
  droplet: Droplet;
  /** Of a drill that has a nonce. */
  view?: DrillView;
  /** Why no drill can begin, if so, else what it would be made from; looked for when one is asked for. */
  start?: DrillSnapshot | string;
  /** Wall time, ms. */
  now: number;
  timings: { stepMs: number; deadlineMs: number; launchGraceMs: number; absenceMs: number };
}

/**
 * What a restore drill does next:
 *
 *     the Droplet          | its drill                              | step
 *     ---------------------+----------------------------------------+--------------------------------------
 *     asks for this one    | any                                    | take its word off: it is followed
 *     asks for one         | none under way, and none can be        | refuse, and say why
 *     asks for one         | none under way                         | begin
 *     any                  | none under way, its finalizer is on    | take that off
 *     is being deleted     | before Removing                        | fail
 *     any                  | before Removing, a limit of time over  | fail
 *     any                  | Preparing, its finalizer is not on     | put it on
 *     any                  | Preparing                              | launch: firewall, nonce, server
 *     any                  | Creating, the server found by its nonce| note its id
 *     any                  | Creating, none, and none may come      | fail
 *     any                  | Creating, it is active                 | note it, and its address
 *     any                  | the server is gone, of itself          | fail
 *     any                  | Connecting                             | connect
 *     any                  | Checking                               | check
 *     any                  | Removing, there are servers            | destroy them
 *     any                  | Removing, one may still appear, or is  | wait
 *                          |  gone since a moment only              |
 *     any                  | Removing, there is none                | finish
 *     anything else        |                                        | wait
 */
export function planDrill(input: DrillInput): DrillStep {
  const { drill } = input.droplet.status ?? {};
  const request = requestOn(input.droplet);
  if (request !== undefined && request === drill?.request) return { type: 'take-off-word' };
  if (drill === undefined || !isUnderWay(drill)) return planNone(input, request);
  if (drill.step === 'Removing') return planRemoval(drill, input);
  const message = failureOf(drill, input);
  if (message !== undefined) return { type: 'fail', message };
  switch (drill.step) {
    case 'Preparing':
      return { type: hasFinalizer(input.droplet) ? 'launch' : 'add-finalizer' };
    case 'Creating':
      return planCreation(drill, input.view);
    case 'Connecting':
      return { type: 'connect' };
    case 'Checking':
      return { type: 'check' };
    case 'Done':
      return { type: 'wait' };
  }
}

/** Whether anything may be left of it. */
export const isUnderWay = ({ step }: Drill): boolean => step !== 'Done';

/** What asks for a drill, unless the Droplet goes; undefined when nothing does. */
export function requestOn({ metadata }: Droplet): string | undefined {
  const request = metadata.annotations?.[DRILL_ANNOTATION]?.trim();
  return metadata.deletionTimestamp === undefined && request ? request.slice(0, LONGEST_REQUEST) : undefined;
}

const LONGEST_REQUEST = 100;

const hasFinalizer = ({ metadata }: Droplet): boolean =>
  metadata.finalizers?.includes(DRILL_FINALIZER) ?? false;

function planNone({ droplet, start }: DrillInput, request: string | undefined): DrillStep {
  if (hasFinalizer(droplet)) return { type: 'remove-finalizer' };
  if (request === undefined || start === undefined) return { type: 'wait' };
  return typeof start === 'string'
    ? { type: 'refuse', request, message: start }
    : { type: 'begin', request, snapshot: start };
}

/** Why it cannot go on, if so. */
function failureOf(drill: Drill, { droplet, view, now, timings }: DrillInput): string | undefined {
  if (droplet.metadata.deletionTimestamp !== undefined)
    return `${droplet.metadata.name} was deleted during the drill`;
  if (now - Date.parse(drill.startedAt) > timings.deadlineMs)
    return `${stepIn(drill)} was not over within ${minutes(timings.deadlineMs)}${because(drill)}`;
  const since = drill.connectedAt ?? drill.activeAt ?? drill.launchedAt ?? drill.startedAt;
  if (now - Date.parse(since) > timings.stepMs)
    return `${stepIn(drill)} was not over within ${minutes(timings.stepMs)}${because(drill)}`;
  if ((view?.missingMs ?? 0) >= timings.absenceMs)
    return `droplet ${drill.serverID} is gone: somebody else destroyed it`;
  const isLost = drill.serverID === undefined && view !== undefined && found(drill, view) === undefined;
  if (isLost && view.nonceSeenMs > timings.launchGraceMs)
    return 'DigitalOcean never showed the droplet that was asked for';
  return undefined;
}

const minutes = (ms: number): string => `${Math.round(ms / 60_000)} minutes`;

const because = ({ message }: Drill): string => (message === undefined ? '' : `: ${message}`);

/** What a step is, for a sentence. */
const stepIn = ({ step }: Drill): string => WORDS[step];

const WORDS: Record<Drill['step'], string> = {
  Preparing: 'getting ready',
  Creating: 'the boot of the server',
  Connecting: 'the first connection by SSH',
  Checking: 'the check of its engine and services',
  Removing: 'its removal',
  Done: 'the drill',
};

const found = ({ serverID, nonce }: Drill, { servers }: DrillView): DrillServer | undefined =>
  servers.find(({ id, tags }) => (serverID === undefined ? nonceOf(tags) === nonce : id === serverID));

function planCreation(drill: Drill, view: DrillView | undefined): DrillStep {
  const server = view && found(drill, view);
  if (server === undefined) return { type: 'wait' };
  if (drill.serverID === undefined) return { type: 'note', fields: { serverID: server.id } };
  if (server.status !== 'active' || server.publicAddress === undefined) return { type: 'wait' };
  return { type: 'note', fields: { step: 'Connecting', address: server.publicAddress } };
}

function planRemoval(drill: Drill, { view, timings }: DrillInput): DrillStep {
  if (drill.nonce === undefined || view === undefined) return { type: 'finish' };
  const ids = view.servers.map(({ id }) => id);
  if (ids.length > 0) return { type: 'destroy', ids };
  if (drill.serverID === undefined)
    return { type: view.nonceSeenMs > timings.launchGraceMs || view.isEnding ? 'finish' : 'wait' };
  const isGone = view.isEnding || (view.missingMs ?? 0) >= timings.absenceMs;
  return { type: isGone ? 'finish' : 'wait' };
}
