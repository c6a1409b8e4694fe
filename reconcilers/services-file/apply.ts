import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../clients/kubernetes/errors.ts';
import { SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import { keyOf } from '../../crds/meta.ts';
import { doEach, execute, type Executors } from '../executors.ts';
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

/** Does the steps; see doEach. */
export const applyServiceSteps = (
  steps: readonly ServiceStep[],
  kubernetes: KubernetesClient,
  run: Run,
): Promise<boolean> => doEach(steps, step => execute(executors, step, kubernetes, run), isOutdated);

/** Whether the object was changed, made or removed since the cache saw it. */
const isOutdated = (error: unknown, { type }: ServiceStep): boolean =>
  type === 'create-service' ? isAlreadyExists(error) : isConflict(error) || isNotFound(error);
