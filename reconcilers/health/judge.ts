import type { Clock } from '../../clients/clock.ts';
import { findCondition, isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import { RECOVER_ANNOTATION } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import { parseRecoverWish } from '../../crds/recover-wish.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { outlivesMaster } from '../read-model/data-volume.ts';
import { requiredGates } from '../read-model/readiness.ts';
import { createSince, type Since } from '../since.ts';
import { SUSPECT_MS } from './guards.ts';
import { isStorm, type FleetSight, type RecoveryMode, type Scene, type WatchedServer } from './scene.ts';
import type { Tally } from './tally.ts';
import { watchOf, type Member, type Watch } from './topology.ts';
import { followVotes, type Course } from './verdict.ts';

/** What a project consists of, as it is stored. */
export interface ProjectObjects {
  readonly project: Project | undefined;
  readonly droplets: readonly Droplet[];
  readonly services: readonly ServiceDeployment[];
}

/** What a judge goes by besides the objects. */
export interface JudgeSources {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly tally: Pick<Tally, 'against' | 'suspects'>;
  /** Whether hosts are configured, so that a server which is not Reachable yet is not as it should be. */
  readonly hasHosts: boolean;
  /** Who had an answer of the Droplet's server a moment ago, such as `the operator reaches it`. */
  readonly voucherOf: (droplet: Droplet) => string | undefined;
}

/** Sees one project after the other, and remembers what it saw of their votes. */
export interface Judge {
  /**
   * The project as it is now. Looking twice at the same moment is like looking once.
   *
   * @param key `namespace/name`.
   * @param servers how many the fleet has.
   */
  look(key: ObjectKey, objects: ProjectObjects, servers: number): Scene;
  /** The project is gone. */
  forget(key: ObjectKey): void;
}

/** A judge who has seen nothing. */
export function createJudge(sources: JudgeSources): Judge {
  const projects = new Map<ObjectKey, ProjectMemory>();
  return {
    look(key, objects, servers) {
      const memory = projects.get(key) ?? memoryOf(sources.clock);
      projects.set(key, memory);
      return look(sources, memory, objects, servers);
    },
    forget: key => void projects.delete(key),
  };
}

interface ProjectMemory {
  /** By the Droplet's name. */
  courses: Map<string, Course>;
  /** By the Droplet's name, for the Droplets whose names are the id. */
  watches: { id: string; of: ReadonlyMap<string, Watch> };
  stormAt: number;
  since: Since;
}

const memoryOf = (clock: JudgeSources['clock']): ProjectMemory => ({
  courses: new Map(),
  watches: { id: '', of: new Map() },
  stormAt: -Infinity,
  since: createSince(clock),
});

function look(
  sources: JudgeSources,
  memory: ProjectMemory,
  { project, droplets, services }: ProjectObjects,
  fleet: number,
): Scene {
  const now = sources.clock.monotonic();
  const wall = sources.clock.now();
  const staying = droplets.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const watches = watchesOf(memory, staying);
  const servers = staying.map(droplet => serverOf(sources, memory, droplet, watches, { now, wall }));
  for (const name of memory.courses.keys()) if (!watches.has(name)) memory.courses.delete(name);
  if (isStorm(servers)) memory.stormAt = now;
  return {
    now,
    wall,
    isSuspended: project === undefined || project.spec.suspend === true || isLeaving(project),
    deployingMs: deployingMs(services, memory.since),
    modes: modesOf(project, services),
    servers,
    calmMs: now - memory.stormAt,
    fleet: fleetSight(sources.tally, fleet),
  };
}

/** Who watches whom, worked out anew only when servers come or go. */
function watchesOf(memory: ProjectMemory, droplets: readonly Droplet[]): ReadonlyMap<string, Watch> {
  const members = droplets.map(memberOf);
  const id = members.map(({ name }) => name).join(' ');
  if (memory.watches.id !== id)
    memory.watches = { id, of: new Map(members.map(member => [member.name, watchOf(member, members)])) };
  return memory.watches.of;
}

const isLeaving = ({ metadata }: Project): boolean => metadata.deletionTimestamp !== undefined;

/** A Droplet as its observers are worked out from. */
export const memberOf = ({ metadata, spec }: Droplet): Member => ({ name: metadata.name, role: spec.role });

/**
 * A web is recreated without a loss; with a master its data would go, so that a person decides, unless they are where they
 * outlive it, and its address too.
 */
const modesOf = (
  project: Project | undefined,
  services: readonly ServiceDeployment[],
): Record<Member['role'], RecoveryMode> => ({
  web: project?.spec.recovery?.web ?? 'auto',
  master: project?.spec.recovery?.master ?? (outlivesMaster(project, services) ? 'auto' : 'manual'),
});

function serverOf(
  { tally, hasHosts, voucherOf }: JudgeSources,
  { courses, since }: ProjectMemory,
  droplet: Droplet,
  watches: ReadonlyMap<string, Watch>,
  { now, wall }: Pick<Scene, 'now' | 'wall'>,
): WatchedServer {
  const { metadata, spec, status } = droplet;
  const { name } = metadata;
  const serverID = status?.server?.id;
  const watch = watches.get(name)!;
  const course = serverID === undefined ? undefined : courseOf(courses.get(name), serverID);
  if (course === undefined) courses.delete(name);
  else courses.set(name, course);
  const launchedAt = status?.server?.launchedAt;
  const recovery = status?.recovery;
  const wish = parseRecoverWish(metadata.annotations?.[RECOVER_ANNOTATION]);
  const isSilent = course !== undefined && course.by.length > 0;
  return {
    name,
    role: spec.role,
    serverID,
    watch,
    course,
    occupied: whyOccupied(droplet),
    voucher: isSilent ? voucherOf(droplet) : undefined,
    bornMs: launchedAt === undefined ? undefined : wall - Date.parse(launchedAt),
    approvedID: wish?.serverID,
    isCleanWanted: wish?.clean ?? false,
    recovery,
    recoveries: status?.recoveries ?? [],
    recoveryMs: recovery === undefined ? 0 : since.ageMs(`recovery ${name}`, recovery.startedAt),
    backMs: durationOf(since, `back ${name}`, isBack(droplet), `${recovery?.startedAt}`),
    wellMs: durationOf(since, `well ${name}`, !isSilent && isAsItShouldBe(droplet, hasHosts), `${serverID}`),
    snapshot: status?.snapshot,
  };

  function courseOf(before: Course | undefined, id: number): Course {
    return followVotes(before, id, tally.against(id), watch, now);
  }
}

/** For how long it has been so of that thing; undefined when it is not. */
function durationOf(since: Since, key: string, isSo: boolean, thing: string): number | undefined {
  const age = since.ageMs(key, isSo ? thing : 'not so');
  return isSo ? age : undefined;
}

function whyOccupied({ spec, status }: Droplet): string | undefined {
  const { phase = 'Pending', server, conditions } = status ?? {};
  if (phase !== 'Active') return `it is on its way (${phase})`;
  if (!isConditionTrue(conditions, 'Provisioned')) return 'it is not running, as far as DigitalOcean says';
  return server?.size !== undefined && server.size !== spec.size ? 'it is to be resized' : undefined;
}

/** Whether its power was cut since the recovery began, and it runs again. */
function isBack({ status }: Droplet): boolean {
  const provisioned = findCondition(status?.conditions, 'Provisioned');
  if (status?.recovery === undefined || status.phase !== 'Active' || provisioned?.status !== 'True')
    return false;
  return Date.parse(provisioned.lastTransitionTime) >= Date.parse(status.recovery.startedAt);
}

/** Ready, but for what observers say of it. */
function isAsItShouldBe({ spec, status }: Droplet, hasHosts: boolean): boolean {
  const gates = ['Provisioned', ...(hasHosts ? requiredGates(spec.role) : [])];
  const isOfServer = status?.host === undefined || status.host.serverID === status.server?.id;
  return (
    status?.phase === 'Active' && isOfServer && gates.every(type => isConditionTrue(status.conditions, type))
  );
}

/** For how long services of the project are being built or rolled out; one that was rejected is not. */
function deployingMs(services: readonly ServiceDeployment[], since: Since): number | undefined {
  const ages = services.map(service =>
    durationOf(since, `deploy ${keyOf(service)}`, isDeploying(service), 'so'),
  );
  const running = ages.filter(age => age !== undefined);
  return running.length === 0 ? undefined : Math.max(...running);
}

/** Whether it is being built or rolled out. */
export const isDeploying = ({ spec, status }: ServiceDeployment): boolean =>
  spec.version !== undefined &&
  status?.rejected === undefined &&
  (findCondition(status?.conditions, 'Built')?.status === 'False' ||
    findCondition(status?.conditions, 'Rolled')?.status === 'False');

function fleetSight(tally: JudgeSources['tally'], servers: number): FleetSight {
  const suspects = tally.suspects(SUSPECT_MS);
  return { servers, suspects: suspects.length, projects: new Set(suspects.map(projectOf)).size };
}

const projectOf = ({ target, project }: { target: ObjectKey; project: string }): string =>
  `${target.split('/')[0]}/${project}`;
