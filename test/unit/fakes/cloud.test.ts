import { expect } from 'chai';
import { isCloudNotFound, isPendingEvent } from '../../../clients/digitalocean/errors.ts';
import { fakeCloud, refusal } from '../../fakes/cloud.ts';
import { rejection } from '../../fakes/rejection.ts';

const REQUEST = { name: 'a', region: 'nyc3', size: 's', image: 'i', tags: ['t'], sshKeys: [1] };

describe('The fake cloud', () => {
  it('boots a droplet only when it is told to', async () => {
    const cloud = fakeCloud();
    const { id, status } = await cloud.createDroplet(REQUEST);
    expect(status).to.equal('new');
    expect(cloud.finishBoot(id)).to.include({ name: 'a', status: 'active', size: 's' });
    expect(await cloud.listDroplets('t')).to.deep.equal([await cloud.getDroplet(id)]);
    expect(await cloud.listDroplets('u')).to.deep.equal([]);
    expect(cloud.calls[0]).to.deep.equal({ operation: 'createDroplet', args: [REQUEST] });
  });

  it('locks a droplet while an action runs, and changes it when the action completes', async () => {
    const cloud = fakeCloud();
    const { id } = cloud.addDroplet();
    const action = await cloud.powerOffDroplet(id);
    expect(await cloud.getDroplet(id)).to.include({ locked: true, status: 'active' });
    expect(isPendingEvent(await rejection(cloud.powerOnDroplet(id)))).to.equal(true);
    cloud.finishAction(action.id);
    expect(await cloud.getDroplet(id)).to.include({ locked: false, status: 'off' });
    const resize = await cloud.resizeDroplet(id, 's-2vcpu-4gb');
    cloud.finishAction(resize.id, 'errored');
    expect(await cloud.getDroplet(id)).to.include({ locked: false, size: 's-1vcpu-1gb' });
    expect((await cloud.getAction(resize.id)).status).to.equal('errored');
  });

  it('fails the next call of an operation, before or after its effect', async () => {
    const cloud = fakeCloud();
    cloud.failNext('createDroplet', refusal(422, 'no'));
    cloud.failNext('createDroplet', refusal(504, 'lost'), { applied: true });
    await rejection(cloud.createDroplet(REQUEST));
    expect(cloud.droplets.size).to.equal(0);
    await rejection(cloud.createDroplet(REQUEST));
    expect(cloud.droplets.size).to.equal(1);
    expect(cloud.count('createDroplet')).to.equal(2);
  });

  it('does not know what is not there, and fails calls that are not expected', async () => {
    const cloud = fakeCloud();
    expect(isCloudNotFound(await rejection(cloud.deleteDroplet(1)))).to.equal(true);
    cloud.allowOnly('listDroplets');
    await cloud.listDroplets('t');
    expect((await rejection(cloud.getAccount())).message).to.equal('unexpected call of getAccount');
  });
});
