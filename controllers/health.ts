import { isDeepStrictEqual } from 'node:util';
import type { Reader } from '../clients/kubernetes/client.ts';
import { DROPLETS, LEASES, PROJECTS, SERVICE_DEPLOYMENTS, type Lease } from '../clients/kubernetes/kinds.ts';
import { knock } from '../clients/ssh/knock.ts';
import type { Logger } from '../clients/log.ts';
import type { Droplet } from '../crds/droplet.ts';
import { keyOf, splitKey, type ObjectKey } from '../crds/meta.ts';
import { FLEET_LABEL } from '../crds/names.ts';
import { projectKeyOf } from '../reconcilers/context.ts';
import { HEALTH, type Context } from '../reconcilers/health/concern.ts';
import { showHealth } from '../reconcilers/health/gauges.ts';
import { isDeploying } from '../reconcilers/health/judge.ts';
import { followLeases } from '../reconcilers/health/leases.ts';
import { createHealthReconciler } from '../reconcilers/health/reconcile.ts';
import { createSweep } from '../reconcilers/health/sweep.ts';
import { readVote } from '../reconcilers/health/vote.ts';
import { createWitness, type Witness } from '../reconcilers/health/witness.ts';
import { accessOf } from '../reconcilers/host/access.ts';
import { defineConcern } from './concern.ts';
import { controllerFor } from './runtime/controller.ts';
import { annotationsChanged, anyOf, generationChanged } from './runtime/predicates.ts';
import { atStart, createTrigger } from './runtime/sources.ts';

/** How many projects are judged at once. */
const WORKERS = 8;
const SWEEP = ['leases'];

/** Which servers are dead, and what is to be done about them. */
export const health = defineConcern({
  name: 'health',
  declares: HEALTH,
  // All but the operator's own, which is renewed all the time.
  narrows: [{ kind: LEASES, select: namespace => ({ namespace, labelSelector: `!${FLEET_LABEL}` }) }],
  setup({ context, informers, log }) {
    const stored = informers.of(LEASES);
    const leases = followLeases(stored, context.clock);
    const watchers = createTrigger<void>();
    const judge = createHealthReconciler(context, { leases, witness: witnessOf(context, stored, log) });
    const sweep = createSweep(context, { leases, stored, watchersChanged: () => watchers.emit() });
    showHealth(context, leases);
    const all = (): ObjectKey[] => [...new Set(context.droplets.list().map(projectKeyOf))];
    return {
      controllers: [
        controllerFor('health')
          .watches(
            DROPLETS,
            droplet => [projectKeyOf(droplet)],
            anyOf(generationChanged, annotationsChanged, statusChanged),
          )
          .watches(PROJECTS, project => [keyOf(project)], generationChanged)
          .watches(
            SERVICE_DEPLOYMENTS,
            service => [projectKeyOf(service)],
            (after, before) => isDeploying(after) !== isDeploying(before),
          )
          .watches(LEASES, projectOfVote)
          .wakesOn(watchers, all)
          .withWorkers(WORKERS)
          .reconciles((key, _object, run) => judge(key, run)),
        controllerFor('health-leases')
          .wakesOn(atStart, () => SWEEP)
          .watches(
            LEASES,
            lease => (readVote(lease) === undefined ? SWEEP : []),
            () => false,
          )
          .reconciles((_key, _object, run) => sweep(run)),
      ],
    };
  },
});

function projectOfVote(lease: Lease): ObjectKey[] {
  const vote = readVote(lease);
  return vote === undefined ? [] : [`${splitKey(vote.target).namespace}/${vote.project}`];
}

/** What the judgement depends on; what it says itself is no news. */
const statusChanged = (after: Droplet, before: Droplet): boolean =>
  !isDeepStrictEqual(judgedBy(after), judgedBy(before));

const judgedBy = ({ status = {} }: Droplet): unknown[] => [
  status.phase,
  status.server?.id,
  status.recovery,
  ...(status.conditions ?? [])
    .filter(({ type }) => type !== 'Ready')
    .map(({ type, status }) => [type, status]),
];

function witnessOf(
  { kubernetes, namespace, clock, hosts, timings, servers }: Context,
  leases: Reader<Lease>,
  log: Logger,
): Witness {
  return createWitness({
    kubernetes,
    leases,
    namespace,
    clock,
    random: hosts?.random ?? (() => 0.5),
    log,
    timings,
    async answers(droplet, timeoutMs, signal) {
      const access = hosts && accessOf(hosts, droplet);
      // What DigitalOcean itself calls off needs no knocking.
      const isOff = servers.get(droplet.status?.server?.id ?? 0)?.status === 'off';
      if (access === undefined || isOff) return isOff ? false : undefined;
      const { address, port } = access;
      return await knock({ address, port, clock, timeoutMs, signal });
    },
  });
}
