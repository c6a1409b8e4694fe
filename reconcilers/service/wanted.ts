import { isSshError } from '../../clients/ssh/errors.ts';
import { findCondition, type ConditionValue } from '../../crds/conditions.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { isBuildError } from '../build/host.ts';
import type { Hosts } from '../context.ts';
import { platformConflict } from '../host/engine.ts';
import { isVolumeInPlace, keepsOnVolume, volumeMissing } from '../read-model/data-volume.ts';
import type { Run } from '../run.ts';
import type { ServiceSecrets } from '../secrets/values.ts';
import { goalFor, type Goal } from './goal.ts';
import { goodRelease } from './history-plan.ts';
import { imageName, knownImage, versionOf } from './image-plan.ts';
import type { Images, ImageState, WantedImage } from './images.ts';
import { isUsableMaster, sshOf, type Surroundings } from './observe.ts';
import { notYet, type Serving } from './status.ts';

/** Where what containers are made of comes from. */
export interface Supplies {
  images: Images;
  secretsOf: (service: ServiceDeployment) => ServiceSecrets;
}

/** What should run. */
export type Wanted =
  /** Nothing: the service is stopped, or goes. */
  | { type: 'nothing' }
  /** It cannot be said yet; what runs goes on. `againMs`: it goes on by itself, and is worth a look then. */
  | {
      type: 'unclear';
      conditions: { Built?: ConditionValue; Rolled?: ConditionValue };
      againMs?: number | undefined;
    }
  /** What serves goes on where it does, and is started nowhere. */
  | { type: 'kept'; lacking: Lacking }
  /** `fallback`: the release that is wanted was rejected, and this is the one before. */
  | { type: 'release'; goal: Goal; isFallback: boolean };

/** Why no container can be started, and what a person does about it. */
export interface Lacking {
  what: string;
  next: string;
}

/**
 * Finds out what should run of a service; builds it, if need be.
 *
 * @param say writes down what is being done, before it is waited for.
 */
export async function findWanted(
  service: ServiceDeployment,
  surroundings: Surroundings,
  hosts: Hosts,
  supplies: Supplies,
  run: Run,
  say: (built: ConditionValue) => Promise<void>,
): Promise<Wanted> {
  if (service.metadata.deletionTimestamp !== undefined || service.spec.stopped) return { type: 'nothing' };
  const why = whyUnclear(service, surroundings);
  if (why !== undefined) return why;
  const version = versionOf(service)!;
  const secrets = supplies.secretsOf(service);
  const lacking = whyLacking(secrets);
  if (lacking !== undefined)
    return service.status?.release === undefined
      ? unclear({ Rolled: notYet(SECRETS_MISSING, `${lacking.what}; ${lacking.next}`) })
      : { type: 'kept', lacking };
  const known = knownImage(service, version, surroundings.services);
  if (known === undefined) {
    const { imageLogin } = service.spec;
    if (imageLogin !== undefined && secrets.imageLogin === undefined)
      return unclear({ Built: notYet('ImageLoginMissing', noLogin(imageLogin.secret, secrets)) });
    // A first look may take half a minute, in which nothing else is said.
    if (!isBuilding(service) && !isRejected(service, version))
      await say(notYet('Building', `${version}: getting its image ready`));
    const made = await makeImage(service, version, surroundings, hosts, supplies, run, secrets);
    if (made.type !== 'image') return made;
    return release(service, { version, image: made.image }, secrets, surroundings);
  }
  return release(service, { version, image: known }, secrets, surroundings);
}

function whyUnclear(
  service: ServiceDeployment,
  { project, services, master }: Surroundings,
): Wanted | undefined {
  const { spec } = service;
  if (project === undefined)
    return unclear({ Rolled: notYet('NoProject', `there is no Project ${spec.project}`) });
  if (project.spec.suspend)
    return unclear({
      Rolled: notYet('Suspended', 'project suspended; set spec.suspend to false to resume'),
    });
  if (spec.platform === 'kubernetes')
    return unclear({
      Rolled: notYet('PlatformNotSupported', 'platform kubernetes is not there yet; use docker or podman'),
    });
  const conflict = platformConflict(service, services);
  if (conflict !== undefined) return unclear({ Rolled: notYet('PlatformConflict', conflict) });
  // On another disk it would begin with nothing, or with what was there long ago.
  if (keepsOnVolume(service, project) && !isVolumeInPlace(project, master))
    return unclear({ Rolled: notYet('DataVolumeNotReady', volumeMissing(project)) });
  if (versionOf(service) !== undefined) return undefined;
  const message = `not deployed yet: dropfleet deploy ${spec.environment} ${spec.project}`;
  return services.length === 0 ? undefined : unclear({ Built: notYet('NotDeployed', message) });
}

/** The reason while a secret of a service has no value. */
export const SECRETS_MISSING = 'SecretsMissing';

/** All that is missing, and where it may be set. */
function whyLacking(secrets: ServiceSecrets): Lacking | undefined {
  const { missing, refused } = secrets;
  const names = missing.map(({ name }) => name).join(', ');
  const sentences = [...(names === '' ? [] : [`missing secrets: ${names}`]), ...refused];
  if (sentences.length === 0) return undefined;
  const next = `"dropfleet secrets check" says where they are looked for${namespaceOf(secrets)}`;
  return { what: sentences.join('; '), next };
}

/** Secrets beside an object in another namespace than the operator's are seen by nobody. */
const namespaceOf = ({ elsewhere }: ServiceSecrets): string =>
  elsewhere === undefined ? '' : `: Secrets in namespace ${elsewhere} alone`;

