import type { ServerChange } from '../clients/digitalocean/server-informer.ts';
import { DROPLETS } from '../clients/kubernetes/kinds.ts';
import { drillUidOf } from '../crds/cloud-tags.ts';
import { DRILL } from '../reconcilers/drill/concern.ts';
import { showVerifiedRestores } from '../reconcilers/drill/gauges.ts';
import { reconcileDrill } from '../reconcilers/drill/reconcile.ts';
import { sweepDrillServer } from '../reconcilers/drill/sweep.ts';
import { FIREWALL } from '../reconcilers/firewall/concern.ts';
import { defineConcern, type Setup } from './concern.ts';
import { adminAccessOf, type FirewallOptions } from './firewall.ts';
import { controllerFor, type Controller } from './runtime/controller.ts';
import { annotationsChanged, anyOf, finalizersChanged, generationChanged } from './runtime/predicates.ts';

/** How many drills go on at once: most of the time a boot or a service is waited for. */
const WORKERS = 4;

/** Restore drills: a server from a snapshot beside the fleet, looked at and removed. */
export const drill = defineConcern({
  name: 'drill',
  declares: DRILL,
  setup(setup: Setup<typeof DRILL, FirewallOptions>) {
    showVerifiedRestores(setup.context);
    return { controllers: [...drillControllers(setup), sweepController(setup)] };
  },
});

/** None where nothing can be looked at, or nothing kept apart. */
function drillControllers(setup: Setup<typeof DRILL, FirewallOptions>): Controller[] {
  const { context, options } = setup;
  const { hosts } = context;
  if (hosts === undefined || options.firewalls === undefined) return [];
  const tools = { hosts, adminAccess: adminAccessOf(setup, options.firewalls, FIREWALL.timings) };
  return [
    controllerFor('drill', DROPLETS)
      .filteredBy(anyOf(generationChanged, annotationsChanged, finalizersChanged))
      .wakesOn<readonly string[]>(context.gate, askers =>
        askers.flatMap(asker => /^drill (\S+)$/.exec(asker)?.[1] ?? []),
      )
      .withWorkers(WORKERS)
      .reconciles((_key, droplet, run) => reconcileDrill(context, tools, droplet, run)),
  ];
}

/** Removes the servers of drills that nobody looks after. */
const sweepController = ({ context }: Setup<typeof DRILL>): Controller =>
  controllerFor('drill-server')
    .wakesOn<ServerChange>(context.servers, ({ before, after }) =>
      [after ?? before!].filter(({ tags }) => drillUidOf(tags) !== undefined).map(({ id }) => `${id}`),
    )
    .wakesOn<readonly string[]>(context.gate, askers =>
      askers.flatMap(asker => /^drill-server (\d+)$/.exec(asker)?.[1] ?? []),
    )
    .reconciles((key, _object, run) => sweepDrillServer(context, key, run));
