import { expect } from 'chai';
import { UnreadableItems, type Marks } from '../../../../clients/digitalocean/errors.ts';
import { fleetTag } from '../../../../crds/cloud-tags.ts';
import { snapshotName } from '../../../../crds/snapshot-name.ts';
import { createSnapshotSource } from '../../../../reconcilers/snapshot/source.ts';
import { listSnapshots } from '../../../../reconcilers/snapshot/list.ts';
import { aSnapshot } from '../../../builders/snapshots.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { fakeCloud } from '../../../fakes/cloud.ts';
import { fakeLogger } from '../../../fakes/logger.ts';
import { rejection } from '../../../fakes/rejection.ts';

const readable = aSnapshot(1, 0);
const other: Marks = { name: 'before the\u0007 move', tags: ['mine'] };

/** A cloud with one more snapshot, which cannot be read. */
function start(marks: Marks | undefined) {
  const cloud = fakeCloud();
  const failure = { operation: 'listSnapshots', status: 200, message: 'of 8, size_gigabytes is no size' };
  const fail = () =>
    cloud.failNext('listSnapshots', new UnreadableItems(failure, [readable], [{ id: 8, marks }]));
  fail();
  return { cloud, fail };
}

describe("A list of the account's snapshots", () => {
  it("is that of the others when one cannot be read that is somebody else's", async () => {
    const { snapshots, unreadable } = await listSnapshots(start(other).cloud, 'f');
    expect(snapshots).to.deep.equal([readable]);
    expect(unreadable).to.include('of 8, size_gigabytes is no size');
  });

  const ours: Record<string, Marks | undefined> = {
    "it carries the fleet's tag": { ...other, tags: [fleetTag('f').toUpperCase()] },
    'it has a name of the fleet, and no tags yet': {
      name: snapshotName('f', 'shop-master', 'n', 0),
      tags: [],
    },
    'nothing says whose it is': undefined,
  };
  for (const [why, marks] of Object.entries(ours))
    it(`is none when one cannot be read and ${why}`, async () => {
      expect(await rejection(listSnapshots(start(marks).cloud, 'f'))).to.be.instanceOf(UnreadableItems);
    });

  it('is complained of once, and again when it was well between', async () => {
    const { cloud, fail } = start(other);
    const [clock, log] = [fakeClock(), fakeLogger()];
    const source = createSnapshotSource({ cloud, clock, log, fleetId: 'f' });
    const { signal } = new AbortController();
    await source.list(0, signal);
    fail();
    await source.list(0, signal);
    await clock.advance(60_000);
    await source.list(0, signal);
    fail();
    await source.list(0, signal);
    expect(log.lines.filter(({ level }) => level === 'warn')).to.have.length(2);
  });
});
