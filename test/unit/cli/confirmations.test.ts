import { expect } from 'chai';
import { confirmHeld, confirmLosses, isForgoing } from '../../../cli/world/confirmations.ts';
import { PROJECTS } from '../../../clients/kubernetes/kinds.ts';
import { CONFIRM_ANNOTATION } from '../../../crds/names.ts';
import { confirms, saysWithoutSnapshot } from '../../../reconcilers/gate/confirmation.ts';
import { aProject } from '../../builders/objects.ts';
import { fakeKubernetesClient } from '../../fakes/kubernetes-client.ts';
import { destroyFirst } from '../reconcilers/gate/effects.ts';

const held = {
  group: 'g',
  reason: 'LargeDeletion',
  message: 'too many',
  effects: 'destroy 1 droplet',
  confirmation: 'plain',
  withoutSnapshot: 'without',
  objects: [{ kind: 'Project', namespace: 'default', name: 'shop' }],
};

function start() {
  const kubernetes = fakeKubernetesClient([aProject('shop')], () => 0);
  const written = (): string =>
    kubernetes.stored(PROJECTS, 'default/shop')!.metadata.annotations![CONFIRM_ANNOTATION]!;
  return { kubernetes, written };
}

describe('What a command confirms', () => {
  it('says that no last snapshot is needed only when it is told to', async () => {
    const { kubernetes, written } = start();
    await confirmHeld({ kubernetes }, held, false);
    expect(written()).to.equal('plain');
    await confirmHeld({ kubernetes }, held, true);
    expect(written()).to.equal('without');
  });

  it('is the same either way where no data are lost', async () => {
    const { kubernetes, written } = start();
    const { withoutSnapshot: _none, ...other } = held;
    await confirmHeld({ kubernetes }, other, true);
    expect(written()).to.equal('plain');
  });

  it('tells what is held for want of a snapshot alone', () => {
    expect([held, { ...held, withoutSnapshot: 'plain' }].map(isForgoing)).to.deep.equal([false, true]);
  });

  it('says so too of losses that nobody has asked for yet', async () => {
    const { kubernetes, written } = start();
    const losses = destroyFirst('shop', 1);
    for (const isWithout of [false, true]) {
      await confirmLosses({ kubernetes }, losses, 0, isWithout);
      expect([saysWithoutSnapshot(written()), confirms(written(), losses, 1)]).to.deep.equal([
        isWithout,
        true,
      ]);
    }
  });
});
