import { PROJECTS } from '../../clients/kubernetes/kinds.ts';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isAlreadyExists, isConflict } from '../../clients/kubernetes/errors.ts';
import { keyOf } from '../../crds/meta.ts';
import { API_VERSION, PROJECT_FINALIZER, SOURCE_LABEL } from '../../crds/names.ts';
import type { Run } from '../run.ts';
import { doEach, execute, type Executors } from '../executors.ts';
import type { CsvStep } from './plan.ts';

const executors: Executors<CsvStep, [namespace: string, kubernetes: KubernetesClient, run: Run]> = {
  'create-project': async ({ name, spec }, namespace, kubernetes, run) => {
    const labels = { [SOURCE_LABEL]: 'csv' };
    const metadata = { name, namespace, labels, finalizers: [PROJECT_FINALIZER] };
    const project = { apiVersion: API_VERSION, kind: 'Project', metadata, spec } as const;
    run.wrote(await kubernetes.create(PROJECTS, project, { signal: run.signal }));
    run.log.info(`created Project ${name}`, { servers: spec.servers });
  },
  'update-project': async ({ project, spec }, _namespace, kubernetes, run) => {
    const { uid, resourceVersion } = project.metadata;
    const patch = { metadata: { uid, resourceVersion }, spec };
    run.wrote(await kubernetes.patch(PROJECTS, keyOf(project), patch, { signal: run.signal }));
    run.log.info(`updated Project ${project.metadata.name}`, { servers: spec.servers });
  },
  'delete-project': async ({ project }, _namespace, kubernetes, run) => {
    const uid = project.metadata.uid!;
    await kubernetes.delete(PROJECTS, keyOf(project), { uid, signal: run.signal });
    run.log.info(`deleted Project ${project.metadata.name}: it is no longer in projects.csv`);
  },
};

/** Does the steps of a CSV plan; see doEach. */
export const applyCsvSteps = (
  steps: readonly CsvStep[],
  namespace: string,
  kubernetes: KubernetesClient,
  run: Run,
): Promise<boolean> =>
  doEach(
    steps,
    step => execute(executors, step, namespace, kubernetes, run),
    error => isConflict(error) || isAlreadyExists(error),
  );
