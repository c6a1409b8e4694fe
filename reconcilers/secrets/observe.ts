import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isNotFound } from '../../clients/kubernetes/errors.ts';
import { SECRETS, type Secret } from '../../clients/kubernetes/kinds.ts';
import { PROJECT_LABEL, STORED_KEYS_ANNOTATION } from '../../crds/names.ts';
import { secretNamesOf, type SeenSecret } from './lookup-plan.ts';

/**
 * The Secrets of a project in an environment, as far as they are there. Whose one is, its label `dropfleet.io/project`
 * says: by its name alone, `shop-prod` could be of the project shop-prod, or another program's.
 *
 * @throws KubernetesError when they cannot be read.
 */
export async function observeSecrets(
  kubernetes: Pick<KubernetesClient, 'get'>,
  namespace: string,
  project: string,
  environment: string,
): Promise<SeenSecret[]> {
  const names = secretNamesOf(project, environment);
  const found = await Promise.all(names.map(name => find(kubernetes, `${namespace}/${name}`)));
  return found.filter(secret => secret !== undefined).map(toSeen);
}

async function find(kubernetes: Pick<KubernetesClient, 'get'>, key: string): Promise<Secret | undefined> {
  try {
    return await kubernetes.get(SECRETS, key);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** The Secret without its values. */
export function toSeen({ metadata: { name, labels = {}, annotations = {} }, data = {} }: Secret): SeenSecret {
  const project = labels[PROJECT_LABEL];
  const stored = new Set((annotations[STORED_KEYS_ANNOTATION] ?? '').split(','));
  const keys = Object.entries(data).map(
    ([key, value]) =>
      [key, { isEmpty: isBlank(value), ...(stored.has(key) && { isStored: true as const }) }] as const,
  );
  return { name, ...(project !== undefined && { project }), keys: new Map(keys) };
}

const isBlank = (base64: string): boolean => Buffer.from(base64, 'base64').toString('utf8').trim() === '';
