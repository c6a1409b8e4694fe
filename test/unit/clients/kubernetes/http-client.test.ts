import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { guard } from '../../../../clients/guard.ts';
import type { KubernetesClient, WatchEvent } from '../../../../clients/kubernetes/client.ts';
import type { Credentials } from '../../../../clients/kubernetes/credentials.ts';
import {
  isExpired,
  isNotFound,
  isTooManyRequests,
  isUnauthorized,
  isUnreachable,
  KubernetesError,
} from '../../../../clients/kubernetes/errors.ts';
import { createKubernetesClient } from '../../../../clients/kubernetes/http-client.ts';
import { CONFIG_MAPS, NAMESPACES, PROJECTS } from '../../../../clients/kubernetes/kinds.ts';
import type { RequestRecord } from '../../../../clients/kubernetes/transport.ts';
import type { KubernetesObject } from '../../../../crds/meta.ts';
import { aProject } from '../../../builders/objects.ts';
import { fakeClock, type FakeClock } from '../../../fakes/clock.ts';
import { json, startLoopbackApi, type Answer, type LoopbackApi } from '../../../fakes/loopback-api.ts';
import { rejection } from '../../../fakes/rejection.ts';

const status = (code: number, reason: string, headers: Record<string, string> = {}): Answer =>
  json(code, { kind: 'Status', code, reason, message: `${reason}!`, details: { name: 'x' } }, headers);
const page = (names: string[], next?: string): Answer =>
  json(200, {
    metadata: { resourceVersion: '7', ...(next === undefined ? {} : { continue: next }) },
    items: names.map(name => ({ metadata: { name, namespace: 'default' } })),
  });

