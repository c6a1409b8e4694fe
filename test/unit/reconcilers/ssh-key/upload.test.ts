import { expect } from 'chai';
import { createSshKeyUpload } from '../../../../reconcilers/ssh-key/upload.ts';
import { fakeCloud, refusal } from '../../../fakes/cloud.ts';
import { rejection } from '../../../fakes/rejection.ts';

const KEY = 'ssh-ed25519 AAAAC3Nza dropfleet';

describe("The upload of the fleet's key", () => {
  it('happens once, though many ask for its id at once', async () => {
    const cloud = fakeCloud();
    const upload = createSshKeyUpload(cloud, 'dropfleet-mine', KEY);
    const ids = await Promise.all([upload.id(), upload.id()]);
    expect(new Set(ids).size).to.equal(1);
    expect(cloud.keys.get(ids[0])?.name).to.equal('dropfleet-mine');
    expect(cloud.count('createKey')).to.equal(1);
  });

  it('finds the key that is there, whatever its comment and name', async () => {
    const cloud = fakeCloud();
    const { id } = await cloud.createKey('old', 'ssh-ed25519 AAAAC3Nza somebody@laptop');
    expect(await createSshKeyUpload(cloud, 'new', KEY).id()).to.equal(id);
    expect(cloud.count('createKey')).to.equal(1);
  });

  it('tells of the other fleets that have a key there, by one list for both', async () => {
    const cloud = fakeCloud();
    for (const name of ['dropfleet-theirs', 'dropfleet-mine', 'a-persons'])
      await cloud.createKey(name, `ssh-ed25519 ${name} x`);
    const upload = createSshKeyUpload(cloud, 'dropfleet-mine', KEY);
    expect(await upload.otherFleets()).to.deep.equal(['theirs']);
    await upload.id();
    expect(cloud.count('listKeys')).to.equal(1);
  });

  it('is tried again after a failure', async () => {
    const cloud = fakeCloud();
    const upload = createSshKeyUpload(cloud, 'dropfleet', KEY);
    cloud.failNext('createKey', refusal(500, 'try later'));
    expect((await rejection(upload.id())).message).to.contain('try later');
    expect(await upload.id()).to.be.a('number');
  });

  it('is recreated once it is known that the account lost the key', async () => {
    const cloud = fakeCloud();
    const upload = createSshKeyUpload(cloud, 'dropfleet', KEY);
    const lost = await upload.id();
    await cloud.deleteKey(lost);
    upload.forget();
    expect(await upload.id()).to.not.equal(lost);
  });
});
