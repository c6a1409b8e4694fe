import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../clients/kubernetes/errors.ts';
import { SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import { keyOf } from '../../crds/meta.ts';
import { execute, type Executors } from '../executors.ts';
import type { Run } from '../run.ts';
import type { ServiceStep } from './plan.ts';

const executors: Executors<ServiceStep, [kubernetes: KubernetesClient, run: Run]> = {
  'create-service': async ({ wanted }, kubernetes, run) => {
    run.wrote(await kubernetes.create(SERVICE_DEPLOYMENTS, wanted, { signal: run.signal }));
    run.log.info(`created ServiceDeployment ${wanted.metadata.name}`, { image: wanted.spec.image });
  },
  'update-service': async ({ service, patch }, kubernetes, run) => {
    const { uid, resourceVersion, name } = service.metadata;
    const change = { metadata: { uid, resourceVersion }, spec: patch };
    run.wrote(await kubernetes.patch(SERVICE_DEPLOYMENTS, keyOf(service), change, { signal: run.signal }));
    run.log.info(`updated ServiceDeployment ${name}`, { fields: Object.keys(patch).join(', ') });
  },
  'delete-service': async ({ service }, kubernetes, run) => {
    const { uid, name } = service.metadata;
    await kubernetes.delete(SERVICE_DEPLOYMENTS, keyOf(service), { uid: uid!, signal: run.signal });
    run.log.info(`deleted ServiceDeployment ${name}: it is no longer in deployment_config.json`);
  },
};

/**
 * Does the steps. One that meets a newer object than it was planned for is left to the next plan, and one that fails
 * holds up no other.
 *
 * @returns false when there was one: then the caller must plan again by itself.
 */
export async function applyServiceSteps(
  steps: readonly ServiceStep[],
  kubernetes: KubernetesClient,
  run: Run,
): Promise<boolean> {
  const errors: unknown[] = [];
  let isDone = true;
  for (const step of steps) {
    try {
      await execute(executors, step, kubernetes, run);
    } catch (error) {
      isDone = false;
      if (!isOutdated(step, error)) errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
  return isDone;
}

/** Whether the object was changed, made or removed since the cache saw it. */
const isOutdated = ({ type }: ServiceStep, error: unknown): boolean =>
  type === 'create-service' ? isAlreadyExists(error) : isConflict(error) || isNotFound(error);
