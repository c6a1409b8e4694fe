import { isDeepStrictEqual } from 'node:util';
import { DROPLETS, PROJECTS } from '../clients/kubernetes/kinds.ts';
import type { Droplet } from '../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../crds/meta.ts';
import type { Project } from '../crds/project.ts';
import { PROJECTS_BY_NAME, projectKeyOf, type Context } from '../reconcilers/context.ts';
import { PROJECT } from '../reconcilers/project/concern.ts';
import { showFleet } from '../reconcilers/project/fleet-gauges.ts';
import { projectsAmong, reconcileProject } from '../reconcilers/project/reconcile.ts';
import { summarizeFleet } from '../reconcilers/read-model/fleet-summary.ts';
import { defineConcern, index } from './concern.ts';
import { controllerFor, type Controller } from './runtime/controller.ts';
import { never } from './runtime/sources.ts';
import { annotationsChanged, anyOf, generationChanged, type Predicate } from './runtime/predicates.ts';

/** Projects cost the API a few writes each and nothing else; this many at once keep it busy, not flooded. */
const WORKERS = 8;

/** Projects, and the fleet that they add up to. */
export const project = defineConcern({
  name: 'project',
  declares: PROJECT,
  indexes: [index(PROJECTS, PROJECTS_BY_NAME, ({ metadata }) => [metadata.name])],
  setup({ context }) {
    const { projects, droplets, sizes } = context;
    const prices = () => new Map([...sizes.known()].map(([slug, size]) => [slug, size.priceMonthly]));
    showFleet(context.metrics, () => summarizeFleet(projects.list(), droplets.list(), prices()));
    return { controllers: [projectController(context)] };
  },
});

/** Makes each Project's Droplets equal to its spec, and sums them up in its status. */
export function projectController(context: Context): Controller {
  const all = (): ObjectKey[] => context.projects.list().map(keyOf);
  return controllerFor('project', PROJECTS)
    .filteredBy(anyOf(generationChanged, annotationsChanged, addressChanged))
    .watches(DROPLETS, projectsConcernedBy)
    .watches(PROJECTS, project => namesakesOf(context, project), noUpdate)
    .wakesOn<readonly string[]>(context.gate, projectsAmong)
    .wakesOn<void>(context.csv ?? never, all)
    .wakesOn<void>(context.sizes, all)
    .withWorkers(WORKERS)
    .reconciles((key, project, run) => reconcileProject(context, key, project, context.csv, run));
}

/** Where the world finds it is another place by now. */
const addressChanged: Predicate<Project> = (after, before) =>
  !isDeepStrictEqual(after.status?.reservedIP, before.status?.reservedIP);

/** Who may have the name now, or have it no more, when that Project comes or goes. */
const namesakesOf = ({ projects }: Context, project: Project): ObjectKey[] =>
  projects
    .byIndex(PROJECTS_BY_NAME, project.metadata.name)
    .map(keyOf)
    .filter(key => key !== keyOf(project));

/** Only that an object comes or goes is news. */
const noUpdate = (): boolean => false;

/** The project that the Droplet names, and the one whose droplet has that name: it may be in that one's way. */
function projectsConcernedBy(droplet: Droplet): ObjectKey[] {
  const { namespace, name } = droplet.metadata;
  const byName = /^(.+)-(?:master|web\d+)$/.exec(name)?.[1];
  const keys = [projectKeyOf(droplet), ...(byName === undefined ? [] : [`${namespace}/${byName}`])];
  return [...new Set(keys)];
}
