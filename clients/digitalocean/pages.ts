/** DigitalOcean's longest page. */
export const PER_PAGE = 200;
const MOST_READINGS = 5;
/** How many pages are asked for at once. */
const AT_ONCE = 8;

/** A page of a list, and how long the whole list was when the page was made. */
export interface Page<T> {
  items: T[];
  total: number;
}

/**
 * All items of a list. A list that changes between two pages shifts its items from one page to the other, and
 * one that exists can then be on neither; to take that for a deletion would be dear. So a reading counts only
 * when all its pages agree on the total and that many different items came; or when the reading before it had
 * the very same items, because a total may count what the list does not show. Else the list is read again,
 * and after five readings undefined is the answer. What this cannot see is one deletion and one creation
 * between two pages of the same reading: who is about to act on an absence still asks for the item by its id.
 */
export async function allPages<T>(
  fetchPage: (page: number) => Promise<Page<T>>,
  idOf: (item: T) => unknown,
): Promise<T[] | undefined> {
  let before: string | undefined;
  for (let reading = 0; reading < MOST_READINGS; reading++) {
    const pages = await readPages(fetchPage);
    const items = new Map(pages.flatMap(page => page.items).map(item => [idOf(item), item]));
    const ids = [...items.keys()].map(String).sort().join();
    if (ids === before || pages.every(page => page.total === items.size)) return [...items.values()];
    before = ids;
  }
  return undefined;
}

/** As many pages as the first one's total makes, but none behind an empty one: a total is only somebody's word. */
async function readPages<T>(fetchPage: (page: number) => Promise<Page<T>>): Promise<Page<T>[]> {
  const first = await fetchPage(1);
  const pages = [first];
  const count = Math.ceil(first.total / PER_PAGE);
  while (pages.length < count && pages.at(-1)!.items.length > 0) {
    const numbers = Array.from(
      { length: Math.min(AT_ONCE, count - pages.length) },
      (_, i) => pages.length + 1 + i,
    );
    pages.push(...(await Promise.all(numbers.map(fetchPage))));
  }
  return pages;
}
