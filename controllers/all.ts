import type { Reader } from '../clients/kubernetes/client.ts';
import type { WatchedFile } from '../config/watched-file.ts';
import type { ServiceDeployment } from '../crds/service-deployment.ts';
import { createCsvState } from '../reconcilers/projects-csv/csv-state.ts';
import type { Context } from '../reconcilers/context.ts';
import type { createLeftoverReconciler } from '../reconcilers/leftovers/reconcile.ts';
import { csvSyncController } from './csv-sync.ts';
import { dropletController } from './droplet.ts';
import { firewallController, firewallSweepController } from './firewall.ts';
import { hostController } from './host.ts';
import { infrastructureFileController } from './infrastructure-file.ts';
import { leftoversController } from './leftovers.ts';
import { loadBalancerController } from './load-balancer.ts';
import { projectController } from './project.ts';
import type { Controller } from './runtime/controller.ts';
import { sizesController } from './sizes.ts';

/** What the controllers share. */
export interface ControllerInputs {
  context: Context;
  leftovers: ReturnType<typeof createLeftoverReconciler>;
  services: Reader<ServiceDeployment>;
  /** The namespace of the Projects that come from projects.csv. */
  namespace: string;
  csv?: WatchedFile;
  infrastructure?: WatchedFile;
}

/** Every controller, in the order of one row's way. */
export function allControllers(inputs: ControllerInputs): Controller[] {
  const { context, leftovers, services, namespace, csv, infrastructure } = inputs;
  const csvState = csv && createCsvState(namespace);
  return [
    sizesController(context),
    ...(csv && csvState ? [csvSyncController(context, csv, namespace, csvState)] : []),
    projectController(context, csvState),
    dropletController(context),
    ...(context.firewalls
      ? [firewallController(context, context.firewalls), firewallSweepController(context, context.firewalls)]
      : []),
    ...(context.hosts
      ? [hostController(context, context.hosts), loadBalancerController(context, context.hosts, services)]
      : []),
    leftoversController(context, leftovers),
    ...(infrastructure
      ? [
          infrastructureFileController(infrastructure, {
            projects: context.projects,
            droplets: context.droplets,
            services,
          }),
        ]
      : []),
  ];
}
