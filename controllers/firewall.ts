import { createFirewallList } from '../clients/digitalocean/firewall-list.ts';
import { CONFIG_MAPS, DROPLETS, PROJECTS } from '../clients/kubernetes/kinds.ts';
import type { Droplet } from '../crds/droplet.ts';
import { firewallPrefix } from '../crds/firewall-name.ts';
import { keyOf, type ObjectKey } from '../crds/meta.ts';
import { ADMIN_ACCESS_CONFIG_MAP } from '../crds/names.ts';
import type { Project } from '../crds/project.ts';
import { PROJECTS_BY_NAME, projectKeyOf, type Context } from '../reconcilers/context.ts';
import { createAdminAccess } from '../reconcilers/firewall/admin-access.ts';
import { FIREWALL, type FirewallTimings } from '../reconcilers/firewall/concern.ts';
import type { Firewalls } from '../reconcilers/firewall/firewalls.ts';
import { keeperOf } from '../reconcilers/firewall/keeper.ts';
import { reconcileFirewalls } from '../reconcilers/firewall/reconcile.ts';
import type { AdminSettings } from '../reconcilers/firewall/sources.ts';
import { sweepFirewalls } from '../reconcilers/firewall/sweep.ts';
import { defineConcern, type Setup } from './concern.ts';
import { controllerFor, type Controller } from './runtime/controller.ts';
import { annotationsChanged, anyOf, generationChanged } from './runtime/predicates.ts';
import { every } from './runtime/sources.ts';

/** Projects cost a call or two each and share one rate budget. */
const WORKERS = 8;

/** What firewalls let in. */
interface FirewallSettings extends AdminSettings {
  /** The address that droplets see this operator under; rejects with a sentence that says what to do. */
  operatorAddress: (signal: AbortSignal) => Promise<string>;
}

export interface FirewallOptions {
  /** Whom SSH lets in; without it no firewall is made. */
  firewalls?: FirewallSettings;
}

/** The cloud's firewalls around the servers. */
export const firewall = defineConcern({
  name: 'firewall',
  declares: FIREWALL,
  // Of other ConfigMaps the operator need not, and may not, know.
  narrows: [
    {
      kind: CONFIG_MAPS,
      select: namespace => ({ namespace, fieldSelector: `metadata.name=${ADMIN_ACCESS_CONFIG_MAP}` }),
    },
  ],
  setup(setup: Setup<typeof FIREWALL, FirewallOptions>) {
    const { context, options } = setup;
    if (options.firewalls === undefined) return {};
    const firewalls = firewallsOf(setup, options.firewalls);
    return {
      controllers: [firewallController(context, firewalls), firewallSweepController(context, firewalls)],
    };
  },
});

function firewallsOf(setup: Setup<typeof FIREWALL>, settings: FirewallSettings): Firewalls {
  const { cloud, clock, fleetId, hosts, timings } = setup.context;
  return {
    list: createFirewallList(cloud, firewallPrefix(fleetId), clock),
    adminAccess: adminAccessOf(setup, settings, timings),
    sshPort: hosts?.port ?? 22,
    timings,
  };
}

/** What finds out whom SSH lets in. */
export function adminAccessOf(
  { context, informers }: { context: Pick<Context, 'clock' | 'namespace'> } & Pick<Setup, 'informers'>,
  settings: FirewallSettings,
  { maxAgeMs, addressRetryMs }: Pick<FirewallTimings, 'maxAgeMs' | 'addressRetryMs'>,
): Firewalls['adminAccess'] {
  const { clock, namespace } = context;
  const configMaps = informers.of(CONFIG_MAPS);
  return createAdminAccess({
    settings,
    operatorAddress: settings.operatorAddress,
    override: () => configMaps.get(`${namespace}/${ADMIN_ACCESS_CONFIG_MAP}`),
    clock,
    maxAgeMs,
    retryMs: addressRetryMs,
  });
}

/** Keeps a firewall around each project's masters, and one around its webs. */
function firewallController(context: Context, firewalls: Firewalls): Controller {
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
function firewallSweepController(context: Context, firewalls: Firewalls): Controller {
  return controllerFor('firewall-sweep')
    .wakesOn(every(context.clock, firewalls.timings.resyncMs), () => ['fleet'])
    .reconciles((_key, _object, run) => sweepFirewalls(context, firewalls, run));
}
