import { expect } from 'chai';
import { SERVICE_DEPLOYMENTS } from '../../../clients/kubernetes/kinds.ts';
import { API_VERSION } from '../../../crds/names.ts';
import { aCondition } from '../../builders/objects.ts';
import type { HostLife } from '../../environment/host-life.ts';

/** A production release begins to serve. */
export function itTakesSnapshots(life: () => HostLife): void {
  it('have a snapshot after a production release, of the master and of one web', async () => {
    const { droplet, operator, world } = life();
    const { kubernetes, namespace, owner } = world;
    const [key, deployedAt] = [`${namespace}/shop-prod-worker`, new Date().toISOString()] as const;
    await kubernetes.create(
      SERVICE_DEPLOYMENTS,
      {
        apiVersion: API_VERSION,
        kind: 'ServiceDeployment',
        metadata: { name: 'shop-prod-worker', namespace },
        spec: { project: 'shop', environment: 'prod', service: 'worker', type: 'worker' },
      },
      {},
    );
    const status = {
      deployedAt,
      endpoints: [{ droplet: 'shop-web1', address: '10.0.0.2:8000' }],
      conditions: [aCondition('Rolled', 'True')],
    };
    await kubernetes.patch(SERVICE_DEPLOYMENTS, key, { status }, { subresource: 'status' });
    const newest = (name: string) => droplet(name).status?.snapshot;
    await world.until('both snapshots', () => newest('master') !== undefined && newest('web1') !== undefined);

    const snapshots = await owner.listSnapshots();
    for (const name of ['master', 'web1']) {
      const { metadata, status } = droplet(name);
      const snapshot = snapshots.find(({ id }) => id === status!.snapshot!.id)!;
      expect(snapshot.dropletId).to.equal(status!.server!.id);
      expect(snapshot.tags).to.include(`dropfleet-uid:${metadata.uid}`);
      expect(status).not.to.have.property('snapshotting');
    }
    expect(operator().hostCommands.filter(command => command === 'dropfleet-freeze')).to.have.length(2);
    expect(snapshots).to.have.length(2);
    await kubernetes.delete(SERVICE_DEPLOYMENTS, key);
    for (const { id } of snapshots) await owner.deleteSnapshot(id);
  });
}
