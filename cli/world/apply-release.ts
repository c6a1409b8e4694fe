import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isAlreadyExists } from '../../clients/kubernetes/errors.ts';
import { SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import { RECONCILE_ANNOTATION, RESTARTED_ANNOTATION } from '../../crds/names.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { DeployStep } from '../../reconcilers/versions/deploy-plan.ts';

type Writer = Pick<KubernetesClient, 'create' | 'patch'>;

/**
 * Writes what was planned, and answers the services as they are then. What is the same is only tried again, and so is a
 * version that was rejected: whoever deploys it once more has mended what it was rejected for.
 */
export async function applyRelease(
  kubernetes: Writer,
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
    const key = `${namespace}/${step.name}`;
    const patched = await kubernetes.patch(SERVICE_DEPLOYMENTS, key, patch);
    written.push(isRejected(patched) ? await retry(kubernetes, key, now) : patched);
  }
  return written;
}

const isRejected = ({ spec, status }: ServiceDeployment): boolean =>
  spec.version !== undefined && status?.rejected?.version === spec.version;

/** Another release of the same version, as `restart` makes it. */
const retry = (kubernetes: Writer, key: string, now: Date): Promise<ServiceDeployment> =>
  kubernetes.patch(SERVICE_DEPLOYMENTS, key, {
    metadata: { annotations: { [RESTARTED_ANNOTATION]: now.toISOString() } },
  });

/** The operator makes infra services too, as soon as anything else of their environment is there. */
async function createUnlessThere(
  kubernetes: Writer,
  service: ServiceDeployment,
): Promise<ServiceDeployment | undefined> {
  try {
    return await kubernetes.create(SERVICE_DEPLOYMENTS, service);
  } catch (error) {
    if (isAlreadyExists(error)) return undefined;
    throw error;
  }
}
