import type { Droplet } from '../../crds/droplet.ts';
import type { Project } from '../../crds/project.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { Engine } from '../host/desired.ts';
import type { RestoredCheck } from '../service/commands.ts';
import type { Container } from '../service/facts.ts';
import { isAssigned } from '../service/placement-plan.ts';
import { patienceOf } from '../service/run-plan.ts';
import type { Drill } from './plan.ts';

/** A service that should be on the server that a snapshot made. */
export interface ServiceCheck {
  service: string;
  /** Nothing else need run for it to answer: a database, a cache. */
  isAlone: boolean;
  /** How it is asked whether it answers; undefined when the snapshot has no container of it. */
  ask?: RestoredCheck;
}

/** What came of one. */
export interface ServiceResult {
  check: ServiceCheck;
  /** Why it did not answer; undefined when it did. */
  problem?: string;
}

/** What the checks are planned from. */
export interface ChecksInput {
  droplet: Droplet;
  project: Pick<Project, 'spec'> | undefined;
  /** Of the project. */
  services: readonly ServiceDeployment[];
  /** Those on the server that was made from the snapshot, newest first. */
  containers: readonly Container[];
  /** When the snapshot was taken, RFC 3339. */
  snapshotCreatedAt: string;
}

/**
 * The services that a server made from the snapshot should have: those that are to run on the Droplet now, and had
 * served before the snapshot was taken. Which of their releases it has does not matter.
 */
export const planChecks = ({
  droplet,
  project,
  services,
  containers,
  snapshotCreatedAt,
}: ChecksInput): ServiceCheck[] =>
  services
    .filter(({ spec }) => spec.stopped !== true && spec.platform !== 'kubernetes')
    .filter(service => isAssigned(service, droplet, project))
    .filter(service => firstServedAt(service) <= Date.parse(snapshotCreatedAt))
    .map(service => checkFor(service, containerOf(service, containers)));

const firstServedAt = ({ status }: ServiceDeployment): number =>
  Math.min(
    ...[status?.deployedAt, ...(status?.history ?? []).map(({ deployedAt }) => deployedAt)].map(time =>
      time === undefined ? Infinity : Date.parse(time),
    ),
  );

/** By the name, as recreated objects have other uids: the one that runs, else the present release's, else the newest. */
function containerOf(
  { metadata, status }: ServiceDeployment,
  containers: readonly Container[],
): Container | undefined {
  const own = containers.filter(({ service, kind }) => kind === 'service' && service === metadata.name);
  return (
    own.find(({ state }) => state === 'running') ??
    own.find(({ release }) => release === status?.release) ??
    own[0]
  );
}

function checkFor(service: ServiceDeployment, container: Container | undefined): ServiceCheck {
  const { healthCheck, type } = service.spec;
  const isHttp = healthCheck !== undefined && type === 'web';
  const check = { service: service.metadata.name, isAlone: type === 'infra' };
  if (container === undefined) return check;
  const ask: RestoredCheck = {
    container: container.name,
    scheme: isHttp ? 'http://' : '',
    ...(container.port !== undefined && { port: container.port }),
    path: isHttp ? (healthCheck.path ?? '/health') : '',
    withinSeconds: patienceOf(service).withinSeconds,
    timeoutSeconds: healthCheck?.timeoutSeconds ?? 5,
  };
  return { ...check, ask };
}

/**
 * How a drill went whose server booted, and whose SSH and engine answered. The server reaches nobody, so that a service
 * which needs the master, or somebody's API, cannot answer there: that is told, and is no failure.
 *
 *     a service | its container is not there | it does not answer | it answers
 *     ----------+----------------------------+--------------------+-----------
 *     infra     | Failed                     | Failed             | Passed
 *     any other | Failed                     | Passed, and told   | Passed
 */
export function verdictOn(
  engine: Engine,
  results: readonly ServiceResult[],
): Required<Pick<Drill, 'result' | 'message'>> {
  const bad = results.filter(({ problem }) => problem !== undefined);
  const failed = bad.filter(({ check }) => check.isAlone || check.ask === undefined);
  const booted = `booted, SSH and ${engine} answered`;
  const answered = `${results.length - bad.length} of ${results.length} services answered`;
  const counts = results.length === 0 ? 'no service was on it' : answered;
  const why = bad.map(({ check, problem }) => `${check.service}: ${problem}`).join('; ');
  const isExcused = failed.length === 0 && bad.length > 0;
  return {
    result: failed.length === 0 ? 'Passed' : 'Failed',
    message: `${booted}, ${counts}${why && `: ${why}`}${isExcused ? NO_NETWORK : ''}`.slice(0, LONGEST),
  };
}

const NO_NETWORK = ' (the server of a drill reaches nobody else)';
/** See the CRD. */
const LONGEST = 4_096;
