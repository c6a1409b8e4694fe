import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { badRequest, methodNotAllowed, MOST_ERRORS, newStatus, tooManyRequests } from './api-error.ts';
import { contentType, readBody } from './body.ts';
import { MOST_LETTERS } from './bounds.ts';
import type { Kind } from './kinds.ts';
import { listPage, toVersion, type Selection } from './list.ts';
import { toJson, type ApiObject } from './object.ts';
import { patcherFor } from './patch.ts';
import { deleteOptions, fieldValidation, isDryRun, isOn, listOptions, wholeNumber } from './query.ts';
import { chooseRepresentation, createEncoder, type Encoder } from './representation.ts';
import type { Change, Resources, Target, WriteOptions } from './resources.ts';
import type { ResourceRoute } from './route.ts';
import { scaling, toScale } from './scale.ts';
import { parseSelectors } from './selectors.ts';
import { slices } from './slices.ts';
import { keyOf, type Store } from './store.ts';
import type { WatchHub } from './watch.ts';

/** What the verbs work with. */
export interface Api {
  store: Store;
  resources: Resources;
  watches: WatchHub;
  /** How many watches may be open. */
  mostWatches: number;
  now: () => number;
}

/** One request for objects. */
interface Call extends Api {
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
  route: ResourceRoute;
}

type Verb = (call: Call) => void | Promise<void>;

/** What each method does to a collection, an object or a subresource. */
const VERBS: Record<'collection' | 'object' | 'status' | 'scale', Partial<Record<string, Verb>>> = {
  collection: { GET: listOrWatch, POST: create, DELETE: deleteCollection },
  object: { GET: get, PUT: replace, PATCH: patch, DELETE: remove },
  status: { GET: get, PUT: replace, PATCH: patch },
  scale: { GET: get, PUT: replace, PATCH: patch },
};

/** How long a watch lasts that does not say: as long as on a real server, at least. */
const WATCH_SECONDS = 1800;
/** A day: a timer of JavaScript that is asked for more than 24 of them fires at once. */
const LONGEST_WATCH_SECONDS = 86_400;
/** About what a real server sends of Warning headers (RFC 7234) before it cuts them. */
const MOST_WARNINGS = 16;

/** Answers a request for a collection, an object or a subresource. Throws ApiError. */
export async function serveResource(call: Call): Promise<void> {
  const { kind, name, subresource } = call.route;
  const method = call.request.method ?? 'GET';
  if (kind.readOnly && method !== 'GET') {
    throw methodNotAllowed(
      `the standalone API serves a fixed set of kinds, so its ${kind.plural} can be read but not changed; to add kinds, use a real Kubernetes cluster`,
    );
  }
  const verb = VERBS[name === undefined ? 'collection' : (subresource ?? 'object')][method];
  if (verb === undefined) throw methodNotAllowed();
  await verb(call);
}

const targetOf = ({ route: { kind, namespace, name } }: Call): Target => ({ kind, namespace, name: name! });

const selectionOf = ({ route: { kind, namespace }, query }: Call): Selection => ({
  kind,
  namespace,
  matches: parseSelectors(kind, query),
});

function get(call: Call): void {
  // The old way to watch one object would otherwise look like a watch in which nothing happens.
  if (isOn(call.query, 'watch'))
    throw badRequest('to watch one object, watch its collection with fieldSelector=metadata.name=<name>');
  sendObject(call, 200, call.resources.get(targetOf(call)));
}

function listOrWatch(call: Call): void {
  const { query, response, watches, mostWatches } = call;
  const selection = selectionOf(call);
  const encoder = encoderFor(call);
  const options = listOptions(query);
  if (!isOn(query, 'watch')) {
    const { entries, listMeta } = listPage(call.store, selection, options);
    return send(response, 200, encoder.list(entries, listMeta));
  }
  if (watches.size >= mostWatches)
    throw tooManyRequests(`${mostWatches} watches are open, which is as many as may be; try again later`);
  const version = toVersion(options.resourceVersion);
  const seconds = wholeNumber(query, 'timeoutSeconds') || WATCH_SECONDS;
  const bookmarks = isOn(query, 'allowWatchBookmarks');
  response.writeHead(200, HEADERS).flushHeaders();
  const stop = watches.watch({ selection, version, encoder, bookmarks }, response);
  const timer = setTimeout(() => response.end(), Math.min(seconds, LONGEST_WATCH_SECONDS) * 1000);
  response.once('close', () => {
    clearTimeout(timer);
    stop();
  });
}

