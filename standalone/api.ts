import type { IncomingMessage, ServerResponse } from 'node:http';
import { badRequest, methodNotAllowed, tooManyRequests } from './api-error.ts';
import { contentType, parseBody, readBody, type Body } from './body.ts';
import type { Kind } from './kinds.ts';
import { listPage, toSelection, toVersion } from './list.ts';
import { toJson, type ApiObject } from './object.ts';
import { readPatch, type Patch } from './patch-body.ts';
import { deleteOptions, isOn, listOptions, refuseInitialEvents, wholeNumber, writeOptions } from './query.ts';
import { chooseRepresentation, encodeList, encodeObject } from './representation.ts';
import type { Resources, Target, WriteOptions } from './resources.ts';
import type { ResourceRoute } from './route.ts';
import { applyScale, toScale } from './scale.ts';
import type { Store } from './store.ts';
import type { WatchHub, WatchSink } from './watch.ts';

/** What the handlers work with. */
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

/** How long a watch lasts that does not say: as long as on a real server, at least. */
const WATCH_SECONDS = 1800;
/** About what a real server sends of Warning headers (RFC 7234) before it cuts them. */
const MOST_WARNINGS = 16;
const MOST_WARNING_LETTERS = 256;

/** Answers a request for a collection, an object or a subresource. Throws ApiError. */
export async function serveResource(call: Call): Promise<void> {
  const { route, request } = call;
  const method = request.method ?? 'GET';
  if (method !== 'GET') refuseReadOnly(route.kind);
  if (route.name === undefined) return serveCollection(call, method);
  const target: Target = { kind: route.kind, namespace: route.namespace, name: route.name };
  if (route.subresource === 'scale') return serveScale(call, method, target);
  return serveObject(call, method, target);
}

function refuseReadOnly(kind: Kind): void {
  if (!kind.readOnly) return;
  throw methodNotAllowed(
    `the standalone API serves a fixed set of kinds, so its ${kind.plural} can be read but not changed; to add kinds, use a real Kubernetes cluster`,
  );
}

async function serveCollection(call: Call, method: string): Promise<void> {
  switch (method) {
    case 'GET':
      return isOn(call.query, 'watch') ? serveWatch(call) : serveList(call);
    case 'POST':
      return serveCreate(call);
    case 'DELETE':
      return serveDeleteCollection(call);
    default:
      throw methodNotAllowed();
  }
}

async function serveObject(call: Call, method: string, target: Target): Promise<void> {
  switch (method) {
    case 'GET':
      refuseWatch(call);
      return sendObject(call, 200, call.resources.get(target));
    case 'PUT':
      return serveReplace(call, target);
    case 'PATCH':
      return servePatch(call, target);
    case 'DELETE':
      if (call.route.subresource !== undefined) throw methodNotAllowed();
      return serveDelete(call, target);
    default:
      throw methodNotAllowed();
  }
}

/** The old way to watch one object would otherwise look like a watch in which nothing happens. */
function refuseWatch({ query }: Call): void {
  if (!isOn(query, 'watch')) return;
  throw badRequest('to watch one object, watch its collection with fieldSelector=metadata.name=<name>');
}

function serveList(call: Call): void {
  const { route, query, store, now } = call;
  const representation = representationFor(call);
  const page = listPage(store, toSelection(route.kind, route.namespace, query), listOptions(query));
  send(call.response, 200, encodeList(route.kind, page.entries, page.listMeta, representation, now()));
}

function serveWatch(call: Call): void {
  const { route, query, response, watches } = call;
  refuseInitialEvents(query);
  if (watches.size >= call.mostWatches) {
    throw tooManyRequests(
      `${call.mostWatches} watches are open, which is as many as may be; try again later`,
    );
  }
  const options = {
    selection: toSelection(route.kind, route.namespace, query),
    version: toVersion(query.get('resourceVersion') ?? ''),
    representation: representationFor(call),
    bookmarks: isOn(query, 'allowWatchBookmarks'),
  };
  const seconds = wholeNumber(query, 'timeoutSeconds') || WATCH_SECONDS;
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  const stop = watches.watch(options, sinkOf(response));
  const timer = setTimeout(() => response.end(), seconds * 1000);
  response.once('close', () => {
    clearTimeout(timer);
    stop();
  });
}

const sinkOf = (response: ServerResponse): WatchSink => ({
  write: line => {
    // Writing to what has ended is an error event that nobody listens for.
    if (!response.writableEnded) response.write(line);
  },
  pendingBytes: () => response.writableLength,
  end: () => void response.end(),
  destroy: () => void response.destroy(),
});

