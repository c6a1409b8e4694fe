import { expect } from 'chai';
import { DROPLETS } from '../../../../clients/kubernetes/kinds.ts';
import { ADOPT_ANNOTATION } from '../../../../crds/names.ts';
import { planProject } from '../../../../reconcilers/project/plan.ts';
import { reconcileProject } from '../../../../reconcilers/project/reconcile.ts';
import { aDroplet, aProject, activeDroplets, activeStatus } from '../../../builders/objects.ts';
import { createRig } from '../reconcile-rig.ts';

const types = (...input: Parameters<typeof planProject>): string[] =>
  planProject(...input).map(({ type }) => type);

describe('The plan for a Project whose servers were taken over', () => {
  const small = { spec: { size: 'small' } };
  const project = aProject('shop', { spec: { servers: 3 } });
  const [master] = activeDroplets('shop', 1);

  it('resizes none before it has its server', () => {
    const metadata = { annotations: { [ADOPT_ANNOTATION]: '7' } };
    const webs = ['shop-web1', 'shop-web2'].map(name => aDroplet(name, { ...small, metadata }));
    expect(types(project, [master!, ...webs])).to.deep.equal([]);
  });

  it('resizes one after the other, though none was asked for', () => {
    const webs = ['shop-web1', 'shop-web2'].map((name, i) => {
      const status = activeStatus(i + 5);
      const { nonce: _nonce, ...server } = status.server!;
      return aDroplet(name, { ...small, status: { ...status, server } });
    });
    expect(types(project, [master!, ...webs])).to.deep.equal(['resize-droplet']);
  });

  it('makes a Droplet its own that was there before its place was', async () => {
    const metadata = { ownerReferences: [] };
    const web = aDroplet('shop-web1', { metadata, status: activeStatus(5) });
    const rig = createRig([aProject('shop', { spec: { servers: 2 } }), master!, web]);
    const stored = () => rig.client.stored(DROPLETS, 'default/shop-web1')!;
    await reconcileProject(
      rig.context,
      'default/shop',
      rig.context.projects.get('default/shop'),
      undefined,
      rig.run,
    );
    expect(stored().metadata.ownerReferences).to.deep.include({
      apiVersion: 'dropfleet.io/v1alpha1',
      kind: 'Project',
      name: 'shop',
      uid: 'uid-shop',
      controller: true,
      blockOwnerDeletion: true,
    });
    expect(rig.cloud.count('createDroplet')).to.equal(0);
  });

  it('leaves a Droplet to whom applied it by hand', () => {
    const byHand = aDroplet('shop-web1', { metadata: { ownerReferences: [], labels: {} } });
    expect(types(aProject('shop', { spec: { servers: 2 } }), [master!, byHand])).to.deep.equal([]);
  });
});
