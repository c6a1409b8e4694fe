import { isDeepStrictEqual } from 'node:util';
import { DROPLETS, PROJECTS, SERVICE_DEPLOYMENTS } from '../clients/kubernetes/kinds.ts';
import type { NotificationFiles } from '../config/notification-config.ts';
import type { Droplet } from '../crds/droplet.ts';
import type { Project } from '../crds/project.ts';
import type { ServiceDeployment } from '../crds/service-deployment.ts';
import { NOTIFY } from '../reconcilers/notify/concern.ts';
import { createConfigSource } from '../reconcilers/notify/config-source.ts';
import { createOutbox } from '../reconcilers/notify/outbox.ts';
import { createNotifyReconciler } from '../reconcilers/notify/reconcile.ts';
import type { Transports } from '../reconcilers/notify/routes.ts';
import type { SecretVariables } from '../reconcilers/secrets/values.ts';
import { defineConcern, type Setup } from './concern.ts';
import { controllerFor } from './runtime/controller.ts';
import type { Predicate } from './runtime/predicates.ts';
import { atStart } from './runtime/sources.ts';
import { watchLoudly } from './watched-files.ts';

/** How people are told. */
export interface NotificationSettings {
  /** email_config.json and its like; followed while the operator runs. */
  files: NotificationFiles;
  transports: Transports;
}

interface NotifyOptions {
  /** Without it nobody is told anything. */
  notifications?: NotificationSettings;
  /** Where the passwords are that the files name. */
  secretVariables?: SecretVariables;
}

/**
 * Mail, text messages and webhooks. The leader sends them, as it does everything else: the Lease elects it among all
 * operators, and the next one goes on from the outbox. Monitors need not elect anybody for it; when no operator leads,
 * no heartbeat comes, and that is how people hear of it.
 */
export const notify = defineConcern({
  name: 'notify',
  declares: NOTIFY,
  setup({ context, options, log }: Setup<typeof NOTIFY, NotifyOptions>) {
    const { notifications, secretVariables: variables } = options;
    if (notifications === undefined || variables === undefined) return {};
    const { files, transports } = notifications;
    const keys = ['fleet'];
    const source = createConfigSource(files, () => context.clock.monotonic());
    const outbox = createOutbox(context);
    context.metrics.waiting.readAtScrape(() => [[outbox.waiting()]]);
    const watched = [files.email, files.sms, files.webhook].map(path => watchLoudly(path, log));
    for (const file of watched) file.subscribe(() => source.changed());
    const reconcile = createNotifyReconciler(context, { source, outbox, transports, variables });
    const controller = controllerFor('notify')
      .wakesOn(atStart, () => keys)
      .watches(PROJECTS, () => keys, saysSomethingElse)
      .watches(DROPLETS, () => keys, saysSomethingElse)
      .watches(SERVICE_DEPLOYMENTS, () => keys, saysSomethingElse);
    for (const file of watched) controller.wakesOn<void>(file, () => keys);
    return { files: watched, controllers: [controller.reconciles((_key, _object, run) => reconcile(run))] };
  },
});

/** Of updates, those of conditions and of rejected releases: notices are made of nothing else. */
const saysSomethingElse: Predicate<Project | Droplet | ServiceDeployment> = (after, before) =>
  !isDeepStrictEqual(saidBy(after), saidBy(before));

const saidBy = ({ metadata, status }: Project | Droplet | ServiceDeployment): unknown => [
  metadata.deletionTimestamp,
  status?.conditions,
  status !== undefined && 'rejected' in status ? status.rejected : undefined,
];
