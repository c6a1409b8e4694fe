import { expect } from 'chai';
import {
  findOrphanAddresses,
  findOrphanFirewalls,
  findOrphans,
  type OwnedResource,
} from '../../../../reconcilers/orphans/plan.ts';

const NOW = Date.parse('2026-01-01T01:00:00Z');
const AGE_MS = 600_000;
const find = (change: Partial<OwnedResource>): number =>
  findOrphans(
    [
      {
        kind: 'droplet',
        id: '7',
        name: 'shop-web1',
        tags: ['dropfleet:mine', 'dropfleet-uid:gone'],
        createdAt: '2026-01-01T00:50:00Z',
        ...change,
      },
    ],
    'dropfleet:mine',
    'our-api',
    new Set(['alive']),
    NOW,
    AGE_MS,
  ).length;

describe('A orphan', () => {
  it('is never what another Kubernetes API keeps, though its objects are nowhere to be seen here', () => {
    const tags = ['dropfleet:mine', 'dropfleet-uid:gone'];
    expect(find({ tags: [...tags, 'dropfleet-api:another-api'] })).to.equal(0);
    expect(find({ tags: [...tags, 'dropfleet-api:our-api'] })).to.equal(1);
  });

  it('is not what was replaced, while its object is there, and for a day after it was in any case', () => {
    const retired = (uid: string, at: string): string[] => [
      'dropfleet:mine',
      `dropfleet-retired:${uid}`,
      `dropfleet-retired-at:${at}`,
    ];
    expect(find({ tags: retired('alive', '20200101t000000z') })).to.equal(0);
    expect(find({ tags: retired('gone', '20251231t010001z') })).to.equal(0);
    expect(find({ tags: retired('gone', '20251231t010000z') })).to.equal(1);
  });

  it('is what a drill made once the object is gone whose snapshot it is', () => {
    expect(find({ tags: ['dropfleet:mine', 'dropfleet-drill:alive'] })).to.equal(0);
    expect(find({ tags: ['dropfleet:mine', 'dropfleet-drill:gone'] })).to.equal(1);
  });

  it("carries the fleet's tag and the uid of no object", () => expect(find({})).to.equal(1));

  it("may carry no uid at all, as long as it has the fleet's tag", () =>
    expect(find({ tags: ['dropfleet:mine'] })).to.equal(1));

  it('is nothing that an object owns', () =>
    expect(find({ tags: ['dropfleet:mine', 'dropfleet-uid:alive'] })).to.equal(0));

  it("is nothing of another fleet's, nor a person's own", () => {
    expect(find({ tags: ['dropfleet:theirs', 'dropfleet-uid:gone'] })).to.equal(0);
    expect(find({ tags: [] })).to.equal(0);
    expect(find({ tags: ['dropfleet:mine-too'] })).to.equal(0);
  });

  it('is old enough that its object would be known', () =>
    expect(find({ createdAt: '2026-01-01T00:50:01Z' })).to.equal(0));
});

describe('A orphan firewall', () => {
  const findFirewalls = (change: Partial<OwnedResource> = {}, projects: string[] = [], tags: string[] = []) =>
    findOrphanFirewalls(
      [
        {
          id: 'f-1',
          name: 'dropfleet.mine.shop.web',
          tags: ['dropfleet:mine:shop:web'],
          createdAt: '2026-01-01T00:50:00Z',
          ...change,
        },
      ],
      'mine',
      new Set(projects),
      new Set(tags),
      NOW,
      AGE_MS,
    ).map(({ kind, id }) => `${kind} ${id}`);

  it("has the name of a project that is not there, and protects none of the fleet's servers", () => {
    expect(findFirewalls({}, ['blog'], ['dropfleet:mine:blog:web'])).to.deep.equal(['firewall f-1']);
  });

  it('is none while its project or a server needs it', () => {
    expect(findFirewalls({}, ['shop'])).to.deep.equal([]);
    expect(findFirewalls({}, [], ['dropfleet:mine:shop:web'])).to.deep.equal([]);
  });

  it("is nothing of another fleet's, nor a person's own, nor brand new", () => {
    expect(findFirewalls({ name: 'dropfleet.theirs.shop.web' })).to.deep.equal([]);
    expect(findFirewalls({ name: 'web' })).to.deep.equal([]);
    expect(findFirewalls({ createdAt: '2026-01-01T00:50:01Z' })).to.deep.equal([]);
  });
});

describe('A reserved IP', () => {
  it('is an orphan when the Project that it was reserved for is gone, and the account has it', () => {
    const recorded = [
      { address: '192.0.2.1', uid: 'gone', project: 'default/shop' },
      { address: '192.0.2.2', uid: 'alive', project: 'default/blog' },
      { address: '192.0.2.3', uid: 'gone', project: 'default/shop' },
    ];
    const account = new Set(['192.0.2.1', '192.0.2.2', '192.0.2.9']);
    const found = findOrphanAddresses(recorded, account, new Set(['alive']));
    expect(found.map(({ kind, id, name }) => `${kind} ${id} of ${name}`)).to.deep.equal([
      'reserved IP 192.0.2.1 of default/shop',
    ]);
  });
});
