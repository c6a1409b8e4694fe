import { dirname } from 'node:path';
import { PROJECTS, SERVICE_DEPLOYMENTS } from '../clients/kubernetes/kinds.ts';
import { describeError } from '../clients/log/describe-error.ts';
import type { Logger } from '../clients/log.ts';
import { readDeploymentConfig } from '../config/deployment-config.ts';
import { templatesFolder } from '../config/run-options.ts';
import type { WatchedFile } from '../config/watched-file.ts';
import { watchFolder, type WatchedFolder } from '../config/watched-folder.ts';
import { SERVICES_FILE, type Context } from '../reconcilers/services-file/concern.ts';
import { createServicesFileReconciler, SERVICES_ASKER } from '../reconcilers/services-file/reconcile.ts';
import { defineConcern, type Setup } from './concern.ts';
import { controllerFor, type Controller } from './runtime/controller.ts';
import { annotationsChanged, anyOf, generationChanged, labelsChanged } from './runtime/predicates.ts';
import { atStart, every } from './runtime/sources.ts';
import { watchLoudly } from './watched-files.ts';

/** Network file systems, and a system out of watches, tell of no change: the file is read this often anyway. */
const REREAD_MS = 60_000;

interface ServicesFileOptions {
  /** ServiceDeployments follow this deployment_config.json; they are left alone when absent. */
  deploymentPath?: string;
}

/** The services of deployment_config.json, in every environment that they were released to. */
export const servicesFile = defineConcern({
  name: 'services-file',
  declares: SERVICES_FILE,
  setup({ context, options: { deploymentPath }, log }: Setup<typeof SERVICES_FILE, ServicesFileOptions>) {
    if (!deploymentPath) return {};
    const file = watchLoudly(deploymentPath, log);
    const templates = watchTemplates(deploymentPath, log);
    return { files: [file, templates], controllers: [servicesFileController(context, file, templates)] };
  },
});

/** A run.json is at most two folders below: templates/<project>/docker/run.json. */
const watchTemplates = (deploymentPath: string, log: Logger): WatchedFolder => {
  const folder = templatesFolder(dirname(deploymentPath));
  return watchFolder(folder, 2, error =>
    log.warn(`${folder} cannot be watched: what changes in it is followed within a minute`, {
      error: describeError(error),
    }),
  );
};

/** Makes ServiceDeployments equal to deployment_config.json whenever the file, a template or one of them changes. */
function servicesFileController(context: Context, file: WatchedFile, templates: WatchedFolder): Controller {
  const keys = ['deployment_config.json'];
  const { path } = file;
  const read = () => readDeploymentConfig(path);
  const reconcile = createServicesFileReconciler(context, { path, read });
  return controllerFor('services-file')
    .wakesOn(atStart, () => keys)
    .wakesOn<void>(file, () => keys)
    .wakesOn<void>(templates, () => keys)
    .wakesOn<readonly string[]>(context.gate, askers => (askers.includes(SERVICES_ASKER) ? keys : []))
    .wakesOn(every(context.clock, REREAD_MS), () => keys)
    .watches(PROJECTS, () => keys, anyOf(generationChanged, annotationsChanged))
    .watches(SERVICE_DEPLOYMENTS, () => keys, anyOf(generationChanged, labelsChanged))
    .reconciles((_key, _object, run) => reconcile(run));
}
