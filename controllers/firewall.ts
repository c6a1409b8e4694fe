import { CONFIG_MAPS, DROPLETS, PROJECTS } from '../clients/kubernetes/kinds.ts';
import type { Droplet } from '../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../crds/meta.ts';
import type { Project } from '../crds/project.ts';
import { PROJECTS_BY_NAME, projectKeyOf, type Context, type Firewalls } from '../reconcilers/context.ts';
import { keeperOf } from '../reconcilers/firewall/keeper.ts';
import { reconcileFirewalls } from '../reconcilers/firewall/reconcile.ts';
import { sweepFirewalls } from '../reconcilers/firewall/sweep.ts';
import { controllerFor, type Controller } from './runtime/controller.ts';
import { annotationsChanged, anyOf, generationChanged } from './runtime/predicates.ts';
import { every } from './runtime/sources.ts';

/** Projects cost a call or two each and share one rate budget. */
const WORKERS = 8;

/** Keeps a firewall around each project's masters, and one around its webs. */
export function firewallController(context: Context, firewalls: Firewalls): Controller {
  const all = (): ObjectKey[] => context.projects.list().map(keyOf);
  return controllerFor('firewall', PROJECTS)
    .filteredBy(anyOf(generationChanged, annotationsChanged))
    .watches(
      DROPLETS,
      droplet => [projectKeyOf(droplet), ...keepers(context, droplet.spec.project)],
      serverCame,
    )
    .watches(PROJECTS, project => nextKeepers(context, project), noUpdate)
    .watches(CONFIG_MAPS, all)
    .wakesOn(every(context.clock, firewalls.timings.resyncMs), all)
    .withWorkers(WORKERS)
    .reconciles((key, project, run) => reconcileFirewalls(context, firewalls, key, project, run));
}

const keepers = (context: Context, name: string): ObjectKey[] => {
  const keeper = keeperOf(context, name);
  return keeper === undefined ? [] : [keeper];
};

/** When a Project comes or goes, another may have its name, and the firewalls with it. */
function nextKeepers(context: Context, project: Project): ObjectKey[] {
  const { name } = project.metadata;
  const namesakes = context.projects.byIndex(PROJECTS_BY_NAME, name).map(keyOf);
  return [...namesakes, ...keepers(context, name)].filter(key => key !== keyOf(project));
}

/** Only that an object comes or goes is news. */
const noUpdate = (): boolean => false;

/** The first of a role brings the firewall with it. */
const serverCame = (after: Droplet, before: Droplet): boolean =>
  before.status?.server?.id === undefined && after.status?.server?.id !== undefined;

/** Removes the firewalls that a project left behind while nobody looked. */
export function firewallSweepController(context: Context, firewalls: Firewalls): Controller {
  return controllerFor('firewall-sweep')
    .wakesOn(every(context.clock, firewalls.timings.resyncMs), () => ['fleet'])
    .reconciles((_key, _object, run) => sweepFirewalls(context, firewalls, run));
}
