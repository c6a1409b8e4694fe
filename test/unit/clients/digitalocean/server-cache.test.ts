import { expect } from 'chai';
import { array, assert, constantFrom, nat, property, record, subarray, uniqueArray } from 'fast-check';
import type { CloudDroplet } from '../../../../clients/digitalocean/cloud.ts';
import { createServerCache } from '../../../../clients/digitalocean/server-cache.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';

const TAGS = ['dropfleet:f', 'dropfleet-uid:u', 'dropfleet-nonce:n'];

const droplet = record(
  {
    id: nat(6),
    name: constantFrom('a', 'b'),
    status: constantFrom<CloudDroplet['status']>('new', 'active'),
    locked: constantFrom(false),
    size: constantFrom('s'),
    disk: constantFrom(25),
    region: constantFrom('nyc3'),
    image: constantFrom('i'),
    tags: subarray(TAGS),
    createdAt: constantFrom('then'),
  },
  { noNullPrototype: true },
);
const lists = array(uniqueArray(droplet, { selector: ({ id }) => id }), { maxLength: 8 });

describe('The droplet cache', () => {
  it('equals the newest list, and its changes lead from each list to the next', () => {
    assert(
      property(lists, lists => {
        const cache = createServerCache();
        const mirror = new Map<number, CloudDroplet>();
        const everSeen = new Set<number>();
        for (const listed of lists) {
          for (const { before, after } of cache.replace(listed)) {
            expect(mirror.get((before ?? after)!.id)).to.equal(before);
            expect(after).not.to.deep.equal(before);
            if (after === undefined) mirror.delete(before!.id);
            else mirror.set(after.id, after);
          }
          const sorted = listed.toSorted((a, b) => a.id - b.id);
          for (const { id } of listed) everSeen.add(id);
          expect(cache.list()).to.deep.equal(sorted);
          expect([...mirror.values()].sort((a, b) => a.id - b.id)).to.deep.equal(sorted);
          for (const tag of TAGS)
            expect(cache.byTag(tag)).to.deep.equal(sorted.filter(({ tags }) => tags.includes(tag)));
          for (let id = 0; id <= 6; id++) {
            expect(cache.get(id)).to.equal(mirror.get(id));
            expect(cache.hasBeenSeen(id)).to.equal(everSeen.has(id));
          }
        }
      }),
      propertyOptions(300),
    );
  });
});
