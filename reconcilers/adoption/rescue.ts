import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isConflict, isNotFound } from '../../clients/kubernetes/errors.ts';
import { DROPLETS, PROJECTS, type ResourceKind } from '../../clients/kubernetes/kinds.ts';
import { findCondition } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { ADOPT_ANNOTATION } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import { KEPT } from '../droplet/plan.ts';
import { execute, type Executors } from '../executors.ts';
import type { RescueStep } from './rescue-plan.ts';

type Client = Pick<KubernetesClient, 'get' | 'patch'>;

const executors: Executors<RescueStep, [kubernetes: Client]> = {
  keep: async ({ droplet }, kubernetes) => {
    const { uid } = droplet.metadata;
    const annotations = { [ADOPT_ANNOTATION]: String(droplet.status!.server!.id) };
    await kubernetes.patch(DROPLETS, keyOf(droplet), { metadata: { uid, annotations } });
  },
  disown: async ({ droplet }, kubernetes) => {
    const { uid } = droplet.metadata;
    await kubernetes.patch(DROPLETS, keyOf(droplet), { metadata: { uid, ownerReferences: [] } });
  },
  release: async ({ object }, kubernetes) => {
    const kind = (object.kind === 'Project' ? PROJECTS : DROPLETS) as ResourceKind<Project | Droplet>;
    const { uid } = object.metadata;
    try {
      await kubernetes.patch(kind, keyOf(object), { metadata: { uid, finalizers: [] } });
    } catch (error) {
      // It is gone, or another has its name already.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  },
};

/** Does one step of a rescue. */
export const applyRescue = (step: RescueStep, kubernetes: Client): Promise<void> =>
  execute(executors, step, kubernetes);

/**
 * Whether an operator has seen that the server is wanted. It says so only of an object that it read with the word on
 * it, and never reads an older one afterwards: from then on nothing destroys the server.
 */
export const isSurelyKept = (droplet: Droplet | undefined): boolean =>
  findCondition(droplet?.status?.conditions, 'Provisioned')?.reason === KEPT;
