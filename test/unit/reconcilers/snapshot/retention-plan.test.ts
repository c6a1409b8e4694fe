import { expect } from 'chai';
import * as fc from 'fast-check';
import { fleetTag, uidTag, VERIFIED_TAG } from '../../../../crds/cloud-tags.ts';
import { LAST_KEPT_MS, planPruning, planRetention } from '../../../../reconcilers/snapshot/retention-plan.ts';
import { activeStatus, aDroplet } from '../../../builders/objects.ts';
import { aSnapshot, type SnapshotParts } from '../../../builders/snapshots.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.parse('2026-01-01T12:00:00Z');

const dayly = (days: number) =>
  Array.from({ length: days }, (_, day) => aSnapshot(day + 1, START + day * DAY));
const ids = (snapshots: readonly { id: string }[]): number[] => snapshots.map(({ id }) => Number(id));
const keptOf = (snapshots: readonly ReturnType<typeof aSnapshot>[]) => {
  const doomed = new Set(planRetention(snapshots));
  return snapshots.filter(snapshot => !doomed.has(snapshot));
};

describe('Retention', () => {
  it('keeps 7 days, 4 weeks and 6 months of snapshots that were taken daily for a year', () => {
    const dates = keptOf(dayly(365)).map(({ createdAt }) => createdAt.slice(0, 10));
    expect(dates).to.deep.equal([
      // The ends of months.
      '2026-07-31',
      '2026-08-31',
      '2026-09-30',
      '2026-10-31',
      '2026-11-30',
      // Sundays, the ends of weeks.
      '2026-12-13',
      '2026-12-20',
      '2026-12-25',
      '2026-12-26',
      '2026-12-27',
      '2026-12-28',
      '2026-12-29',
      '2026-12-30',
      '2026-12-31',
    ]);
  });

  it('keeps the last of a day in which several were taken', () => {
    expect(
      ids(planRetention([aSnapshot(1, START), aSnapshot(2, START + HOUR), aSnapshot(3, START + DAY)])),
    ).to.deep.equal([1]);
  });

  it('keeps all there is, however old, when no new ones are taken', () => {
    expect(planRetention(dayly(7))).to.deep.equal([]);
  });

  it('keeps the newest that is verified, wherever it stands', () => {
    const verified = [3, 40].map(day => aSnapshot(day + 1, START + day * DAY, { tags: [VERIFIED_TAG] }));
    const others = dayly(200).filter(({ id }) => !['4', '41'].includes(id));
    const kept = ids(keptOf([...others, ...verified]));
    expect(kept).to.include(41).and.not.include(4);
  });

  it('takes one of nothing for no snapshot: it keeps none away, and goes when a newer one is finished', () => {
    const empty = (id: number, at: number) => aSnapshot(id, at, { sizeGB: 0 });
    expect(planRetention([empty(1, START), empty(2, START + DAY)])).to.deep.equal([]);
    const mixed = [empty(1, START), aSnapshot(2, START + HOUR), empty(3, START + 2 * HOUR)];
    expect(ids(planRetention(mixed))).to.deep.equal([1]);
  });

  const histories = fc.uniqueArray(
    fc.record({
      at: fc.integer({ min: 0, max: 400 * 24 }).map(hours => START + hours * HOUR),
      isGood: fc.boolean(),
      isVerified: fc.boolean(),
    }),
    { maxLength: 60, selector: ({ at }) => at },
  );
  const made = (history: readonly { at: number; isGood: boolean; isVerified: boolean }[]) =>
    history.map(({ at, isGood, isVerified }, i) =>
      aSnapshot(i + 1, at, { sizeGB: isGood ? 2 : 0, tags: isVerified ? [VERIFIED_TAG] : [] }),
    );
  const newest = (snapshots: readonly ReturnType<typeof aSnapshot>[]) =>
    snapshots.toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt))[0];

  it('never removes the newest that is finished, nor the newest that is verified, and keeps no more than it says', () => {
    fc.assert(
      fc.property(histories, history => {
        const snapshots = made(history);
        const good = snapshots.filter(({ sizeGB }) => sizeGB > 0);
        const doomed = planRetention(snapshots);
        expect(doomed).not.to.include(newest(good));
        expect(doomed).not.to.include(newest(good.filter(({ tags }) => tags.length > 0)));
        expect(keptOf(good).length).to.be.at.most(7 + 4 + 6 + 1);
        const days = new Set(good.map(({ createdAt }) => createdAt.slice(0, 10))).size;
        expect(keptOf(good).length).to.be.at.least(Math.min(days, 7));
      }),
      propertyOptions(500),
    );
  });

  it('has removed, once it was followed, all that it ever will; and brings nothing back for one more', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 1000 }), (history, hours) => {
        const snapshots = made(history);
        const kept = keptOf(snapshots);
        expect(planRetention(kept)).to.deep.equal([]);
        const last = Math.max(START, ...snapshots.map(({ createdAt }) => Date.parse(createdAt)));
        const next = aSnapshot(999, last + hours * HOUR);
        expect([next, ...kept]).to.include.members(
          keptOf([...snapshots, next]).filter(({ sizeGB }) => sizeGB > 0),
        );
      }),
      propertyOptions(500),
    );
  });
});