/** Whether that is what is said of it already. */
function isBuilding({ metadata, status }: ServiceDeployment): boolean {
  const built = findCondition(status?.conditions, 'Built');
  return built?.status === 'False' && status?.observedGeneration === metadata.generation;
}

/** What was rejected had its image, which is remembered of releases alone that served long enough to go back to. */
const isRejected = ({ metadata, status }: ServiceDeployment, version: string): boolean =>
  status?.rejected?.version === version && status.observedGeneration === metadata.generation;

const noLogin = (name: string, secrets: ServiceSecrets): string =>
  `the image's registry asks for a login, and the secret ${name} has no value; "dropfleet secrets check" says where it is looked for${namespaceOf(secrets)}`;

type Made = { type: 'image'; image: string } | Extract<Wanted, { type: 'unclear' }>;

async function makeImage(
  service: ServiceDeployment,
  version: string,
  surroundings: Surroundings,
  hosts: Hosts,
  { images }: Supplies,
  { signal }: Run,
  { imageLogin: login }: ServiceSecrets,
): Promise<Made> {
  const wanted = imageWantedOn(service, version, surroundings, hosts);
  if (wanted === undefined)
    return unclear({ Built: notYet('NoMaster', 'the master is not ready yet, which images are made on') });
  const state = await images.ensure({ ...wanted, login }, signal).catch(toState);
  if (state.state === 'ready') return { type: 'image', image: state.image };
  if (state.state === 'failed') return unclear({ Built: notYet(state.reason, state.message) });
  return unclear(
    { Built: notYet(state.reason, `${version}: ${state.message}`) },
    state.afterMs ?? hosts.timings.retryMs,
  );
}

/** The host could not be asked, or did not do it: that may be over in a moment. */
function toState(error: unknown): ImageState {
  if (isSshError(error) || isBuildError(error))
    return { state: 'pending', reason: 'MasterUnreachable', message: error.message };
  throw error;
}

/** What an image is wanted for; undefined while there is no master to make it on. */
export function imageWantedOn(
  service: ServiceDeployment,
  version: string,
  { services, servers, engine }: Surroundings,
  hosts: Hosts,
): WantedImage | undefined {
  const master = servers.find(isUsableMaster);
  if (master === undefined) return undefined;
  const known = knownImage(service, version, services);
  return {
    service,
    services,
    version,
    engine,
    ...(known !== undefined && { known }),
    master: { ssh: sshOf(hosts, master), address: master.address },
  };
}

/** The release of that version, or the one to go back to where that was rejected. */
function release(
  service: ServiceDeployment,
  { version, image }: Pick<Serving, 'version' | 'image'>,
  secrets: ServiceSecrets,
  surroundings: Surroundings,
): Wanted {
  const goalOf = (part: Pick<Serving, 'version' | 'image'>): Goal =>
    goalFor(service, { ...part, name: imageName(service, part.image) }, secrets, surroundings);
  const goal = goalOf({ version, image });
  if (goal.refused.length > 0) return unclear({ Rolled: notYet('VariablesRefused', refusal(goal.refused)) });
  const { rejected } = service.status ?? {};
  if (rejected?.release !== goal.target.release) return { type: 'release', goal, isFallback: false };
  const pasts = releasesBefore(service, goal.target.release).map(past => ({ past, again: goalOf(past) }));
  const before = pasts.find(one => isToBeHad(one, service, surroundings)) ?? pasts[0];
  const back = before === undefined ? lastResort(goal) : goalBefore(before);
  return { type: 'release', goal: back, isFallback: true };
}

/** A former release, and what its version would be today. */
interface Past {
  past: Serving;
  again: Goal;
}

const isSame = ({ past, again }: Past): boolean => again.target.release === past.release;

/** Whether it can be started again, or is still there. */
const isToBeHad = (one: Past, { metadata }: ServiceDeployment, { servers }: Surroundings): boolean =>
  isSame(one) ||
  servers.some(({ containers }) =>
    containers?.some(({ name }) => name === `${metadata.name}-${one.past.release}`),
  );

/** Of another configuration by now, it goes on in the containers that it has. */
function goalBefore(one: Past): Goal {
  const { past, again } = one;
  const { release } = past;
  const target = { ...again.target, release, canStart: isSame(one), hasTask: false };
  return { ...again, target, launch: { ...again.launch, release }, serving: past };
}

const refusal = (names: readonly string[]): string =>
  `${names.join(', ')}: no container can be given this as it is, because of zero bytes, its length (128 KiB), or line breaks in a variable that engines read themselves`;

/** What served before that release or serves beside it, the best first: what has proven itself. */
function releasesBefore({ status = {} }: ServiceDeployment, rejected: string): Serving[] {
  const isBeside = status.release !== rejected;
  const good = goodRelease(status);
  const all = !isBeside ? [good] : status.unproven ? [good, status] : [status];
  return all.flatMap(({ version, image, release } = {}) =>
    version === undefined || image === undefined || release === undefined
      ? []
      : [{ version, image, release }],
  );
}

/** There is nothing to go back to: nothing is started, and what failed stays for its logs. */
const lastResort = (goal: Goal): Goal => ({
  ...goal,
  target: { ...goal.target, release: 'none', canStart: false, hasTask: false },
});

const unclear = (
  conditions: Extract<Wanted, { type: 'unclear' }>['conditions'],
  againMs?: number,
): Extract<Wanted, { type: 'unclear' }> => ({ type: 'unclear', conditions, againMs });
