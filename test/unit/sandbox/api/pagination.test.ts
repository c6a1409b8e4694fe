import { expect } from 'chai';
import * as fc from 'fast-check';
import { listReply } from '../../../../sandbox/api/pagination.ts';
import type { Call } from '../../../../sandbox/api/route.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';

interface Page {
  items: number[];
  links: { pages?: Partial<Record<'first' | 'prev' | 'next' | 'last', string>> };
  meta: { total: number };
}

function page(total: number, query: string): Page {
  const call = { query: new URLSearchParams(query), baseUrl: 'http://cloud', path: '/v2/items' } as Call;
  const items = Array.from({ length: total }, (_, index) => index);
  return listReply(call, 'items', items, item => item).body as Page;
}

describe("the sandbox's pages", () => {
  it('hold 20 unless asked for more, and never more than 200', () => {
    expect(page(500, '').items).to.have.length(20);
    expect(page(500, 'per_page=200').items).to.have.length(200);
    expect(page(500, 'per_page=201').items).to.have.length(200);
  });

  it('take what is no positive whole number for not given', () => {
    for (const query of ['page=0', 'page=-1', 'page=x', 'per_page=0', 'per_page=1e2', 'page=1.5'])
      expect(page(50, query).items, query).to.deep.equal(page(50, '').items);
  });

  it('have no links when there is only one', () => {
    expect(page(20, '').links).to.deep.equal({});
    expect(page(0, '').links).to.deep.equal({});
  });

  it('link to the others with the same filter', () => {
    const { links } = page(50, 'tag_name=a%3Ab&page=2&per_page=20');
    const to = (number: number): string => `http://cloud/v2/items?tag_name=a%3Ab&page=${number}&per_page=20`;
    expect(links.pages).to.deep.equal({ first: to(1), prev: to(1), next: to(3), last: to(3) });
  });

  it('are empty past the end, and link back', () => {
    const { items, links, meta } = page(30, 'page=9');
    expect(items).to.deep.equal([]);
    expect(meta.total).to.equal(30);
    expect(links.pages?.prev).to.equal('http://cloud/v2/items?page=2');
    expect(links.pages).not.to.have.property('next');
  });

  it('give every item once, in order, to a client that follows next', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 700 }), fc.integer({ min: 1, max: 250 }), (total, perPage) => {
        const seen: number[] = [];
        for (let query: string | undefined = `per_page=${perPage}`; query !== undefined;) {
          const { items, links, meta } = page(total, query);
          expect(meta.total).to.equal(total);
          seen.push(...items);
          query = links.pages?.next?.split('?')[1];
        }
        expect(seen).to.deep.equal(Array.from({ length: total }, (_, index) => index));
      }),
      propertyOptions(100),
    );
  });
});
