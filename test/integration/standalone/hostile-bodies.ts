import { configMap, configMapsIn } from './things.ts';

/** A request whose body is made to cost much. */
export interface Hostile {
  what: string;
  method: 'POST' | 'PATCH';
  path: string;
  type: string;
  /** Of about that many bytes. */
  body: (bytes: number) => string;
  /** The answer, where it does not depend on the size. */
  status: number;
}

const JSON_PATCH = 'application/json-patch+json';
const path = configMapsIn('default');
/** The ConfigMap that patches are for. */
export const PATCHED = configMap('patched', { a: '1' });

const repeat = (text: string, bytes: number): string => text.repeat(Math.ceil(bytes / text.length));
const count = (bytes: number, each: (i: number) => string): string[] =>
  Array.from({ length: Math.ceil(bytes / each(99_999).length) }, (_, i) => each(i));
const yaml = (what: string, body: Hostile['body'], status = 400): Hostile => ({
  what: `YAML of ${what}`,
  method: 'POST',
  path,
  type: 'application/yaml',
  body,
  status,
});
const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: generated}\n';
const create = (what: string, body: (bytes: number) => object, status: number): Hostile => ({
  what: `JSON of ${what}`,
  method: 'POST',
  path,
  type: 'application/json',
  body: bytes => JSON.stringify(body(bytes)),
  status,
});
const patch = (
  what: string,
  body: (bytes: number) => object,
  status: number,
  type = JSON_PATCH,
): Hostile => ({
  what: `a patch of ${what}`,
  method: 'PATCH',
  path: `${path}/patched`,
  type,
  body: bytes => JSON.stringify(body(bytes)),
  status,
});
const entries = (bytes: number, key: string, value: string): object =>
  JSON.parse(`{${count(bytes, i => `"${key}${i}":"${value}"`).join()}}`) as object;
const operations = (bytes: number, each: (i: number) => object): object[] =>
  count(Math.min(bytes, 300_000), i => JSON.stringify(each(i))).map(text => JSON.parse(text) as object);

export const HOSTILE: readonly Hostile[] = [
  yaml('commas', bytes => `[${repeat(',', bytes)}`),
  yaml('quotes', bytes => repeat('"', bytes)),
  yaml('brackets', bytes => repeat('[]', bytes)),
  yaml('colons', bytes => `[${repeat(':', bytes)}`),
  yaml('question marks', bytes => `[${repeat('? ', bytes)}`),
  yaml('tags', bytes => repeat('!a ', bytes)),
  yaml('nested lists', bytes => repeat('- ', bytes)),
  yaml('documents', bytes => repeat('---\n', bytes)),
  yaml('comments', bytes => `${head}${repeat('# a\n', bytes)}`, 201),
  yaml('lines of one text', bytes => `${head}data:\n  a: >\n${repeat('   x\n', bytes / 4)}`, 201),
  yaml('keys', bytes => `${head}data:\n${count(bytes / 2, i => `  k${i}: ''\n`).join('')}`, 201),
  yaml('keys in braces', bytes => `${head}data: {${count(bytes / 2, i => `k${i}: ''`).join()}}`, 201),
  yaml('keys that stand twice', bytes => `${head}data:\n${repeat("  a: ''\n", bytes)}`, 201),
  yaml('aliases', bytes => `${head}data: &a {}\nx: [${repeat('*a,', bytes)}]`),
  create('keys', bytes => configMap('generated', entries(bytes / 2, 'k', '')), 201),
  create('bad keys', bytes => configMap('generated', entries(bytes / 3, '!', '')), 422),
  create('bad labels', bytes => configMap('generated', {}, { labels: entries(bytes / 3, '!', '!') }), 422),
  create('finalizers', bytes => configMap('generated', {}, { finalizers: count(bytes / 5, () => 'x') }), 422),
  create('a long name', bytes => configMap(repeat('a.', bytes)), 422),
  create('lists', bytes => count(bytes / 6, () => 'x'), 400),
  patch(
    'copies that double',
    bytes => [
      { op: 'add', path: '/data/a', value: repeat('x', bytes / 2) },
      ...Array.from({ length: 40 }, (_, i) => ({ op: 'copy', from: '', path: `/c${i}` })),
    ],
    413,
  ),
  patch(
    'copies into themselves',
    bytes => operations(bytes, () => ({ op: 'copy', from: '', path: '/c' })),
    400,
  ),
  patch('tests', bytes => operations(bytes, () => ({ op: 'test', path: '/data/a', value: '1' })), 200),
  patch(
    'owners',
    bytes => ({ metadata: { ownerReferences: count(bytes / 4, i => `${i}`).map(uid => ({ uid })) } }),
    422,
    'application/strategic-merge-patch+json',
  ),
  patch(
    'finalizers to delete',
    bytes => ({
      metadata: {
        finalizers: count(bytes / 4, i => `a/${i}`),
        '$deleteFromPrimitiveList/finalizers': count(bytes / 4, i => `b/${i}`),
      },
    }),
    200,
    'application/strategic-merge-patch+json',
  ),
];
