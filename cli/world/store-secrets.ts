import { findObject } from '../../clients/kubernetes/find-object.ts';
import { SECRETS, type Secret } from '../../clients/kubernetes/kinds.ts';
import type { Environment } from '../../config/deployment-file.ts';
import { PROJECT_LABEL, STORED_KEYS_ANNOTATION } from '../../crds/names.ts';
import { secretNamesOf, type ResolvedSecret } from '../../reconcilers/secrets/lookup-plan.ts';
import { secretNamesIn } from '../../reconcilers/secrets/names-plan.ts';
import { observeSecrets, toSeen } from '../../reconcilers/secrets/observe.ts';
import { planStore, type StorePlan } from '../../reconcilers/secrets/store-plan.ts';
import { CommandFailure } from '../failure.ts';
import type { ConfiguredService } from './configured-services.ts';
import type { World } from './world.ts';

/** Whose secrets a deploy needs. */
interface DeployedServices {
  project: string;
  environment: Environment;
  services: readonly Pick<ConfiguredService, 'service' | 'secrets' | 'imageLogin'>[];
  /** Find out what would be done, and do nothing. */
  dryRun?: true;
}

/** What became of the secrets of a deploy. */
export interface StoredSecrets {
  /** The Secret in which they are, as namespace/name. */
  secret: string;
  /** The names of those that were written, or would be; each once, sorted. */
  stored: string[];
  /** Those of an earlier deploy that were taken out, or would be. */
  removed: string[];
  /** Those without a value anywhere; then nothing was written. As in SecretsReport, for missingLines. */
  missing: (Pick<ResolvedSecret, 'name' | 'places' | 'empty'> & { services: string[] })[];
}

type Place = Pick<World, 'kubernetes' | 'namespace' | 'settings' | 'hasCluster' | 'daemon'>;

/**
 * Brings along what a deploy finds in variables that the operator does not see: those of the command's own
 * environment, and those of a .env file in another place than the operator's. They go into the Secret
 * `<project>-<environment>`, only the keys that the services want. An operator in the same process sees all that the
 * command does.
 *
 * To be called before anything else of a deploy is written. Nothing is, when a secret is missing.
 *
 * @throws CommandFailure when that Secret is another project's, or has a key of a person's own for it.
 */
export async function storeSecrets(world: Place, deployed: DeployedServices): Promise<StoredSecrets> {
  const { project, environment, services, dryRun } = deployed;
  const { kubernetes, namespace, settings } = world;
  const names = services.flatMap(secretNamesIn).toSorted();
  const [own] = secretNamesOf(project, environment);
  const secret = `${namespace}/${own}`;
  const before = await findObject(world.kubernetes, SECRETS, secret);
  const others = await observeSecrets(kubernetes, namespace, project, environment);
  const secrets = [...(before ? [toSeen(before)] : []), ...others.filter(({ name }) => name !== own)];
  const plan = planStore({
    project,
    environment,
    names,
    secrets,
    variables: settings.sourceOf,
    isSeen: source => isSeenByOperator(world, source),
  });
  const result = { secret, ...namesOf(plan), missing: missingOf(plan, services) };
  if (plan.missing.length > 0) return result;
  expectOwn(plan, before, project, secret);
  if (dryRun || (plan.store.length === 0 && plan.remove.length === 0)) return result;
  await write(world, plan, before, { project, name: own });
  return result;
}

/** One line about it, without a value; undefined when there is nothing to tell. */
export function describeStored({ secret, stored, removed }: StoredSecrets): string | undefined {
  const parts = [
    ...(stored.length > 0 ? [`now holds ${stored.join(', ')}, which the operator could not see`] : []),
    ...(removed.length > 0
      ? [`no longer holds ${removed.join(', ')}, which the operator finds elsewhere`]
      : []),
  ];
  return parts.length > 0 ? `Secret ${secret} ${parts.join(', and ')}.` : undefined;
}

/** Whether the operator has that source of variables, as far as can be known. */
function isSeenByOperator({ hasCluster, daemon }: Place, source: string): boolean {
  if (hasCluster) return false;
  if (daemon === undefined) return true;
  return source !== 'environment' && daemon.workingDirectory === process.cwd();
}

const namesOf = ({ store, remove }: StorePlan): Pick<StoredSecrets, 'stored' | 'removed'> => ({
  stored: store.map(({ name }) => name),
  removed: remove,
});

const missingOf = (
  { missing }: StorePlan,
  services: DeployedServices['services'],
): StoredSecrets['missing'] =>
  missing.map(({ name, places, empty }) => ({
    name,
    places,
    empty,
    services: services.filter(service => secretNamesIn(service).includes(name)).map(({ service }) => service),
  }));

function expectOwn(plan: StorePlan, before: Secret | undefined, project: string, secret: string): void {
  const [conflict] = plan.conflicts;
  if (conflict !== undefined)
    throw new CommandFailure(
      `${conflict.variable} would replace the key ${conflict.name} of Secret ${secret}, which no deploy wrote: unset the variable, or delete that key`,
    );
  if (before === undefined || plan.store.length === 0) return;
  const label = before.metadata.labels?.[PROJECT_LABEL];
  if (label !== project)
    throw new CommandFailure(
      `Secret ${secret} has ${label === undefined ? 'no label' : `the label ${PROJECT_LABEL}=${label}, not`} ${PROJECT_LABEL}=${project}: give it that if it is this project's, or else another name`,
    );
}

async function write(
  { kubernetes, namespace, settings }: Place,
  { store, remove }: StorePlan,
  before: Secret | undefined,
  { project, name }: { project: string; name: string },
): Promise<void> {
  const values = store.map(
    ({ name, variable }) => [name, base64(settings.variable(variable) ?? '')] as const,
  );
  const kept = keysStoredIn(before).filter(key => !remove.includes(key));
  const keys = [...new Set([...kept, ...store.map(({ name }) => name)])].toSorted().join(',');
  const annotations = { [STORED_KEYS_ANNOTATION]: keys === '' ? null : keys };
  if (before !== undefined) {
    const { resourceVersion } = before.metadata;
    const data = Object.fromEntries([...values, ...remove.map(key => [key, null] as const)]);
    await kubernetes.patch(SECRETS, `${namespace}/${name}`, {
      metadata: { resourceVersion, annotations },
      data,
    });
    return;
  }
  await kubernetes.create(SECRETS, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace,
      labels: { [PROJECT_LABEL]: project },
      annotations: { [STORED_KEYS_ANNOTATION]: keys },
    },
    type: 'Opaque',
    data: Object.fromEntries(values),
  });
}

const keysStoredIn = (secret: Secret | undefined): string[] =>
  (secret?.metadata.annotations?.[STORED_KEYS_ANNOTATION] ?? '').split(',').filter(key => key !== '');

const base64 = (text: string): string => Buffer.from(text).toString('base64');
