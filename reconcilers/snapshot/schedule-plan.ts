import { compareNames } from '../read-model/by-name.ts';
import { isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Project } from '../../crds/project.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { isAvailable } from '../service/placement-plan.ts';
import type { SnapshotTimings } from './concern.ts';

/** Why a snapshot is taken. */
export type SnapshotCause = NonNullable<NonNullable<Droplet['status']>['snapshotting']>['cause'];

/** What it depends on whether a project's snapshot is due. */
export interface ScheduleInput {
  project: Pick<Project, 'spec'>;
  /** The project's. */
  droplets: readonly Droplet[];
  /** The project's. */
  services: readonly ServiceDeployment[];
  /** DigitalOcean's ids of the servers that are there and that no action is under way on. */
  idleServers: ReadonlySet<number>;
  /** Wall time, ms. */
  now: number;
  timings: Pick<SnapshotTimings, 'dayMs' | 'settleMs' | 'patienceMs' | 'lookMs'>;
}

/** What to do now. */
export type Schedule =
  | { type: 'take'; droplet: Droplet; cause: SnapshotCause }
  /** To look again then, or when something changes. */
  | { type: 'later'; ms: number };

/**
 * Whether a snapshot of one of the project's servers is due, and of which. By the first line that holds:
 *
 *     snapshots are off, or the project is suspended      | none
 *     one of the project's is being taken                 | none
 *     a production release has served for five minutes    | of the master, whose data belong to it from now on;
 *       and the server has no snapshot since              |   then of one web: all of them are equal
 *     the master's last is a day old, or it has none      | of the master
 *       and is a day old itself                           |
 *
 * None of a server that is not as it should be: not reachable, resized, drained, or at work for the cloud; nor while a
 * service is rolled out, whose health checks would meet a database that stands still. A daily one waits an hour for that.
 */
export function planSchedule(input: ScheduleInput): Schedule {
  const { project, droplets, now, timings } = input;
  const later: Schedule = { type: 'later', ms: timings.lookMs };
  if (project.spec.snapshots === 'off' || project.spec.suspend) return later;
  if (droplets.some(({ status }) => status?.snapshotting !== undefined)) return later;
  const wishes = serversOf(input).flatMap(droplet => wishesFor(droplet, input));
  const due = wishes.find(
    ({ at, cause }) => at <= now && (!isRolling(input) || mayInterrupt(at, cause, input)),
  );
  if (due !== undefined) return { type: 'take', droplet: due.droplet, cause: due.cause };
  const next = Math.min(...wishes.map(({ at }) => at).filter(at => at > now));
  return { type: 'later', ms: Math.min(timings.lookMs, next - now) };
}

/** The master, and the web that stands for all: the first that is as it should be. */
function serversOf({ droplets, idleServers }: ScheduleInput): Droplet[] {
  const usable = droplets.filter(
    droplet =>
      isAvailable(droplet) &&
      droplet.spec.size === droplet.status?.server?.size &&
      idleServers.has(droplet.status.server.id ?? 0),
  );
  const master = usable.find(({ spec }) => spec.role === 'master');
  const [web] = usable.filter(({ spec }) => spec.role === 'web').toSorted(byNumber);
  return [master, web].filter(droplet => droplet !== undefined);
}

/** So that web10 comes after web9. */
const byNumber = ({ metadata: a }: Droplet, { metadata: b }: Droplet): number => compareNames(a.name, b.name);

interface Wish {
  droplet: Droplet;
  cause: SnapshotCause;
  /** When it is due, wall time in ms. */
  at: number;
}

function wishesFor(droplet: Droplet, { services, now, timings }: ScheduleInput): Wish[] {
  const { metadata, spec, status } = droplet;
  const last = timeOf(status?.snapshot?.createdAt, now);
  const released = Math.max(...services.filter(runsOn(droplet)).map(releasedAt));
  const born = timeOf(metadata.creationTimestamp, now) ?? now;
  return [
    ...(released > (last ?? Number.NEGATIVE_INFINITY)
      ? [{ droplet, cause: 'release' as const, at: released + timings.settleMs }]
      : []),
    ...(spec.role === 'master'
      ? [{ droplet, cause: 'daily' as const, at: (last ?? born) + timings.dayMs }]
      : []),
  ];
}

/** A time in the future was written by a clock that was wrong: it is as none. */
function timeOf(text: string | undefined, now: number): number | undefined {
  const time = Date.parse(text ?? '');
  return time <= now ? time : undefined;
}

/** A release concerns the master whatever runs there: its database is as this release made it. */
const runsOn =
  ({ metadata, spec }: Droplet) =>
  ({ spec: service, status }: ServiceDeployment): boolean =>
    service.environment === 'prod' &&
    (status?.endpoints ?? []).length > 0 &&
    (spec.role === 'master' || service.type !== 'infra') &&
    metadata.deletionTimestamp === undefined;

const releasedAt = ({ status }: ServiceDeployment): number => {
  const time = Date.parse(status?.deployedAt ?? '');
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time;
};

const isRolling = ({ services }: ScheduleInput): boolean =>
  services.some(({ status }) => status !== undefined && !isConditionTrue(status.conditions, 'Rolled'));

const mayInterrupt = (at: number, cause: SnapshotCause, { now, timings }: ScheduleInput): boolean =>
  cause === 'daily' && now - at >= timings.patienceMs;
