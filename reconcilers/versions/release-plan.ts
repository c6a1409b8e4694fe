import { findCondition } from '../../crds/conditions.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { whyStuck } from '../read-model/service-state.ts';

/** A version of a service, and the image that it ran as. */
export interface KnownRelease {
  version: string;
  image: string;
  /** When it started to serve, where that is known. */
  deployedAt?: string;
}

/** How far a service is with the version that it should run. */
export type ReleaseState =
  | { state: 'serving' }
  | { state: 'waiting'; for: string }
  /** It does not go on by itself. `isFinal`: it was tried, and what ran before runs again; else it may pass yet. */
  | { state: 'failed'; message: string; isFinal: boolean };

/**
 * Whether the version of its spec serves.
 *
 * @param generation the least generation of the spec that the status must be about.
 */
export function releaseState(service: ServiceDeployment, generation: number): ReleaseState {
  const { metadata, spec, status } = service;
  const { name } = metadata;
  const { observedGeneration = 0, rejected, version, conditions } = status ?? {};
  if (observedGeneration < generation) return { state: 'waiting', for: `${name} to be looked at` };
  const ready = findCondition(conditions, 'Ready');
  // What is stopped has it when it is started.
  if (spec.stopped) return stopState(service, generation);
  if (version === spec.version && ready?.status === 'True') return { state: 'serving' };
  const why = whyStuck(service);
  const isRejected = rejected !== undefined && rejected.version === spec.version;
  if (why !== undefined && isRejected)
    return {
      state: 'failed',
      message: `${rejected.version} was rejected: ${rejected.message}`,
      isFinal: version !== spec.version,
    };
  if (why !== undefined) return { state: 'failed', message: why, isFinal: false };
  return { state: 'waiting', for: `${name} (${ready?.message ?? 'nothing is known of it yet'})` };
}

/**
 * Whether other containers serve than when it was written, in another release of the same version.
 *
 * @param before as it was when the restart was written.
 */
export function restartState(
  { metadata, status }: ServiceDeployment,
  before: ServiceDeployment,
): ReleaseState {
  const { name } = metadata;
  const { release, rejected, conditions } = status ?? {};
  const ready = findCondition(conditions, 'Ready');
  if (release !== before.status?.release && ready?.status === 'True') return { state: 'serving' };
  if (rejected !== undefined && rejected.release !== before.status?.rejected?.release)
    return { state: 'failed', message: `${name}: ${rejected.message}`, isFinal: true };
  return { state: 'waiting', for: `${name} (${ready?.message ?? 'nothing is known of it yet'})` };
}

/** Whether nothing of a service runs any more, since that generation. */
export function stopState({ metadata, status }: ServiceDeployment, generation: number): ReleaseState {
  const rolled = findCondition(status?.conditions, 'Rolled');
  const isSeen = (status?.observedGeneration ?? 0) >= generation;
  if (isSeen && rolled?.reason === 'Stopped') return { state: 'serving' };
  return { state: 'waiting', for: `${metadata.name} (${rolled?.message ?? 'not looked at yet'})` };
}

/** Every release of a service that dropfleet knows the image of, newest first; what runs is the first. */
export function releasesOf({ status }: ServiceDeployment): KnownRelease[] {
  const { version, image, deployedAt, history = [] } = status ?? {};
  const current =
    version !== undefined && image !== undefined
      ? [{ version, image, ...(deployedAt !== undefined && { deployedAt }) }]
      : [];
  return [...current, ...history.filter(entry => entry.version !== version || entry.image !== image)];
}

/** A version to go back to. */
export interface VersionBefore {
  version: string;
  /** The newer one that is passed over, as it never served for a full minute. */
  passedOver?: string;
}

/**
 * The version to go back to: what still runs where a newer one is wanted and failed, else the newest of those before
 * that have proven themselves, else the newest of all. Undefined when there is none.
 */
export function versionBefore(services: readonly ServiceDeployment[]): VersionBefore | undefined {
  const wanted = new Set(services.map(({ spec }) => spec.version));
  const running = services
    .map(({ status }) => status?.version)
    .find(version => version && !wanted.has(version));
  if (running !== undefined) return { version: running };
  const candidates = services
    .flatMap(({ status }) => status?.history ?? [])
    .filter(({ version }) => !wanted.has(version));
  const newest = candidates.reduce<KnownRelease | undefined>(newer, undefined)?.version;
  const proven = candidates
    .filter(({ version }) => isProvenIn(services, version))
    .reduce<KnownRelease | undefined>(newer, undefined)?.version;
  if (newest === undefined || proven === undefined || proven === newest)
    return newest === undefined ? undefined : { version: newest };
  return { version: proven, passedOver: newest };
}

/** Whether each service that had the version had it for a full minute once. */
const isProvenIn = (services: readonly ServiceDeployment[], version: string): boolean =>
  services.every(({ status }) => {
    const own = (status?.history ?? []).filter(release => release.version === version);
    return own.length === 0 || own.some(({ unproven }) => !unproven);
  });

const newer = (a: KnownRelease | undefined, b: KnownRelease): KnownRelease =>
  a === undefined || (b.deployedAt ?? '') > (a.deployedAt ?? '') ? b : a;

/** The image of that version of a service of the project, in whichever environment it ran. */
export const imageOf = (
  all: readonly ServiceDeployment[],
  project: string,
  service: string,
  version: string,
): string | undefined =>
  all
    .filter(({ spec }) => spec.project === project && spec.service === service)
    .flatMap(releasesOf)
    .find(release => release.version === version)?.image;

/** Services that people deploy; infra runs a published image whatever is deployed. */
export const isDeployed = ({ spec }: ServiceDeployment): boolean => spec.type !== 'infra';
