import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isAlreadyExists } from '../../clients/kubernetes/errors.ts';
import { SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import { RECONCILE_ANNOTATION } from '../../crds/names.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { DeployStep } from '../../reconcilers/versions/deploy-plan.ts';

/** Writes what was planned, and answers the services as they are then. What is the same is only tried again. */
export async function applyRelease(
  kubernetes: KubernetesClient,
  namespace: string,
  steps: readonly DeployStep[],
  now: Date,
): Promise<ServiceDeployment[]> {
  const annotations = { [RECONCILE_ANNOTATION]: now.toISOString() };
  const written: ServiceDeployment[] = [];
  for (const step of steps) {
    const created = step.do === 'create' ? await createUnlessThere(kubernetes, step.object) : undefined;
    if (created !== undefined) {
      written.push(created);
      continue;
    }
    const spec =
      step.do === 'patch' ? { spec: step.spec } : step.do === 'create' ? { spec: step.wanted } : {};
    const patch = { metadata: { annotations }, ...spec };
    written.push(await kubernetes.patch(SERVICE_DEPLOYMENTS, `${namespace}/${step.name}`, patch));
  }
  return written;
}

/** The operator makes infra services too, as soon as anything else of their environment is there. */
async function createUnlessThere(
  kubernetes: KubernetesClient,
  service: ServiceDeployment,
): Promise<ServiceDeployment | undefined> {
  try {
    return await kubernetes.create(SERVICE_DEPLOYMENTS, service);
  } catch (error) {
    if (isAlreadyExists(error)) return undefined;
    throw error;
  }
}