async function serveCreate(call: Call): Promise<void> {
  const { route, resources } = call;
  if (route.kind.namespaced && route.namespace === undefined) throw methodNotAllowed();
  const { value, duplicates } = await readParsed(call);
  const options = optionsFor(call, duplicates);
  sendObject(call, 201, resources.create(route.kind, route.namespace, value, options));
}

async function serveReplace(call: Call, target: Target): Promise<void> {
  const { value, duplicates } = await readParsed(call);
  const options = optionsFor(call, duplicates);
  const { object, created } = call.resources.replace(target, value, options, statusOf(call.route));
  sendObject(call, created ? 201 : 200, object);
}

async function servePatch(call: Call, target: Target): Promise<void> {
  const { apply, duplicates } = await readPatch(call.request, target.kind);
  const options = optionsFor(call, duplicates);
  sendObject(call, 200, call.resources.patch(target, apply, options, statusOf(call.route)));
}

async function serveScale(call: Call, method: string, target: Target): Promise<void> {
  const { kind } = target;
  const sendScale = (object: ApiObject): void => send(call.response, 200, toJson(toScale(kind, object)));
  if (method === 'GET') return sendScale(call.resources.get(target));
  if (method !== 'PUT' && method !== 'PATCH') throw methodNotAllowed();
  const change = method === 'PUT' ? await readReplacement(call) : await readPatch(call.request, kind);
  const apply = (object: ApiObject): unknown =>
    applyScale(kind, object, change.apply(toScale(kind, object) as ApiObject));
  sendScale(call.resources.patch(target, apply, optionsFor(call, change.duplicates), undefined));
}

async function readReplacement(call: Call): Promise<Patch> {
  const { value, duplicates } = await readParsed(call);
  return { apply: () => value, duplicates };
}

async function serveDelete(call: Call, target: Target): Promise<void> {
  const options = deleteOptions(call.query, await readDeleteOptions(call));
  const { object, isGone } = call.resources.delete(target, options);
  if (!isGone) return sendObject(call, 200, object);
  const { group, plural: kind } = target.kind;
  const { name, uid } = object.metadata;
  const details = { name, group: group || undefined, kind, uid };
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
  send(call.response, 200, toJson(status));
}

async function serveDeleteCollection(call: Call): Promise<void> {
  const { route, query, resources, store, now } = call;
  const { kind, namespace } = route;
  if (!kind.namespaced || namespace === undefined) throw methodNotAllowed();
  const options = deleteOptions(query, await readDeleteOptions(call));
  const representation = representationFor(call);
  const { entries, listMeta } = listPage(store, toSelection(kind, namespace, query), listOptions(query));
  for (const { object } of entries)
    resources.delete({ kind, namespace, name: object.metadata.name }, options);
  send(call.response, 200, encodeList(kind, entries, listMeta, representation, now()));
}

async function readParsed({ request }: Call): Promise<Body> {
  const text = await readBody(request);
  if (text === '') throw badRequest('the body is empty');
  return parseBody(text, contentType(request));
}

/** Undefined when there are none. */
async function readDeleteOptions({ request }: Call): Promise<unknown> {
  const text = await readBody(request);
  return text === '' ? undefined : parseBody(text, contentType(request)).value;
}

const statusOf = (route: ResourceRoute): 'status' | undefined =>
  route.subresource === 'status' ? 'status' : undefined;

function optionsFor({ query, response }: Call, duplicates: string[]): WriteOptions {
  let warnings = 0;
  const warn = (text: string): void => {
    if (warnings++ < MOST_WARNINGS) response.appendHeader('warning', `299 - ${quoteWarning(text)}`);
  };
  return { ...writeOptions(query), duplicates, warn };
}

/** A header holds only printable ASCII, and clients read only so much of it. */
const quoteWarning = (text: string): string =>
  JSON.stringify(text.slice(0, MOST_WARNING_LETTERS).replaceAll(/[^\x20-\x7e]/g, '?'));

const representationFor = ({ request, query }: Call): ReturnType<typeof chooseRepresentation> =>
  chooseRepresentation(request.headers.accept, query.get('includeObject'));

function sendObject(call: Call, code: number, object: ApiObject): void {
  const entry = { object, text: toJson(object) };
  send(call.response, code, encodeObject(call.route.kind, entry, representationFor(call), call.now()));
}

/** Sends a whole answer. */
export function send(response: ServerResponse, code: number, json: string): void {
  response.writeHead(code, {
    'content-type': 'application/json',
    'cache-control': 'no-cache, private',
    'content-length': Buffer.byteLength(json),
  });
  response.end(json);
}
