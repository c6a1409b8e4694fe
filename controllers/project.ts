import { DROPLETS, PROJECTS } from '../clients/kubernetes/kinds.ts';
import { keyOf, type ObjectKey } from '../crds/meta.ts';
import { projectKeyOf, type Context } from '../reconcilers/context.ts';
import type { BrakeState } from '../reconcilers/projects-csv/brake-state.ts';
import { reconcileProject } from '../reconcilers/project/reconcile.ts';
import { controllerFor, type Controller } from './runtime/controller.ts';
import { annotationsChanged, anyOf, generationChanged } from './runtime/predicates.ts';

/** Projects cost the API a few writes each and nothing else; this many at once keep it busy, not flooded. */
const WORKERS = 8;

/** Makes each Project's Droplets equal to its spec, and sums them up in its status. */
export function projectController(context: Context, brakes: BrakeState): Controller {
  return controllerFor('project', PROJECTS)
    .filteredBy(anyOf(generationChanged, annotationsChanged))
    .watches(DROPLETS, droplet => [projectKeyOf(droplet)])
    .wakesOn<ObjectKey[]>(brakes, keys => keys)
    .wakesOn<void>(context.sizes, () => context.projects.list().map(keyOf))
    .withWorkers(WORKERS)
    .reconciles((key, project, run) =>
      reconcileProject(context, key, project, brakedProject => brakes.of(brakedProject), run),
    );
}
