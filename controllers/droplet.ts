import { isDeepStrictEqual } from 'node:util';
import { DROPLETS, PROJECTS } from '../clients/kubernetes/kinds.ts';
import type { ServerChange } from '../clients/digitalocean/server-informer.ts';
import { uidOf } from '../crds/cloud-tags.ts';
import type { Droplet } from '../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../crds/meta.ts';
import {
  DROPLETS_BY_PROJECT,
  DROPLETS_BY_PROJECT_NAME,
  DROPLETS_BY_UID,
  projectKeyOf,
} from '../reconcilers/context.ts';
import { DROPLET, type Context } from '../reconcilers/droplet/concern.ts';
import { dropletsAmong } from '../reconcilers/droplet/pass.ts';
import { reconcileDroplet } from '../reconcilers/droplet/reconcile.ts';
import { defineConcern, index } from './concern.ts';
import { controllerFor, type Controller } from './runtime/controller.ts';
import {
  annotationsChanged,
  anyOf,
  finalizersChanged,
  generationChanged,
  type Predicate,
} from './runtime/predicates.ts';

/** How many droplets are worked on at once: their calls to the cloud share one rate budget anyway. */
const WORKERS = 16;

/** Droplets and their servers in the cloud. */
export const droplet = defineConcern({
  name: 'droplet',
  declares: DROPLET,
  indexes: [
    index(DROPLETS, DROPLETS_BY_PROJECT, one => [projectKeyOf(one)]),
    index(DROPLETS, DROPLETS_BY_PROJECT_NAME, ({ spec }) => [spec.project]),
    index(DROPLETS, DROPLETS_BY_UID, ({ metadata }) => [metadata.uid!]),
  ],
  setup: ({ context }) => ({
    leaderTasks: [{ name: 'servers', run: signal => context.servers.start(signal) }],
    controllers: [dropletController(context)],
  }),
});

/** Brings each Droplet and its server in the cloud together. */
function dropletController(context: Context): Controller {
  return controllerFor('droplet', DROPLETS)
    .filteredBy(anyOf(generationChanged, annotationsChanged, finalizersChanged, recoveryChanged))
    .watches(
      PROJECTS,
      project => keysOfProject(context, keyOf(project)),
      anyOf(generationChanged, annotationsChanged),
    )
    .wakesOn<readonly string[]>(context.gate, dropletsAmong)
    .wakesOn<ServerChange>(context.servers, change => keysOfServer(context, change))
    .withWorkers(WORKERS)
    .reconciles((key, droplet, run) => reconcileDroplet(context, key, droplet, run));
}

/** The health controller asks for a recovery, or has ended one. */
const recoveryChanged: Predicate<Droplet> = ({ status: after }, { status: before }) =>
  !isDeepStrictEqual(after?.recovery, before?.recovery);

/** A project that is suspended or resumed matters to each of its droplets. */
const keysOfProject = (context: Context, project: ObjectKey): ObjectKey[] =>
  context.droplets.byIndex(DROPLETS_BY_PROJECT, project).map(keyOf);

function keysOfServer({ droplets }: Context, { before, after }: ServerChange): ObjectKey[] {
  // Whoever takes the tag itself off must not make the server invisible.
  const uid = uidOf(after?.tags ?? []) ?? uidOf(before?.tags ?? []);
  return uid === undefined ? [] : droplets.byIndex(DROPLETS_BY_UID, uid).map(keyOf);
}