async function create(call: Call): Promise<void> {
  const { kind, namespace } = call.route;
  if (kind.namespaced && namespace === undefined) throw methodNotAllowed();
  const { value, duplicates } = await readRequired(call);
  sendObject(call, 201, call.resources.create(kind, namespace, value, writeOptions(call, duplicates)));
}

async function replace(call: Call): Promise<void> {
  const { value, duplicates } = await readRequired(call);
  update(call, { apply: () => value, isPatch: false }, duplicates);
}

async function patch(call: Call): Promise<void> {
  const apply = patcherFor(contentType(call.request), call.route.kind);
  const { value, duplicates } = await readRequired(call);
  update(call, { apply: object => apply(object, value), isPatch: true }, duplicates);
}

function update(call: Call, change: Change, duplicates: string[]): void {
  const { kind, subresource } = call.route;
  const wanted = subresource === 'scale' ? scaling(kind, change) : change;
  const { object, created } = call.resources.update(targetOf(call), wanted, writeOptions(call, duplicates));
  sendObject(call, created ? 201 : 200, object);
}

async function remove(call: Call): Promise<void> {
  const options = deleteOptions(call.query, (await readBody(call.request))?.value);
  const { object, isGone } = call.resources.delete(targetOf(call), options);
  if (!isGone) return sendObject(call, 200, object);
  const { group, plural: kind } = call.route.kind;
  const { name, uid } = object.metadata;
  const details = { name, group: group || undefined, kind, uid };
  send(call.response, 200, toJson(newStatus({ status: 'Success', details })));
}

async function deleteCollection(call: Call): Promise<void> {
  const { route, query, resources, store } = call;
  const { kind, namespace } = route;
  if (namespace === undefined) throw methodNotAllowed();
  const options = deleteOptions(query, (await readBody(call.request))?.value);
  const encoder = encoderFor(call);
  const { entries, listMeta } = listPage(store, selectionOf(call), listOptions(query));
  for (const slice of slices(entries)) {
    const present = slice.filter(entry => store.get(kind.id, keyOf(entry)) !== undefined);
    resources.deleteAll(
      present.map(({ object }) => ({ kind, namespace, name: object.metadata.name })),
      options,
    );
    // Others' requests are not to wait for all of it.
    await nextTurn();
  }
  send(call.response, 200, encoder.list(entries, listMeta));
}

async function readRequired({ request }: Call) {
  const body = await readBody(request);
  if (body === undefined) throw badRequest('the body is empty');
  return body;
}

/** Warns of fields that the schema does not know or that stand twice, or refuses them, as the writer wants it. */
function writeOptions({ query, response, route }: Call, duplicates: string[]): WriteOptions {
  const validation = fieldValidation(query);
  return {
    dryRun: isDryRun(query.getAll('dryRun')),
    subresource: route.subresource === 'status' ? 'status' : undefined,
    onUnknownFields({ kind, version }: Kind, paths) {
      const unknown = paths.slice(0, MOST_ERRORS).map(path => `unknown field ${JSON.stringify(path)}`);
      const texts = [...duplicates, ...unknown].map(text => text.slice(0, MOST_LETTERS));
      if (texts.length === 0 || validation === 'Ignore') return;
      if (validation === 'Strict')
        throw badRequest(
          `${kind} in version "${version}" cannot be handled as a ${kind}: strict decoding error: ${texts.join(', ')}`,
        );
      for (const text of texts.slice(0, MOST_WARNINGS))
        response.appendHeader('warning', `299 - ${quoteWarning(text)}`);
    },
  };
}

/** A header holds only printable ASCII. */
const quoteWarning = (text: string): string => JSON.stringify(text.replaceAll(/[^\x20-\x7e]/g, '?'));

function encoderFor({ route, request, query, now }: Call): Encoder {
  const representation = chooseRepresentation(request.headers.accept, query.get('includeObject'));
  return createEncoder(route.kind, representation, now);
}

function sendObject(call: Call, code: number, object: ApiObject): void {
  const { kind, subresource } = call.route;
  if (subresource === 'scale') return send(call.response, code, toJson(toScale(kind, object)));
  send(call.response, code, encoderFor(call).object({ object, text: toJson(object) }));
}

const HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-cache, private' };

/** Sends a whole answer. */
export function send(response: ServerResponse, code: number, json: string): void {
  response.writeHead(code, { ...HEADERS, 'content-length': Buffer.byteLength(json) });
  response.end(json);
}
