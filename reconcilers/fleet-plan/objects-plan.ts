import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { API_VERSION, PROJECT_FINALIZER, SOURCE_LABEL } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import { buildDroplet, ownerReferenceTo } from '../project/build-droplet.ts';
import { planProject, type ProjectStep } from '../project/plan.ts';
import type { CsvPlan } from '../projects-csv/plan.ts';

/** The Projects as the rows' plan leaves them; a deleted one is there still, being deleted. */
export function projectsAfter(
  { steps }: CsvPlan,
  { projects, namespace }: { projects: readonly Project[]; namespace: string },
): Project[] {
  const changed = new Map<string, Project>();
  const created: Project[] = [];
  for (const step of steps) {
    if (step.type === 'create-project') created.push(newProject(step.name, namespace, step.spec));
    else if (step.type === 'update-project') changed.set(step.project.metadata.uid!, withSpec(step));
    else changed.set(step.project.metadata.uid!, asDeleted(step.project));
  }
  return [...projects.map(project => changed.get(project.metadata.uid!) ?? project), ...created];
}

const newProject = (name: string, namespace: string, spec: Project['spec']): Project => ({
  apiVersion: API_VERSION,
  kind: 'Project',
  metadata: {
    name,
    namespace,
    uid: plannedUid(name),
    labels: { [SOURCE_LABEL]: 'csv' },
    finalizers: [PROJECT_FINALIZER],
  },
  spec,
});

/** No object that is there has such a uid. */
const plannedUid = (name: string): string => `${PLANNED} ${name}`;

const withSpec = ({
  project,
  spec,
}: Extract<CsvPlan['steps'][number], { type: 'update-project' }>): Project => ({
  ...project,
  spec: { ...project.spec, ...spec },
});

const PLANNED = 'planned';

const asDeleted = <T extends Project | Droplet>(object: T): T => ({
  ...object,
  metadata: { ...object.metadata, deletionTimestamp: PLANNED },
});

/** Whether it is not being deleted yet, but would be. */
export const isToBeDeleted = ({ metadata }: Droplet): boolean => metadata.deletionTimestamp === PLANNED;

/**
 * The Droplets as the Projects' plans leave them, project by project: new ones, those that stay, and those that go,
 * which are there still, being deleted. Those of no project come last.
 *
 * @param isTaken whether another has the project's name: nothing is made of it then.
 * @param spared the uids of those that are not released.
 */
export function dropletsAfter(
  projects: readonly Project[],
  droplets: readonly Droplet[],
  isTaken: (project: Project) => boolean,
  spared: ReadonlySet<string>,
): Droplet[] {
  const byProject = Map.groupBy(droplets, ({ metadata, spec }) => `${metadata.namespace}/${spec.project}`);
  const known = new Set(projects.map(keyOf));
  const strays = [...byProject].flatMap(([key, all]) => (known.has(key) ? [] : all));
  return [
    ...projects.flatMap(project => {
      const own = byProject.get(keyOf(project)) ?? [];
      const isLeft = isTaken(project) && project.metadata.deletionTimestamp === undefined;
      return isLeft ? own : afterProject(project, own, spared);
    }),
    ...strays,
  ];
}

/**
 * The Project's plan is followed until it has nothing more to do. Those that it makes come first, then those that stay.
 * One that is being deleted may have a successor, which comes when it has gone.
 */
function afterProject(
  project: Project,
  droplets: readonly Droplet[],
  spared: ReadonlySet<string>,
): Droplet[] {
  const isGoing = ({ metadata }: Droplet): boolean => metadata.deletionTimestamp !== undefined;
  const going = project.metadata.deletionTimestamp === undefined ? droplets.filter(isGoing) : [];
  let now: readonly Droplet[] = droplets.filter(droplet => !going.includes(droplet));
  const old = new Set(now.map(({ metadata }) => metadata.name));
  for (;;) {
    const steps = planProject(project, now.map(asReady));
    const taken = steps.filter(
      step => step.type !== 'delete-droplet' || !spared.has(step.droplet.metadata.uid!),
    );
    const next = taken.reduce((all, step) => dropletsAfterStep(all, step, project), now);
    if (next === now) break;
    now = next;
  }
  const rank = (droplet: Droplet): number => (!old.has(droplet.metadata.name) ? 0 : isGoing(droplet) ? 2 : 1);
  return [...now.toSorted((a, b) => rank(a) - rank(b)), ...going];
}

/** Sizes change in turns, each when all others are Ready: here every turn comes. */
const asReady = (droplet: Droplet): Droplet => ({
  ...droplet,
  status: {
    ...droplet.status,
    observedGeneration: droplet.metadata.generation!,
    conditions: [{ type: 'Ready', status: 'True', reason: 'Planned', message: '', lastTransitionTime: '' }],
  },
});

function dropletsAfterStep(
  droplets: readonly Droplet[],
  step: ProjectStep,
  project: Project,
): readonly Droplet[] {
  const changed = (name: string, change: (droplet: Droplet) => Droplet): Droplet[] =>
    droplets.map(droplet => (droplet.metadata.name === name ? change(droplet) : droplet));
  switch (step.type) {
    case 'create-droplet': {
      const { metadata, ...rest } = buildDroplet(project, step.name, step.spec);
      return [...droplets, { ...rest, metadata: { ...metadata, uid: plannedUid(step.name) } }];
    }
    case 'own-droplet':
      return changed(step.droplet.metadata.name, ({ metadata, ...rest }) => ({
        ...rest,
        metadata: { ...metadata, ownerReferences: [ownerReferenceTo(project)] },
      }));
    case 'resize-droplet':
      return changed(step.droplet.metadata.name, droplet => ({
        ...droplet,
        spec: { ...droplet.spec, size: step.size },
      }));
    case 'delete-droplet':
      return changed(step.droplet.metadata.name, asDeleted);
    case 'add-finalizer':
    case 'remove-finalizer':
      return droplets;
  }
}
