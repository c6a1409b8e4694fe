import type { Change } from '../../../../clients/kubernetes/client.ts';
import { DROPLETS, LEASES, type Lease } from '../../../../clients/kubernetes/kinds.ts';
import { toMicroTime } from '../../../../clients/kubernetes/micro-time.ts';
import { findCondition, toKubernetesTime } from '../../../../crds/conditions.ts';
import type { Droplet, DropletStatus } from '../../../../crds/droplet.ts';
import { keyOf } from '../../../../crds/meta.ts';
import { GROUP, RECOVER_ANNOTATION } from '../../../../crds/names.ts';
import type { Project } from '../../../../crds/project.ts';
import { HEALTH, type Context } from '../../../../reconcilers/health/concern.ts';
import { followLeases } from '../../../../reconcilers/health/leases.ts';
import { createHealthReconciler } from '../../../../reconcilers/health/reconcile.ts';
import { readVote, voteLease, voteName } from '../../../../reconcilers/health/vote.ts';
import { vouchLease } from '../../../../reconcilers/health/vouch.ts';
import { createWitness } from '../../../../reconcilers/health/witness.ts';
import { activeDroplets, aProject } from '../../../builders/objects.ts';
import { createRig, ownOf } from '../reconcile-rig.ts';

const OLD = '2025-01-01T00:00:00Z';

/** Droplets of a project that have run for a year, with ids from 1: the master is 1, web1 is 2. */
export const oldDroplets = (project: string, servers: number, firstID = 1): Droplet[] =>
  activeDroplets(project, servers, firstID).map(droplet => ({
    ...droplet,
    status: { ...droplet.status, server: { ...droplet.status!.server, launchedAt: OLD } },
  }));

/** The health reconciler over fakes: votes are cast as observers would, and seen at once. */
export function createHealthRig(
  servers = 3,
  spec: Partial<Project['spec']> = {},
  others: readonly (Project | Droplet)[] = [],
) {
  const rig = createRig([
    aProject('shop', { spec: { servers, ...spec } }),
    ...oldDroplets('shop', servers),
    ...others,
  ]);
  const { client, clock } = rig;
  const context: Context = { ...rig.context, ...ownOf(HEALTH) };
  const handlers: ((change: Change<Lease>) => void)[] = [];
  const leases = followLeases({ onChange: handler => void handlers.push(handler) }, clock);
  const tell = (change: Change<Lease>): void => handlers.forEach(handler => handler(change));
  const answering = new Set<string>();
  const witness = createWitness({
    kubernetes: client,
    leases: { get: key => client.stored(LEASES, key) },
    namespace: 'default',
    clock,
    random: () => 0.5,
    log: rig.log,
    timings: HEALTH.timings,
    answers: async ({ metadata }) => answering.has(metadata.name),
  });
  const reconcile = createHealthReconciler(context, { leases, witness });
  const dropletOf = (name: string): Droplet => client.stored(DROPLETS, `default/${name}`)!;

  async function put(lease: Lease, initial = false): Promise<void> {
    const before = client.stored(LEASES, keyOf(lease));
    const { spec } = lease;
    const object = await (before === undefined
      ? client.create(LEASES, lease)
      : client.patch(LEASES, keyOf(lease), { spec }));
    tell({ type: before === undefined ? 'added' : 'updated', object, ...(before && { before }), initial });
  }

  const beat = (): Promise<void> =>
    put({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'monitor-a', namespace: 'default', labels: { [`${GROUP}/monitor`]: 'a' } },
      spec: { renewTime: toMicroTime(clock.now()) },
    });

  /** Those observers say that they cannot reach the server. */
  async function vote(name: string, ...observers: string[]): Promise<void> {
    const droplet = dropletOf(name);
    const dropletID = droplet.status!.server!.id!;
    for (const observer of observers) {
      const before = client.stored(LEASES, `default/${voteName({ dropletID, observer })}`);
      const failingSince = before === undefined ? clock.now() - 10_000 : readVote(before)!.failingSince;
      const times = { failingSince, renewedAt: clock.now(), flaps: 0 };
      await put(
        voteLease(
          { target: keyOf(droplet), project: droplet.spec.project, dropletID, observer, ...times },
          'default',
          droplet,
        ),
      );
    }
  }

  async function vouch(name: string): Promise<void> {
    const droplet = dropletOf(name);
    const dropletID = droplet.status!.server!.id!;
    const word = { target: keyOf(droplet), project: 'shop', dropletID, monitor: 'a', renewedAt: clock.now() };
    await put(vouchLease(word, 'default', droplet));
  }

  /** Passes that time with a heartbeat, those votes and a reconcile every 5 s. */
  async function pass(ms: number, votes: Record<string, readonly string[]> = {}): Promise<void> {
    for (let left = ms; left > 0; left -= 5_000) {
      await beat();
      for (const [name, observers] of Object.entries(votes)) await vote(name, ...observers);
      await reconcile('default/shop', rig.run);
      await clock.advance(Math.min(5_000, left));
    }
    await reconcile('default/shop', rig.run);
  }

  /** What the controller wrote, the witness' votes aside. */
  const said = (): string[] => rig.writes().filter(write => !write.includes(' Lease '));

  /** A person gives up that server. */
  const name = (droplet: string, id: number): Promise<Droplet> =>
    client.patch(DROPLETS, `default/${droplet}`, {
      metadata: { annotations: { [RECOVER_ANNOTATION]: String(id) } },
    });

  /** Another controller writes; that condition becomes True now. */
  function setStatus(droplet: string, status: DropletStatus, condition?: string): void {
    const before = dropletOf(droplet);
    const conditions = (before.status?.conditions ?? []).map(one =>
      one.type === condition ? { ...one, lastTransitionTime: toKubernetesTime(new Date(clock.now())) } : one,
    );
    void client.patch(
      DROPLETS,
      `default/${droplet}`,
      { status: { ...status, conditions } },
      { subresource: 'status' },
    );
  }

  const reconcileOnce = () => reconcile('default/shop', rig.run);

  /** `False Dead`. */
  function healthOf(name: string): string | undefined {
    const healthy = findCondition(dropletOf(name).status?.conditions, 'Healthy');
    return healthy && `${healthy.status} ${healthy.reason}`;
  }

  const messageOf = (name: string): string | undefined =>
    findCondition(dropletOf(name).status?.conditions, 'Healthy')?.message;

  return { ...rig, said, vouch, pass, name, setStatus, reconcileOnce, healthOf, messageOf, dropletOf };
}
