import { expect } from 'chai';
import { retiredAtTag, retiredTag } from '../../../../crds/cloud-tags.ts';
import {
  howToMakeRoom,
  keptServers,
  planRetired,
  type FormerServer,
} from '../../../../reconcilers/retired/plan.ts';
import { aCondition, aDroplet, activeStatus } from '../../../builders/objects.ts';

const RETIRED_AT = Date.parse('2026-01-01T00:00:05Z');
const DAY_MS = 24 * 3_600_000;
const marks = [retiredTag('uid-shop-web1'), retiredAtTag(RETIRED_AT)];
const successor = aDroplet('shop-web1', { status: activeStatus(8) });
const plan = (
  change: Partial<FormerServer> = {},
  droplet: typeof successor | undefined = successor,
  ms = DAY_MS,
) => planRetired({ id: 7, status: 'off', tags: marks, ...change }, droplet, RETIRED_AT + ms);

describe('The plan for a server that was replaced', () => {
  it('is to destroy it after a day, when the one in its place is Ready', () =>
    expect(plan()).to.deep.equal({ type: 'destroy' }));

  it('is to keep it for just that long', () =>
    expect(plan({}, successor, DAY_MS - 1)).to.deep.equal({ type: 'keep', afterMs: 1 }));

  it('is to keep what runs, though its day is over: somebody turned it on', () => {
    for (const status of ['active', 'new', 'archive'] as const)
      expect(plan({ status }).type).to.equal('keep');
  });

  it('is to keep it while nothing that is well has taken its place', () => {
    const conditions = [aCondition('Ready', 'False')];
    for (const status of [undefined, { server: {} }, activeStatus(7), { ...activeStatus(8), conditions }])
      expect(
        plan({}, aDroplet('shop-web1', { ...(status && { status }) })).type,
        JSON.stringify(status),
      ).to.equal('keep');
  });

  it('leaves it to a person when its object is gone or goes, or nobody knows since when it is kept', () => {
    const going = aDroplet('shop-web1', {
      status: activeStatus(8),
      metadata: { deletionTimestamp: '2026-01-02T00:00:00Z' },
    });
    const unmarked = [retiredTag('uid-shop-web1'), 'dropfleet-retired-at:yesterday'];
    const server: FormerServer = { id: 7, status: 'off', tags: marks };
    expect(planRetired(server, undefined, RETIRED_AT + DAY_MS)).to.deep.equal({ type: 'keep' });
    expect(plan({}, going)).to.deep.equal({ type: 'keep' });
    expect(plan({ tags: unmarked })).to.deep.equal({ type: 'keep' });
  });
});

it('What is kept is listed with the time until when', () => {
  const server = { id: 7, name: 'shop-web1', size: 'small', tags: marks };
  expect(keptServers([server, { ...server, tags: ['dropfleet:f'] }])).to.deep.equal([
    { id: 7, name: 'shop-web1', size: 'small', keptUntil: '2026-01-02T00:00:05Z' },
  ]);
});

it('What is kept is named to who has no room for another', () => {
  const kept = [7, 8, 9, 10].map(id => ({
    id,
    name: 'shop-web1',
    size: 'small',
    keptUntil: '2026-01-02T00:00:05Z',
  }));
  expect(howToMakeRoom([])).to.equal('ask DigitalOcean to raise the limit, or delete droplets');
  expect(howToMakeRoom(kept.slice(0, 1))).to.equal(
    'these count too, though they are off: 7 (the former shop-web1, kept until 2026-01-02T00:00:05Z). Destroy one at ' +
      'DigitalOcean if nothing on its disk is needed, or ask DigitalOcean to raise the limit',
  );
  expect(howToMakeRoom(kept)).to.match(/ 9 \(the former [^)]+\) and 1 more\. Destroy/);
});
