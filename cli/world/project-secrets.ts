import { KubernetesError } from '../../clients/kubernetes/errors.ts';
import { KubeconfigError } from '../../clients/kubernetes/kubeconfig-file.ts';
import type { SeenSecret } from '../../reconcilers/secrets/lookup-plan.ts';
import { observeSecrets } from '../../reconcilers/secrets/observe.ts';
import { apiOf } from './place.ts';
import type { WorldParts } from './world.ts';

/** Where Secrets were looked for, or in a clause why they were not. */
export type SecretsReading =
  { isRead: true; api: string; namespace: string; unused: UnusedSecret[] } | { isRead: false; why: string };

/** A Secret of the right name that is not used. */
export interface UnusedSecret {
  name: string;
  /** The project that its label names; null without the label. */
  project: string | null;
}

/** A project's Secrets without their values; none where there is no Kubernetes API that shows them. */
export async function readSecrets(
  parts: WorldParts,
  project: string,
  environment: string,
): Promise<{ secrets: SeenSecret[]; kubernetes: SecretsReading }> {
  try {
    const { kubernetes, namespace, connection, isNew } = await parts.openKubernetes();
    if (isNew) return notRead(`no cluster is named, and there is no state in ${parts.folder} yet`);
    const secrets = await observeSecrets(kubernetes, namespace, project, environment);
    const api = apiOf({ ...parts, connection });
    const unused = secrets
      .filter(secret => secret.project !== project)
      .map(({ name, project = null }) => ({ name, project }));
    return { secrets, kubernetes: { isRead: true, api, namespace, unused } };
  } catch (error) {
    if (error instanceof KubernetesError || error instanceof KubeconfigError) return notRead(error.message);
    throw error;
  }
}

const notRead = (why: string): { secrets: []; kubernetes: SecretsReading } => ({
  secrets: [],
  kubernetes: { isRead: false, why },
});
