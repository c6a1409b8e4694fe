import { ok, type Call, type Reply } from './route.ts';

const DEFAULT_PER_PAGE = 20;
const MAX_PER_PAGE = 200;

/** The page of `items` that the call asks for, under `key`, with `links` and `meta`. Only that page is viewed. */
export function listReply<T>(
  call: Call,
  key: string,
  items: readonly T[],
  view: (item: T) => unknown,
): Reply {
  const perPage = Math.min(positive(call.query.get('per_page')) ?? DEFAULT_PER_PAGE, MAX_PER_PAGE);
  const page = positive(call.query.get('page')) ?? 1;
  const last = Math.max(1, Math.ceil(items.length / perPage));
  return ok({
    [key]: items.slice((page - 1) * perPage, page * perPage).map(view),
    links: linksOf(call, page, last),
    meta: { total: items.length },
  });
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
