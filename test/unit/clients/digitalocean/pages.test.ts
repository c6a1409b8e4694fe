import { expect } from 'chai';
import { array, assert, asyncProperty, constantFrom, nat } from 'fast-check';
import { allPages, PER_PAGE } from '../../../../clients/digitalocean/pages.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';

describe('allPages', () => {
  it('never lacks an item that was there all the time while others only come or only go', async () => {
    const changes = array(nat(4), { minLength: 1, maxLength: 12 });
    await assert(
      asyncProperty(
        nat(3 * PER_PAGE),
        changes,
        constantFrom('come', 'go'),
        nat(),
        async (length, changes, way, where) => {
          let items = Array.from({ length }, (_, i) => i);
          const stayed = new Set(items);
          const fetchPage = async (page: number) => {
            for (let n = changes.shift() ?? 0; n > 0; n--) {
              const at = where % (items.length + 1);
              if (way === 'come') items = items.toSpliced(at, 0, 10_000 + changes.length * 10 + n);
              else items.splice(at, 1).forEach(item => stayed.delete(item));
            }
            await Promise.resolve();
            return { items: items.slice((page - 1) * PER_PAGE, page * PER_PAGE), total: items.length };
          };
          const listed = await allPages(fetchPage, item => item);
          if (listed === undefined) return;
          expect(new Set(listed).size).to.equal(listed.length);
          expect([...stayed].filter(item => !listed.includes(item))).to.deep.equal([]);
        },
      ),
      propertyOptions(200),
    );
  });
});
