import { expect } from 'chai';
import { Registry } from 'prom-client';
import { registerIn } from '../../../../controllers/metrics.ts';
import { SNAPSHOT } from '../../../../reconcilers/snapshot/concern.ts';
import { showSnapshots } from '../../../../reconcilers/snapshot/gauges.ts';
import type { DropletStatus } from '../../../../crds/droplet.ts';
import { activeStatus, aDroplet, aProject } from '../../../builders/objects.ts';
import { createRig, ownOf } from '../reconcile-rig.ts';

it('The age of a newest snapshot is shown of those projects that go on taking them', async () => {
  const snapshot = { id: '1', createdAt: '2026-01-01T00:00:00Z', sizeGB: 1 };
  const masterOf = (project: string) =>
    aDroplet(`${project}-master`, { spec: { project }, status: { snapshot } });
  const { context, clock } = createRig([
    aProject('shop'),
    aProject('blog', { spec: { snapshots: 'off' } }),
    aProject('wiki', { spec: { suspend: true } }),
    ...['shop', 'blog', 'wiki'].map(masterOf),
  ]);
  const registry = new Registry();
  const metrics = registerIn(registry)(SNAPSHOT.metrics);
  showSnapshots(
    { ...context, ...ownOf(SNAPSHOT), metrics },
    { known: () => undefined, list: async () => [] },
  );
  await clock.advance(60_000);
  const lines = (await registry.getSingleMetricAsString('dropfleet_snapshot_age_seconds')).split('\n');
  expect(lines.filter(line => !line.startsWith('#'))).to.deep.equal([
    'dropfleet_snapshot_age_seconds{namespace="default",project="shop",droplet="shop-master"} 60',
  ]);
});

it('A server is shown that holds data and has no snapshot, and none that has one, holds none, or is to have none', async () => {
  const status = (id: number, parts: Partial<DropletStatus> = {}): DropletStatus => ({
    ...activeStatus(id),
    dataServers: [7],
    ...parts,
  });
  const snapshot = { id: '1', createdAt: '2026-01-01T00:00:00Z' };
  const { context, clock } = createRig([
    ...['shop', 'blog', 'wiki'].map(name => aProject(name)),
    aProject('off', { spec: { snapshots: 'off' } }),
    aDroplet('shop-master', { status: status(7) }),
    aDroplet('blog-master', { status: status(7, { snapshot }) }),
    aDroplet('wiki-master', { status: status(8) }),
    aDroplet('off-master', { status: status(7) }),
  ]);
  const registry = new Registry();
  const metrics = registerIn(registry)(SNAPSHOT.metrics);
  const source = { known: () => undefined, list: async () => [] };
  showSnapshots({ ...context, ...ownOf(SNAPSHOT), metrics }, source);
  await clock.advance(90_000);
  const lines = (await registry.getSingleMetricAsString('dropfleet_without_snapshot_seconds')).split('\n');
  expect(lines.filter(line => !line.startsWith('#'))).to.deep.equal([
    'dropfleet_without_snapshot_seconds{namespace="default",project="shop",droplet="shop-master"} 90',
  ]);
});
