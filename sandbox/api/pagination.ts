import { ok, type Call, type Reply } from './route.ts';

const DEFAULT_PER_PAGE = 20;
const MAX_PER_PAGE = 200;

/** The page of `items` that the call asks for, with `links` and `meta`. */
export function pageOf<T>(call: Call, items: readonly T[]) {
  const perPage = Math.min(positive(call.query.get('per_page')) ?? DEFAULT_PER_PAGE, MAX_PER_PAGE);
  const page = positive(call.query.get('page')) ?? 1;
  const last = Math.max(1, Math.ceil(items.length / perPage));
  return {
    items: items.slice((page - 1) * perPage, page * perPage),
    links: linksOf(call, page, last),
    meta: { total: items.length },
  };
}

/** A page of `items` under `key`. Only what is on it is viewed. */
export function listReply<T>(
  call: Call,
  key: string,
  items: readonly T[],
  view: (item: T) => unknown,
): Reply {
  const { items: shown, links, meta } = pageOf(call, items);
  return ok({ [key]: shown.map(view), links, meta });
}

/** First and prev but on the first page, next and last but on the last: so a client knows where it is. */
function linksOf(call: Call, page: number, last: number): { pages?: Record<string, string> } {
  const to = (number: number): string => {
    const query = new URLSearchParams(call.query);
    query.set('page', String(number));
    return `${call.baseUrl}${call.path}?${query.toString()}`;
  };
  const pages = {
    ...(page > 1 && { first: to(1), prev: to(Math.min(page - 1, last)) }),
    ...(page < last && { next: to(page + 1), last: to(last) }),
  };
  return Object.keys(pages).length > 0 ? { pages } : {};
}

/** Anything else than a positive whole number counts as not given. */
function positive(text: string | null): number | undefined {
  return text !== null && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}
