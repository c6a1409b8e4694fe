import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { findObject } from '../../clients/kubernetes/find-object.ts';
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
  const found = await Promise.all(names.map(name => findObject(kubernetes, SECRETS, `${namespace}/${name}`)));
  return found.filter(secret => secret !== undefined).map(toSeen);
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
