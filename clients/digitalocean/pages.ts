/** DigitalOcean's longest page. */
export const PER_PAGE = 200;
const MOST_TRIES = 5;

/** A page of a list, and how long the whole list was when the page was made. */
export interface Page<T> {
  items: T[];
  total: number;
}

/**
 * All items of a list. A list that changes between two pages shifts its items from one page to the other, and
 * one that exists can then be on neither; to take that for a deletion would be dear. So a list counts only
 * when all its pages agree on the total and that many different items came; else it is made again, and after
 * five times undefined is the answer.
 */
export async function allPages<T>(
  fetchPage: (page: number) => Promise<Page<T>>,
  idOf: (item: T) => unknown,
): Promise<T[] | undefined> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const first = await fetchPage(1);
    const others = Array.from({ length: Math.ceil(first.total / PER_PAGE) - 1 }, (_, i) => fetchPage(i + 2));
    const pages = [first, ...(await Promise.all(others))];
    const items = new Map(pages.flatMap(page => page.items).map(item => [idOf(item), item]));
    if (pages.every(page => page.total === items.size)) return [...items.values()];
  }
  return undefined;
}
