import { addFinalizer, removeFinalizers } from '../../clients/kubernetes/finalizer.ts';
import { DROPLETS, PROJECTS } from '../../clients/kubernetes/kinds.ts';
import { isAlreadyExists } from '../../clients/kubernetes/errors.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { PROJECT_FINALIZER } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import type { Context } from '../context.ts';
import type { Run } from '../run.ts';
import { Stalled } from '../outcome.ts';
import { execute, type Executors } from '../executors.ts';
import { buildDroplet, ownerReferenceTo } from './build-droplet.ts';
import type { ProjectStep } from './plan.ts';

/** A Project as last written; undefined once its finalizer is off. */
export interface ProjectApply {
  project: Project;
  finished: boolean;
}

const executors: Executors<ProjectStep, [progress: ProjectApply, context: Context, run: Run]> = {
  'add-finalizer': async (_step, progress, { kubernetes }, run) => {
    progress.project = await addFinalizer(kubernetes, PROJECTS, progress.project, PROJECT_FINALIZER, run);
  },
  'remove-finalizer': async (_step, progress, { kubernetes }, run) => {
    await removeFinalizers(kubernetes, PROJECTS, progress.project, [PROJECT_FINALIZER], run);
    progress.finished = true;
  },
  'create-droplet': async ({ name, spec }, progress, context, run) => {
    await createDroplet(buildDroplet(progress.project, name, spec), context, run);
    context.events.record(progress.project, 'Normal', 'ScaledUp', `created Droplet ${name}`);
  },
  'own-droplet': async ({ droplet }, progress, { kubernetes }, run) => {
    const { uid, resourceVersion, name } = droplet.metadata;
    const ownerReferences = [ownerReferenceTo(progress.project)];
    const patch = { metadata: { uid, resourceVersion, ownerReferences } };
    run.wrote(await kubernetes.patch(DROPLETS, keyOf(droplet), patch, { signal: run.signal }));
    run.log.info(`adopted Droplet ${name}`);
  },
  'delete-droplet': async ({ droplet }, progress, { kubernetes, events }, run) => {
    const uid = droplet.metadata.uid!;
    await kubernetes.delete(DROPLETS, keyOf(droplet), { uid, signal: run.signal });
    run.log.info(`deleted Droplet ${droplet.metadata.name}`);
    events.record(progress.project, 'Normal', 'ScaledDown', `deleted Droplet ${droplet.metadata.name}`);
  },
  'resize-droplet': async ({ droplet, size }, progress, { kubernetes, events }, run) => {
    const { uid, resourceVersion } = droplet.metadata;
    const patch = { metadata: { uid, resourceVersion }, spec: { size } };
    run.wrote(await kubernetes.patch(DROPLETS, keyOf(droplet), patch, { signal: run.signal }));
    const change = `${droplet.metadata.name} from ${droplet.spec.size} to ${size}`;
    run.log.info(`resizing ${change}`);
    events.record(progress.project, 'Normal', 'Resizing', `resizing ${change}`);
  },
};

/** Does one step of a Project's plan. */
export const applyStep = (
  step: ProjectStep,
  progress: ProjectApply,
  context: Context,
  run: Run,
): Promise<void> => execute(executors, step, progress, context, run);

async function createDroplet(droplet: Droplet, { kubernetes }: Context, run: Run): Promise<void> {
  try {
    run.wrote(await kubernetes.create(DROPLETS, droplet, { signal: run.signal }));
    run.log.info(`created Droplet ${droplet.metadata.name}`);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    await expectOurs(droplet, kubernetes, run);
  }
}

/** A Droplet of that name which the cache has not shown yet is fine when it is this project's own. */
async function expectOurs(wanted: Droplet, kubernetes: Context['kubernetes'], run: Run): Promise<void> {
  const existing = await kubernetes.get(DROPLETS, keyOf(wanted), { signal: run.signal });
  const owner = wanted.metadata.ownerReferences![0]!;
  if (existing.metadata.ownerReferences?.some(({ uid }) => uid === owner.uid)) return run.wrote(existing);
  if (existing.metadata.deletionTimestamp !== undefined) return run.wrote(existing);
  throw new Stalled(
    'NameTaken',
    `Droplet ${existing.metadata.name} already exists and belongs to project ${existing.spec.project}: delete it, or rename one of the projects`,
  );
}