describe("Pruning the fleet's snapshots", () => {
  const NOW = START + 100 * DAY;
  const master = aDroplet('shop-master', { status: activeStatus(7, { formerIDs: [6] }) });
  const of = (dropletId: number, uid: string, parts: SnapshotParts = {}): SnapshotParts => ({
    dropletId,
    tags: [fleetTag('f'), uidTag(uid)],
    ...parts,
  });
  const pruning = (snapshots: ReturnType<typeof aSnapshot>[], servers: number[] = [7]) =>
    planPruning({
      snapshots,
      droplets: [master],
      servers: new Set(servers),
      fleetId: 'f',
      apiId: 'a',
      now: NOW,
    });
  const pair = (first: number, parts: SnapshotParts, age = 20 * DAY) =>
    [first, first + 1].map(id => aSnapshot(id, NOW - age + id, parts));

  it('counts those of former servers, and those from before the objects were recreated, as the same Droplet', () => {
    const all = [...pair(1, of(6, 'uid-shop-master')), ...pair(3, of(7, 'uid-before'))];
    expect(ids(pruning(all).old.get('uid-shop-master')!)).to.deep.equal([1, 3]);
  });

  it('keeps the last one of each server that a Droplet had for 30 days, though newer ones of the same day stay', () => {
    const at = NOW - 30 * DAY;
    const all = [
      aSnapshot(1, at, of(5, 'uid-shop-master')),
      aSnapshot(2, at + 1_000, of(6, 'uid-shop-master')),
      aSnapshot(3, at + 2_000, of(6, 'uid-shop-master', { sizeGB: 0 })),
      aSnapshot(4, at + 3_000, of(7, 'uid-shop-master')),
    ];
    expect(ids(pruning(all).old.get('uid-shop-master')!)).to.deep.equal([3]);
    const older = all.map(one => ({
      ...one,
      createdAt: new Date(Date.parse(one.createdAt) - DAY).toISOString(),
    }));
    expect(ids(pruning(older).old.get('uid-shop-master')!)).to.deep.equal([1, 2, 3]);
  });

  it("leaves alone what is a person's, another fleet's or another API's", () => {
    const strangers = [
      pair(1, { dropletId: 7, tags: [] }),
      pair(3, of(7, 'uid-shop-master', { tags: [fleetTag('g'), uidTag('uid-shop-master')] })),
      pair(5, of(7, 'uid-shop-master', { tags: [fleetTag('f'), 'dropfleet-api:b'] })),
      pair(7, { dropletId: 7, tags: [], name: 'dropfleet.f-2.shop-master.n1.20260101T000000Z' }),
    ].flat();
    expect(pruning(strangers)).to.deep.equal({ old: new Map(), ofGone: [] });
  });

  it('knows by its name one that has no tags yet', () => {
    const all = pair(1, { dropletId: 7, tags: [], name: 'dropfleet.f.shop-master.n1.20260101T000000Z' });
    expect(ids(pruning(all).old.get('uid-shop-master')!)).to.deep.equal([1]);
  });

  it('keeps the last ones of a server that is gone for 30 days, and no longer', () => {
    const gone = of(9, 'uid-gone');
    expect(ids(pruning(pair(1, gone)).ofGone)).to.deep.equal([1]);
    expect(ids(pruning(pair(1, gone, LAST_KEPT_MS + HOUR)).ofGone)).to.deep.equal([1, 2]);
  });

  it('leaves those of a server that is there and has no object: it may be adopted', () => {
    expect(pruning(pair(1, of(9, 'uid-lost'), LAST_KEPT_MS + HOUR), [7, 9])).to.deep.equal({
      old: new Map(),
      ofGone: [],
    });
  });
});