describe('The Kubernetes client', () => {
  let api: LoopbackApi;
  let clock: FakeClock;
  let records: RequestRecord[];
  let client: KubernetesClient & { close(): Promise<void> };

  beforeEach(async () => {
    api = await startLoopbackApi();
    clock = fakeClock();
    records = [];
    client = createKubernetesClient(api.connection(), {
      clock,
      onRequest: record => void records.push(record),
    });
  });
  afterEach(async () => {
    await client.close();
    await api.close();
  });

  /** Waits until the client waits for that long, and lets the time pass. */
  async function passWaitOf(ms: number): Promise<void> {
    while (clock.untilNext() !== ms) await nextTurn();
    await clock.advance(ms);
  }

  describe('calls', () => {
    it('asks for the object at its path, with the credentials of the moment', async () => {
      api.answer(json(200, aProject('shop')), json(200, aProject('shop')));
      await client.get(PROJECTS, 'default/shop');
      api.credentials = { headers: { Authorization: 'Bearer rotated' }, tls: {} };
      await client.get(PROJECTS, 'default/shop');
      expect(api.received.map(({ url, headers }) => [url.pathname, headers.authorization])).to.deep.equal([
        ['/apis/dropfleet.io/v1alpha1/namespaces/default/projects/shop', 'Bearer hunter2'],
        ['/apis/dropfleet.io/v1alpha1/namespaces/default/projects/shop', 'Bearer rotated'],
      ]);
    });

    it('waits for credentials longer than for an answer, and sends nothing for one who may not act by then', async () => {
      const login = Promise.withResolvers<Credentials>();
      const credentials = { current: () => login.promise, forget: () => undefined };
      const slow = createKubernetesClient({ ...api.connection(), credentials }, { clock });
      const leader = new AbortController();
      guard(leader.signal, () => {
        throw new Error('no longer');
      });
      api.answer(json(200, aProject('shop')));
      const got = slow.get(PROJECTS, 'default/shop');
      const deleted = rejection(slow.delete(PROJECTS, 'default/shop', { signal: leader.signal }));
      await clock.advance(30_000);
      login.resolve({ headers: {}, tls: {} });
      expect((await got).metadata.name).to.equal('shop');
      expect((await deleted).message).to.equal('no longer');
      expect(api.received.map(({ method }) => method)).to.deep.equal(['GET']);
      await slow.close();
    });

    it('gives up credentials that do not come within 40 s', async () => {
      const credentials = { current: () => new Promise<never>(() => undefined), forget: () => undefined };
      const slow = createKubernetesClient({ ...api.connection(), credentials }, { clock });
      const failure = rejection(slow.get(PROJECTS, 'default/shop'));
      await passWaitOf(40_000);
      expect((await failure).message).to.match(/^no credentials for http.* came within 40 s$/);
      await slow.close();
    });

    it('leaves no timer behind when a call was given up before it began', async () => {
      const before = clock.pending();
      const given = AbortSignal.abort(new Error('over'));
      expect((await rejection(client.get(PROJECTS, 'default/shop', { signal: given }))).message).to.equal(
        'over',
      );
      expect(clock.pending()).to.equal(before);
    });

    it('reads an answer that is JSON but no Status, and believes no wait that is none', async () => {
      for (const body of [
        null,
        7,
        'x',
        { message: 7 },
        { details: { causes: 'x', retryAfterSeconds: -1 } },
      ]) {
        api.answer(json(422, body, { 'retry-after': '1e300' }));
        const error = (await rejection(client.get(PROJECTS, 'default/shop'))) as KubernetesError;
        expect([error.code, error.retryAfterSeconds]).to.deep.equal([422, undefined]);
      }
    });

    it('refuses a key that does not fit the kind, before anything is sent', () => {
      expect(() => client.get(PROJECTS, 'shop')).to.throw(TypeError);
      expect(() => client.get(NAMESPACES, 'default/shop')).to.throw(TypeError);
      expect(api.received).to.deep.equal([]);
    });

    it('patches with a merge patch, on the status when asked', async () => {
      api.answer(json(200, aProject('shop')));
      await client.patch(PROJECTS, 'default/shop', { status: { a: 1 } }, { subresource: 'status' });
      const [request] = api.received;
      expect(request!.url.pathname).to.match(/projects\/shop\/status$/);
      expect(request!.headers['content-type']).to.equal('application/merge-patch+json');
      expect(request!.body).to.deep.equal({ status: { a: 1 } });
    });

    it('deletes with its precondition and its propagation policy', async () => {
      api.answer(json(200, {}));
      await client.delete(PROJECTS, 'default/shop', { uid: 'u', propagationPolicy: 'Foreground' });
      expect(api.received[0]!.body).to.deep.include({
        preconditions: { uid: 'u' },
        propagationPolicy: 'Foreground',
      });
    });

    const callTimes = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        api.answer(json(200, aProject('shop')));
        await client.get(PROJECTS, 'default/shop');
      }
    };

    it('uses a connection again for the calls that follow', async () => {
      await callTimes(20);
      // The second is opened when a call comes before the first has seen the end of the one before.
      expect(api.connections).to.be.at.most(2);
    });

    it('uses a connection again after a DELETE, although it has a body', async () => {
      for (let i = 0; i < 20; i++) {
        api.answer(json(200, {}));
        await client.delete(PROJECTS, 'default/shop', { uid: 'u' });
      }
      expect(api.connections).to.be.at.most(2);
    });

    it('reconnects when the certificate was rotated, and not before', async () => {
      await callTimes(10);
      const before = api.connections;
      api.credentials = { headers: {}, tls: {} };
      await callTimes(1);
      expect(api.connections).to.equal(before);
      api.credentials = { headers: {}, tls: { servername: 'another' } };
      await callTimes(1);
      expect(api.connections).to.equal(before + 1);
    });

    it('tells of every request that was answered, and of one that was not', async () => {
      api.answer(json(200, aProject('shop')), status(404, 'NotFound'), response => response.destroy());
      await client.get(PROJECTS, 'default/shop');
      await rejection(client.get(PROJECTS, 'default/shop'));
      await rejection(client.delete(PROJECTS, 'default/shop'));
      const { host } = new URL(api.connection().server);
      expect(records).to.deep.equal([
        { method: 'GET', host, code: 200, seconds: 0 },
        { method: 'GET', host, code: 404, seconds: 0 },
        { method: 'DELETE', host, code: 0, seconds: 0 },
      ]);
    });
  });

  describe('lists', () => {
    it('follows the pages and gives every item its kind', async () => {
      api.answer(page(['a', 'b'], 'more'), page(['c']));
      const { items, resourceVersion } = await client.list(CONFIG_MAPS, { namespace: 'default' });
      expect(items.map(item => `${item.apiVersion} ${item.kind} ${item.metadata.name}`)).to.deep.equal([
        'v1 ConfigMap a',
        'v1 ConfigMap b',
        'v1 ConfigMap c',
      ]);
      expect(resourceVersion).to.equal('7');
      expect(api.received.map(({ url }) => url.search)).to.deep.equal([
        '?limit=500',
        '?limit=500&continue=more',
      ]);
    });

    it('starts over when the next page has expired, and gives nothing twice', async () => {
      api.answer(page(['old'], 'more'), status(410, 'Expired'), page(['new']));
      const { items } = await client.list(CONFIG_MAPS);
      expect(items.map(item => item.metadata.name)).to.deep.equal(['new']);
    });

    it('gives up a list whose pages expire again and again', async () => {
      for (let i = 0; i < 3; i++) api.answer(page(['old'], 'more'), status(410, 'Expired'));
      expect(await rejection(client.list(CONFIG_MAPS))).to.satisfy(isExpired);
      expect(api.received).to.have.length(6);
    });

    it('narrows by namespace, labels and fields', async () => {
      api.answer(page([]));
      await client.list(PROJECTS, {
        namespace: 'a',
        labelSelector: 'x=y,z',
        fieldSelector: 'metadata.name=b',
      });
      const { pathname, searchParams } = api.received[0]!.url;
      expect(pathname).to.equal('/apis/dropfleet.io/v1alpha1/namespaces/a/projects');
      expect([searchParams.get('labelSelector'), searchParams.get('fieldSelector')]).to.deep.equal([
        'x=y,z',
        'metadata.name=b',
      ]);
    });
  });

  describe('refusals', () => {
    const busy = (): Answer => status(429, 'TooManyRequests', { 'Retry-After': '2' });
    const down = (): Answer => status(503, 'ServiceUnavailable', { 'Retry-After': '1' });

    it('sends a write again that was refused with 429, when the server says', async () => {
      api.answer(busy(), json(201, aProject('shop')));
      const created = client.create(PROJECTS, aProject('shop'));
      await passWaitOf(2_000);
      expect((await created).metadata.name).to.equal('shop');
      expect(api.received.map(({ method }) => method)).to.deep.equal(['POST', 'POST']);
    });

    it('asks a read again after 503, and never repeats a write after it', async () => {
      api.answer(down(), json(200, aProject('shop')), down());
      const read = client.get(PROJECTS, 'default/shop');
      await passWaitOf(1_000);
      await read;
      const error = await rejection(client.replace(PROJECTS, aProject('shop')));
      expect((error as KubernetesError).code).to.equal(503);
      expect(api.received.map(({ method }) => method)).to.deep.equal(['GET', 'GET', 'PUT']);
    });

    it('gives up after four refusals', async () => {
      api.answer(busy(), busy(), busy(), busy(), json(200, aProject('shop')));
      const refused = rejection(client.get(PROJECTS, 'default/shop'));
      for (let i = 0; i < 3; i++) await passWaitOf(2_000);
      expect(await refused).to.satisfy(isTooManyRequests);
      expect(api.received).to.have.length(4);
    });

    it('leaves a long wait to the caller, and says how long', async () => {
      api.answer(status(429, 'TooManyRequests', { 'Retry-After': '60' }));
      const error = await rejection(client.get(PROJECTS, 'default/shop'));
      expect((error as KubernetesError).retryAfterSeconds).to.equal(60);
    });

    it('carries the code, the reason, the method and the path of the call, and no token', async () => {
      api.answer(status(404, 'NotFound'));
      const error = await rejection(client.get(PROJECTS, 'default/shop'));
      const path = '/apis/dropfleet.io/v1alpha1/namespaces/default/projects/shop';
      expect(error).to.satisfy(isNotFound).and.include({ reason: 'NotFound', method: 'GET', path });
      expect(error.message).to.equal(`GET ${path}: NotFound!`);
      expect(JSON.stringify(error) + error.stack).not.to.include('hunter2');
    });

    it('forgets credentials that were refused', async () => {
      api.answer(status(401, 'Unauthorized'));
      expect(await rejection(client.get(PROJECTS, 'default/shop'))).to.satisfy(isUnauthorized);
      expect(api.forgotten).to.equal(1);
    });

    it("shows the beginning of a proxy's page that is no Status", async () => {
      api.answer(response => response.writeHead(502).end('<html>Bad gateway</html>'));
      const error = await rejection(client.get(PROJECTS, 'default/shop'));
      expect(error.message).to.include('<html>Bad gateway</html>');
      expect((error as KubernetesError).code).to.equal(502);
    });
  });

  describe('networks that fail', () => {
    it('says that an answer is no JSON, without quoting it', async () => {
      api.answer(response => response.end('<html>hunter2</html>'));
      const error = await rejection(client.get(PROJECTS, 'default/shop'));
      expect(error).to.satisfy(isUnreachable);
      expect(error.message).to.match(/not JSON; is a Kubernetes API behind that URL\?$/);
      expect(JSON.stringify(error) + error.stack).not.to.include('hunter2');
    });

    it('says that nobody listens, in a sentence', async () => {
      const { server } = api.connection();
      await api.close();
      const error = await rejection(client.get(PROJECTS, 'default/shop'));
      expect(error).to.satisfy(isUnreachable);
      expect(error.message).to.equal(
        `cannot reach the Kubernetes API at ${server}: connection refused; is it running?`,
      );
      api = await startLoopbackApi();
    });

    /** How a call ends that gets `beginning` and then nothing for 10 s. */
    async function unansweredCall(beginning: (response: ServerResponse) => unknown): Promise<Error> {
      const began = new Promise(resolve => {
        api.answer(response => resolve(beginning(response)));
      });
      const failed = rejection(client.get(PROJECTS, 'default/shop'));
      await began;
      await clock.advance(9_999);
      expect(clock.pending()).to.equal(1);
      await clock.advance(1);
      return failed;
    }

    it('gives a call up that is not answered in 10 s', async () => {
      const error = await unansweredCall(() => undefined);
      expect(error.message).to.match(/did not answer GET .*projects\/shop within 10 s$/);
      expect(error).to.satisfy(isUnreachable).and.include({ reason: 'Timeout' });
    });

    it('gives a call up whose answer stops in the middle', async () => {
      const error = await unansweredCall(response => response.writeHead(200).write('{"metadata":'));
      expect(error).to.satisfy(isUnreachable).and.include({ reason: 'Timeout' });
    });

    it('gives a call up as soon as its signal aborts, with its reason', async () => {
      const abort = new AbortController();
      api.answer(() => abort.abort(new Error('leadership lost')));
      const call = client.create(PROJECTS, aProject('shop'), { signal: abort.signal });
      expect((await rejection(call)).message).to.equal('leadership lost');
    });

    it('waits for no timer once a call has ended', async () => {
      api.answer(json(200, aProject('shop')));
      await client.get(PROJECTS, 'default/shop');
      expect(clock.pending()).to.equal(0);
    });
  });

  describe('watches', () => {
    const event = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;
    const watch = (signal?: AbortSignal): AsyncIterable<WatchEvent<KubernetesObject>> =>
      client.watch(
        PROJECTS,
        { resourceVersion: '7', timeoutSeconds: 300, labelSelector: 'a=b' },
        signal === undefined ? {} : { signal },
      );
    const all = async (events: AsyncIterable<WatchEvent<KubernetesObject>>): Promise<string[]> => {
      const seen: string[] = [];
      for await (const { type, object } of events) seen.push(`${type} ${object.metadata.name}`);
      return seen;
    };

    it('asks for bookmarks, from the version, for the time, of the selection', async () => {
      api.answer(response => response.end());
      await all(watch());
      expect(Object.fromEntries(api.received[0]!.url.searchParams)).to.deep.equal({
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: '7',
        timeoutSeconds: '300',
        labelSelector: 'a=b',
      });
    });

    it('puts lines together however they were cut, and cuts at newlines only', async () => {
      const name = 'naïve\u2028line\u2029😀';
      const bytes = Buffer.from(event('ADDED', aProject(name)) + event('DELETED', aProject('b')));
      api.answer(response => void dribble(response, bytes));
      expect(await all(watch())).to.deep.equal([`ADDED ${name}`, 'DELETED b']);
    });

    it('throws an ERROR event as what it says', async () => {
      const error = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
      api.answer(response => response.end(event('ADDED', aProject('a')) + event('ERROR', error)));
      expect(await rejection(all(watch()))).to.satisfy(isExpired);
    });

    it('throws when the connection breaks, and drops the half line', async () => {
      const seen: string[] = [];
      api.answer(response => {
        response.write(`${event('ADDED', aProject('a'))}{"type":"ADD`, () =>
          setImmediate(() => response.destroy()),
        );
      });
      const watching = (async () => {
        for await (const { object } of watch()) seen.push(object.metadata.name);
      })();
      expect(await rejection(watching)).to.satisfy(isUnreachable);
      expect(seen).to.deep.equal(['a']);
    });

    it('gives up after 70 s of silence, counted from the last event', async () => {
      let response: ServerResponse | undefined;
      api.answer(opened => {
        response = opened;
        opened.write(event('ADDED', aProject('a')));
      });
      const events = watch()[Symbol.asyncIterator]();
      await events.next();
      const second = events.next();
      await clock.advance(69_000);
      response!.write(event('BOOKMARK', aProject('b')));
      expect((await second).value.type).to.equal('BOOKMARK');
      const third = rejection(events.next());
      await clock.advance(69_999);
      expect(clock.pending()).to.equal(1);
      await clock.advance(1);
      expect(await third)
        .to.satisfy(isUnreachable)
        .and.include({ reason: 'Timeout' });
    });

    it('releases the connection when its reader has enough', async () => {
      let closed: Promise<unknown> | undefined;
      api.answer(response => {
        closed = once(response, 'close');
        response.write(event('ADDED', aProject('a')));
      });
      for await (const { type } of watch()) if (type === 'ADDED') break;
      await closed;
      expect(clock.pending()).to.equal(0);
    });

    it("ends with the signal's reason when it aborts", async () => {
      const abort = new AbortController();
      api.answer(response => void response.write(event('ADDED', aProject('a'))));
      const watching = (async () => {
        for await (const { type } of watch(abort.signal))
          if (type === 'ADDED') abort.abort(new Error('stop'));
      })();
      expect((await rejection(watching)).message).to.equal('stop');
    });

    it('is cut by the close of its client, even when its certificate was rotated since', async () => {
      api.answer(response => void response.write(event('ADDED', aProject('a'))));
      const events = watch()[Symbol.asyncIterator]();
      await events.next();
      const cut = rejection(events.next());
      api.credentials = { headers: {}, tls: { servername: 'another' } };
      api.answer(response => void response.write(event('ADDED', aProject('b'))));
      const later = watch()[Symbol.asyncIterator]();
      await later.next();
      const cutToo = rejection(later.next());
      await client.close();
      expect((await cut).message).to.match(/this client has been closed$/);
      expect(await cutToo).to.satisfy(isUnreachable);
    });

    it('says that a line is no JSON, without quoting it', async () => {
      api.answer(response => response.end('hunter2\n'));
      const error = await rejection(all(watch()));
      expect(error.message).to.include('not JSON').and.not.include('hunter2');
    });

    it('never makes calls wait for watches', async () => {
      const abort = new AbortController();
      const open = Array.from({ length: 40 }, () => {
        api.answer(response => void response.write(event('ADDED', aProject('a'))));
        return watch(abort.signal)[Symbol.asyncIterator]();
      });
      await Promise.all(open.map(events => events.next()));
      api.answer(json(200, aProject('shop')));
      expect((await client.get(PROJECTS, 'default/shop')).metadata.name).to.equal('shop');
      abort.abort(new Error('stop'));
      await Promise.all(open.map(events => rejection(events.next())));
    });
  });
});

/** A byte at a time, each in a chunk of its own. */
async function dribble(response: ServerResponse, bytes: Buffer): Promise<void> {
  for (const byte of bytes) await new Promise(resolve => response.write(Buffer.of(byte), resolve));
  response.end();
}
