import { expect } from 'chai';
import { EventEmitter, once } from 'node:events';
import { inspect } from 'node:util';
import { systemClock } from '../../../../clients/clock.ts';
import type { RequestReport } from '../../../../clients/digitalocean/caller.ts';
import {
  isAborted,
  isCloudError,
  isCloudNotFound,
  isCloudUnreachable,
  isDoubtful,
  isPendingEvent,
  isRateLimited,
  isUnauthorized,
  UnreadableItems,
  type CloudError,
} from '../../../../clients/digitalocean/errors.ts';
import { createCloud, type HttpCloud } from '../../../../clients/digitalocean/http-client.ts';
import { guard } from '../../../../clients/guard.ts';
import { DROPLET_REPLY } from '../../../builders/cloud-replies.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { scriptedServer, type Answer, type Received, type ScriptedServer } from './scripted-server.ts';

const TOKEN = 'dop_v1_secret0123456789';

const DROPLET = DROPLET_REPLY;

const KEY = { id: 6, name: 'k', fingerprint: 'aa:bb', public_key: 'ssh' };
const REQUEST = { name: 'a', region: 'nyc3', size: 's', image: 'i', tags: ['t'], sshKeys: [1] };

const REFUSAL = { id: 'x', message: 'm' };

describe('createCloud', () => {
  let server: ScriptedServer;
  let cloud: HttpCloud;
  let reports: RequestReport[];
  let onReport: EventEmitter;

  /** A clock on which every wait is over at once but for the deadline of a call. */
  const hastyClock = {
    ...systemClock,
    after: (ms: number, callback: () => void) => systemClock.after(ms < 15_000 ? 0 : ms, callback),
  };

  async function serve(script: (request: Received, n: number) => Answer, clock = hastyClock): Promise<void> {
    server = await scriptedServer(script);
    reports = [];
    onReport = new EventEmitter();
    cloud = createCloud({
      token: TOKEN,
      apiUrl: server.url,
      clock,
      random: () => 0.5,
      onRequest: report => {
        reports.push(report);
        onReport.emit(String(reports.length));
      },
    });
  }

  /** Waits until `n` requests are over. */
  const reported = async (n: number): Promise<unknown> => reports.length >= n || once(onReport, String(n));

  afterEach(async () => {
    cloud.close();
    await server.close();
  });

  it('reads a droplet as far as dropfleet needs it', async () => {
    await serve(() => ({ status: 200, json: { droplet: DROPLET } }));
    expect(await cloud.getDroplet(7)).to.deep.equal({
      id: 7,
      name: 'shop-master',
      status: 'active',
      locked: false,
      size: 's-1vcpu-1gb',
      disk: 25,
      region: 'nyc3',
      image: 'ubuntu-24-04-x64',
      tags: ['dropfleet:f'],
      createdAt: '2026-01-01T00:00:00Z',
      publicAddress: '203.0.113.7',
      privateAddress: '10.0.0.7',
    });
    expect(server.received[0]).to.include({ method: 'GET', path: '/v2/droplets/7' });
    expect(server.received[0]!.headers.authorization).to.equal(`Bearer ${TOKEN}`);
  });

  it('reads a new droplet, which has no networks yet, and the id of an image without a slug', async () => {
    const droplet = { ...DROPLET, networks: { v4: [], v6: [] }, image: { id: 99, slug: null } };
    await serve(() => ({ status: 202, json: { droplet } }));
    const created = await cloud.createDroplet({ ...REQUEST, image: '99', userData: '#cloud-config' });
    expect(created).to.include({ image: '99' }).and.not.have.any.keys('publicAddress', 'privateAddress');
    expect(JSON.parse(server.received[0]!.body)).to.deep.equal({
      name: 'a',
      region: 'nyc3',
      size: 's',
      image: 99,
      tags: ['t'],
      ssh_keys: [1],
      user_data: '#cloud-config',
    });
  });

  it('sends each call to its own path with its own body', async () => {
    await serve(({ method }) =>
      method === 'DELETE'
        ? { status: 204 }
        : { status: 201, json: { action: { id: 5, type: 't', status: 'completed' }, ssh_key: KEY } },
    );
    await cloud.shutdownDroplet(7);
    await cloud.powerOffDroplet(7);
    await cloud.powerOnDroplet(7);
    await cloud.powerCycleDroplet(7);
    await cloud.resizeDroplet(7, 's-2vcpu-2gb');
    await cloud.snapshotDroplet(7, 'before the move');
    await cloud.getAction(5);
    await cloud.createKey('k', 'ssh-ed25519 AAAA');
    await cloud.deleteDroplet(7);
    await cloud.deleteKey(6);
    await cloud.deleteFirewall('f-1');
    await cloud.deleteSnapshot('../8');
    expect(server.received.map(({ method, path, body }) => `${method} ${path} ${body}`.trim())).to.deep.equal(
      [
        'POST /v2/droplets/7/actions {"type":"shutdown"}',
        'POST /v2/droplets/7/actions {"type":"power_off"}',
        'POST /v2/droplets/7/actions {"type":"power_on"}',
        'POST /v2/droplets/7/actions {"type":"power_cycle"}',
        'POST /v2/droplets/7/actions {"disk":false,"size":"s-2vcpu-2gb","type":"resize"}',
        'POST /v2/droplets/7/actions {"name":"before the move","type":"snapshot"}',
        'GET /v2/actions/5',
        'POST /v2/account/keys {"name":"k","public_key":"ssh-ed25519 AAAA"}',
        'DELETE /v2/droplets/7',
        'DELETE /v2/account/keys/6',
        'DELETE /v2/firewalls/f-1',
        'DELETE /v2/snapshots/..%2F8',
      ],
    );
  });

  it('lists sizes, keys, firewalls and snapshots', async () => {
    await serve(({ path }) => ({ status: 200, json: listReply(path) }));
    expect((await cloud.listSizes())[0]).to.deep.equal({
      slug: 's-1',
      disk: 25,
      memory: 1024,
      vcpus: 1,
      priceMonthly: 6,
      available: true,
      regions: ['nyc3'],
    });
    expect(await cloud.listKeys()).to.deep.equal([
      { id: 6, name: 'k', fingerprint: 'aa:bb', publicKey: 'ssh' },
    ]);
    expect(await cloud.listFirewalls()).to.deep.equal([
      {
        id: 'f-1',
        name: 'f',
        tags: [],
        dropletIds: [],
        inbound: [],
        outbound: [],
        createdAt: '2026-01-01T00:00:00Z',
      },
    ]);
    expect(await cloud.listSnapshots()).to.deep.equal([
      {
        id: '8',
        name: 's',
        dropletId: 7,
        tags: ['t'],
        createdAt: '2026-01-01T00:00:00Z',
        sizeGB: 2.34,
        minDisk: 25,
        regions: ['nyc3'],
      },
    ]);
    expect(server.received.at(-1)!.path).to.equal('/v2/snapshots?page=1&per_page=200&resource_type=droplet');
  });

  it('reads a firewall as it writes it', async () => {
    const rule = { protocol: 'tcp', ports: '22', addresses: ['203.0.113.7'], tags: ['t'], others: 0 };
    const ping = { protocol: 'icmp', ports: '0', addresses: ['::/0'], tags: [], others: 0 };
    const request = { name: 'f', tags: ['t'], inbound: [rule, ping], outbound: [{ ...rule, tags: [] }] };
    await serve(({ body }) => ({
      status: 202,
      json: { firewall: { ...(JSON.parse(body) as object), id: 'f-1', created_at: '2026-01-01T00:00:00Z' } },
    }));
    const firewall = { ...request, id: 'f-1', dropletIds: [], createdAt: '2026-01-01T00:00:00Z' };
    expect(await cloud.createFirewall(request)).to.deep.equal(firewall);
    expect(await cloud.updateFirewall('f-1', request)).to.deep.equal(firewall);
    expect(server.received.map(({ method, path }) => `${method} ${path}`)).to.deep.equal([
      'POST /v2/firewalls',
      'PUT /v2/firewalls/f-1',
    ]);
  });

  it('reads of a firewall what it would never write', async () => {
    const foreign = { protocol: 'tcp', ports: 'all', sources: { load_balancer_uids: ['a', 'b'] } };
    const firewall = {
      id: 'f-1',
      name: 'f',
      inbound_rules: [foreign],
      outbound_rules: null,
      droplet_ids: [7],
    };
    await serve(() => ({ status: 200, json: { firewalls: [firewall], links: {}, meta: { total: 1 } } }));
    const [read] = await cloud.listFirewalls();
    expect(read).to.deep.include({
      dropletIds: [7],
      inbound: [{ protocol: 'tcp', ports: '0', addresses: [], tags: [], others: 2 }],
      outbound: [],
    });
  });

  it('makes tags and puts them on droplets', async () => {
    await serve(({ path }) =>
      path === '/v2/tags' ? { status: 201, json: { tag: { name: 't' } } } : { status: 204 },
    );
    await cloud.createTag('dropfleet:f');
    await cloud.tagDroplet(7, 'dropfleet:f');
    expect(server.received.map(({ method, path, body }) => `${method} ${path} ${body}`)).to.deep.equal([
      'POST /v2/tags {"name":"dropfleet:f"}',
      'POST /v2/tags/dropfleet%3Af/resources {"resources":[{"resource_id":"7","resource_type":"droplet"}]}',
    ]);
  });

  it('puts a tag on a snapshot as on the image that it is', async () => {
    await serve(() => ({ status: 204 }));
    await cloud.tagSnapshot('8', 'dropfleet:f');
    expect(server.received.map(({ method, path, body }) => `${method} ${path} ${body}`)).to.deep.equal([
      'POST /v2/tags/dropfleet%3Af/resources {"resources":[{"resource_id":"8","resource_type":"image"}]}',
    ]);
  });

  it('asks for a snapshot once, whatever becomes of the reply', async () => {
    await serve(() => ({ status: 503 }));
    expect(isDoubtful(await rejection(cloud.snapshotDroplet(7, 'before the move')))).to.equal(true);
    expect(server.received).to.have.length(1);
  });

  it('takes a tag off by a DELETE whose body says of what', async () => {
    await serve(() => ({ status: 204 }));
    await cloud.untagDroplet(7, 'dropfleet:f');
    expect(server.received.map(({ method, path, body }) => `${method} ${path} ${body}`)).to.deep.equal([
      'DELETE /v2/tags/dropfleet%3Af/resources {"resources":[{"resource_id":"7","resource_type":"droplet"}]}',
    ]);
  });

  it('replaces a firewall again after no reply: it is the same replacement', async () => {
    const firewall = { id: 'f-1', name: 'f', inbound_rules: [], outbound_rules: [] };
    await serve((_request, n) => (n === 1 ? { status: 503 } : { status: 200, json: { firewall } }));
    await cloud.updateFirewall('f-1', { name: 'f', tags: [], inbound: [], outbound: [] });
    expect(server.received).to.have.length(2);
  });

  it('lists all pages of 200 by tag', async () => {
    await serve(({ path }) => dropletPage(path, range(1, 450)));
    const listed = await cloud.listDroplets('dropfleet:f');
    expect(listed.map(droplet => droplet.id)).to.deep.equal(range(1, 450));
    expect(server.received.map(({ path }) => path)).to.have.members([
      '/v2/droplets?page=1&per_page=200&tag_name=dropfleet%3Af',
      '/v2/droplets?page=2&per_page=200&tag_name=dropfleet%3Af',
      '/v2/droplets?page=3&per_page=200&tag_name=dropfleet%3Af',
    ]);
  });

  it('lists again when a deletion shifted a droplet from one page to another unseen', async () => {
    const gone = (n: number): number[] => (n === 1 ? range(1, 300) : range(2, 300));
    await serve(({ path }, n) => dropletPage(path, gone(n)));
    const listed = await cloud.listDroplets('t');
    expect(listed.map(droplet => droplet.id)).to.deep.equal(range(2, 300));
    expect(server.received).to.have.length(4);
  });

  it('believes a list whose total counts what it does not show once it read the same twice', async () => {
    const total = 201;
    await serve(({ path }) => dropletPage(path, range(1, 200), total));
    expect(await cloud.listDroplets('t')).to.have.length(200);
    expect(server.received).to.have.length(4);
  });

  it('lists nothing in one call when there is nothing', async () => {
    await serve(({ path }) => dropletPage(path, []));
    expect(await cloud.listDroplets('t')).to.deep.equal([]);
    expect(server.received).to.have.length(1);
  });

  it('gives up a list that changes under every reading', async () => {
    await serve(({ path }, n) => dropletPage(path, range(n, 300)));
    expect(await failureOf(cloud.listDroplets('t'))).to.match(/changed during all 5 reads/);
  });

  it('does not take a page that lacks its total, or something else than a list, for an empty fleet', async () => {
    await serve((_, n) =>
      n === 1 ? { status: 200, json: { droplets: [] } } : { status: 200, text: '<html>' },
    );
    expect(await failureOf(cloud.listDroplets('t'))).to.match(/meta is missing, expected an object/);
    expect(await failureOf(cloud.listDroplets('t'))).to.match(/does not speak DigitalOcean's API/);
  });

  it('refuses a total that no account has, in one call', async () => {
    await serve(({ path }) => dropletPage(path, range(1, 200), 1e9));
    expect(await failureOf(cloud.listDroplets('t'))).to.match(/meta\.total is 1000000000, expected a whole/);
    expect(server.received).to.have.length(1);
  });

  it('asks for no page behind an empty one, whatever the total says', async () => {
    await serve(({ path }) => dropletPage(path, range(1, 6), 99_999));
    expect(await cloud.listDroplets('t')).to.have.length(6);
    expect(server.received).to.have.length(2 * 9);
  });

  it('fails a list with a droplet that cannot be, and hands over the others and its id', async () => {
    const lie = {
      ...DROPLET,
      id: 8,
      networks: { v4: [{ type: 'public', ip_address: '127.0.0.1; rm -rf /' }] },
    };
    const list = { droplets: [DROPLET, lie, { name: 'x\u0000', tags: ['y z'] }], meta: { total: 3 } };
    await serve(() => ({ status: 200, json: list }));
    const error = (await rejection(cloud.listDroplets('t'))) as UnreadableItems;
    expect(error).to.be.instanceOf(UnreadableItems);
    expect(error.message).to.contain(
      `of 8, droplets[1].networks.v4[0].ip_address is "127.0.0.1; rm -rf /", expected a server's IPv4 address (and 1 more)`,
    );
    expect(error.readable).to.have.length(1);
    expect(error.unreadableIds).to.deep.equal([8, undefined]);
    expect(error.unreadableMarks).to.deep.equal([
      { name: DROPLET.name, tags: DROPLET.tags },
      { name: 'x\u0000', tags: ['y z'] },
    ]);
  });

  it('takes no other droplet, action or firewall for the one that it asked for', async () => {
    const action = { id: 8, type: 't', status: 'completed' };
    await serve(() => ({ status: 200, json: { droplet: { ...DROPLET, id: 8 }, action } }));
    expect(await failureOf(cloud.getDroplet(7))).to.match(/droplet\.id is 8, expected 7/);
    expect(await failureOf(cloud.getAction(7))).to.match(/action\.id is 8, expected 7/);
  });

  it('does not take a proxy that answers a deletion for DigitalOcean', async () => {
    await serve(() => ({ status: 200, text: '<html>sign in</html>' }));
    expect(await failureOf(cloud.deleteDroplet(7))).to.match(/does not speak DigitalOcean's API/);
  });

  it('sends a GET again after 5xx and after a connection that was cut', async () => {
    await serve((_, n) => {
      if (n === 1) return response => response.destroy();
      return n === 2 ? { status: 503 } : { status: 200, json: { droplet: DROPLET } };
    });
    expect((await cloud.getDroplet(7)).id).to.equal(7);
    expect(reports.map(report => report.code)).to.deep.equal(['UND_ERR_SOCKET', '503', '200']);
  });

  it('says that a thing is not found when a deletion whose reply was lost is sent again', async () => {
    await serve((_, n) => (n === 1 ? { status: 504, text: '<html>' } : { status: 404, json: REFUSAL }));
    expect(isCloudNotFound(await rejection(cloud.deleteDroplet(7)))).to.equal(true);
  });

  it('gives up a GET after four attempts', async () => {
    await serve(() => ({
      status: 500,
      json: { id: 'server_error', message: 'Server Error', request_id: 'r-1' },
    }));
    const error = (await rejection(cloud.getDroplet(7))) as CloudError;
    expect(server.received).to.have.length(4);
    expect(error).to.include({ operation: 'getDroplet', status: 500, id: 'server_error', requestId: 'r-1' });
    expect(error.message).to.equal(
      'DigitalOcean failed to get droplet 7 (500): Server Error; see https://status.digitalocean.com if it lasts',
    );
  });

  for (const [name, answer] of [
    ['a 504 with HTML', { status: 504, text: '<html>Gateway Timeout</html>' }],
    ['a connection that was cut', (response => response.destroy()) satisfies Answer],
    ['a success that makes no sense', { status: 202, text: '<html>' }],
    ['a success without the droplet', { status: 202, json: {} }],
    ["a refusal in somebody else's words", { status: 422, text: '<html>Forbidden by policy</html>' }],
    ['a refusal with the droplet', { status: 400, json: { droplet: {} } }],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1/' } }],
  ] as [string, Answer][])
    it(`sends a POST once, and is in doubt, after ${name}`, async () => {
      await serve(() => answer);
      expect(isDoubtful(await rejection(cloud.createDroplet(REQUEST)))).to.equal(true);
      expect(server.received).to.have.length(1);
    });

  for (const status of [400, 401, 403, 404, 422])
    it(`sends a POST once, and is sure that nothing was done, after ${status}`, async () => {
      await serve(() => ({ status, json: { id: 'x', message: 'm' } }));
      expect(isDoubtful(await rejection(cloud.createDroplet(REQUEST)))).to.equal(false);
      expect(server.received).to.have.length(1);
    });

  it('takes nothing for missing that only a stranger on the way says is not there', async () => {
    await serve(() => ({ status: 404, text: '<html>Not Found</html>' }));
    const error = await rejection(cloud.getDroplet(7));
    expect([isCloudNotFound(error), isCloudUnreachable(error)]).to.deep.equal([false, true]);
    expect(error.message).to.contain("does not speak DigitalOcean's API");
  });

  it('knows an action that must wait for another by both of its wordings', async () => {
    const wordings = [
      'Droplet already has a pending event.',
      'there are currently blocking events processing for one or more of the droplets',
      'Droplet is already powered off',
    ];
    await serve((_, n) => ({ status: 422, json: { id: 'unprocessable_entity', message: wordings[n - 1] } }));
    const answers = [];
    for (const _ of wordings) answers.push(isPendingEvent(await rejection(cloud.powerOffDroplet(7))));
    expect(answers).to.deep.equal([true, true, false]);
  });

  it('says what to do about a token that is refused', async () => {
    await serve(() => ({
      status: 401,
      json: { id: 'Unauthorized', message: 'Unable to authenticate you.' },
    }));
    const error = (await rejection(cloud.getAccount())) as CloudError;
    expect(isUnauthorized(error)).to.equal(true);
    expect(error.message).to.equal(
      'DigitalOcean refused the token (401): set DO_TOKEN to a token with read and write scope',
    );
  });

  it('waits as long as a burst 429 asks, and sends even a POST again', async () => {
    const clock = fakeClock();
    await serve((_, n) => {
      if (n > 1) return { status: 202, json: { droplet: DROPLET } };
      return {
        status: 429,
        headers: { 'retry-after': '7' },
        json: { id: 'too_many_requests', message: 'm' },
      };
    }, clock);
    const created = cloud.createDroplet(REQUEST);
    await reported(1);
    await clock.advance(6_999);
    expect(server.received).to.have.length(1);
    await clock.advance(1);
    expect((await created).id).to.equal(7);
    expect(reports.map(report => report.code)).to.deep.equal(['429', '202']);
  });

  it("waits for the hour's limit to give a request again, by ratelimit-reset", async () => {
    const clock = fakeClock();
    const reset = clock.now() / 1000 + 90;
    const spent = { 'ratelimit-remaining': '0', 'ratelimit-reset': String(reset) };
    await serve(() => ({ status: 200, headers: spent, json: { droplet: DROPLET } }), clock);
    await cloud.getDroplet(7);
    expect(reports[0]).to.include({ operation: 'getDroplet', code: '200', remaining: 0 });
    const second = cloud.getDroplet(7);
    await clock.advance(89_999);
    expect(server.received).to.have.length(1);
    await clock.advance(1);
    await second;
    expect(server.received).to.have.length(2);
  });

  it('gives up after four times 429, and says for how long to wait', async () => {
    const clock = fakeClock();
    await serve(() => ({ status: 429, headers: { 'retry-after': '3' } }), clock);
    const failure = rejection(cloud.createDroplet(REQUEST));
    for (const attempt of [1, 2, 3, 4]) {
      await reported(attempt);
      await clock.advance(3_000);
    }
    const error = (await failure) as CloudError;
    expect(isRateLimited(error)).to.equal(true);
    expect(error.retryAfterMs).to.equal(3_000);
    expect(server.received).to.have.length(4);
  });

  it('gives up a call without a reply in time, in doubt', async () => {
    const clock = fakeClock();
    const arrived = Promise.withResolvers<void>();
    await serve(() => () => arrived.resolve(), clock);
    const failure = rejection(cloud.createDroplet(REQUEST));
    await arrived.promise;
    await clock.advance(15_000);
    const error = (await failure) as CloudError;
    expect(isCloudUnreachable(error)).to.equal(true);
    expect(isDoubtful(error)).to.equal(true);
    expect(error.message).to.match(/timed out after 15 s waiting for DigitalOcean to create a droplet/);
  });

  it('stops with its signal, in doubt once the request is on its way', async () => {
    const stop = new AbortController();
    await serve(() => () => stop.abort());
    const error = await rejection(cloud.createDroplet(REQUEST, stop.signal));
    expect([isAborted(error), isDoubtful(error), isCloudUnreachable(error)]).to.deep.equal([
      true,
      true,
      false,
    ]);
    const next = await rejection(cloud.createDroplet(REQUEST, stop.signal));
    expect([isAborted(next), isDoubtful(next)]).to.deep.equal([true, false]);
    expect(server.received).to.have.length(1);
  });

  it('asks the guard of a signal when the turn of a call has come, before every attempt, and sends nothing past it', async () => {
    const clock = fakeClock();
    await serve((_, n) => ({ status: 429, headers: { 'retry-after': String(n) } }), clock);
    const lease = new AbortController();
    let isHeld = true;
    guard(lease.signal, () => {
      if (!isHeld) throw new Error('the lease has run out');
    });
    const failure = rejection(cloud.createDroplet(REQUEST, lease.signal));
    await reported(1);
    await clock.advance(1_000);
    await reported(2);
    isHeld = false;
    await clock.advance(2_000);
    const error = (await failure) as CloudError;
    expect([isAborted(error), isDoubtful(error)]).to.deep.equal([true, false]);
    expect(error.message).to.equal(
      'request to create a droplet not sent to DigitalOcean: the lease has run out',
    );
    expect(server.received).to.have.length(2);
  });

  it('sends what must go before what is only to be made', async () => {
    const clock = fakeClock();
    await serve(
      ({ method }) => (method === 'DELETE' ? { status: 204 } : { status: 422, json: REFUSAL }),
      clock,
    );
    const waiting = Array.from({ length: 300 }, () => rejection(cloud.createDroplet(REQUEST)));
    await reported(220);
    const list = rejection(cloud.listSizes());
    const off = rejection(cloud.powerOffDroplet(7));
    await cloud.deleteDroplet(7);
    await Promise.all([list, off]);
    expect(server.received.slice(0, 220).every(({ path }) => path === '/v2/droplets')).to.equal(true);
    expect(server.received).to.have.length(223);
    await clock.advance(60_000);
    await Promise.all(waiting);
  });

  it('is sure that nothing was done when nobody listens', async () => {
    await serve(() => ({ status: 500 }));
    await server.close();
    const error = (await rejection(cloud.createDroplet(REQUEST))) as CloudError;
    expect(isCloudUnreachable(error)).to.equal(true);
    expect(isDoubtful(error)).to.equal(false);
    expect(error.message).to.match(/cannot reach DigitalOcean to create a droplet \(connect ECONNREFUSED/);
    server = await scriptedServer(() => ({ status: 500 }));
  });

  it('shows the token in no error and in no part of itself', async () => {
    await serve(({ headers }, n) => {
      if (n === 1)
        return { status: 401, json: { id: headers.authorization, message: headers.authorization } };
      if (n === 2) return { status: 422, json: { error: headers.authorization, request_id: TOKEN } };
      return response => response.destroy();
    });
    const errors: unknown[] = [cloud];
    for (let i = 0; i < 3; i++) errors.push(await rejection(cloud.createDroplet(REQUEST)));
    expect(errors.slice(1).every(isCloudError)).to.equal(true);
    for (const error of errors)
      expect(inspect(error, { depth: Infinity, showHidden: true, getters: true })).not.to.contain(TOKEN);
  });

  it('refuses a token that no header can carry, without repeating it', async () => {
    await serve(() => ({ status: 500 }));
    for (const token of ['', 'dop_v1\n', 'dop v1'])
      expect(() => createCloud({ token, clock: systemClock, random: Math.random }))
        .to.throw(/^The DigitalOcean token is empty, or holds a blank/)
        .and.not.have.property('message', token);
  });
});

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

function dropletPage(path: string, ids: number[], total = ids.length): Answer {
  const { searchParams } = new URL(path, 'http://host');
  const [page, perPage] = [Number(searchParams.get('page')), Number(searchParams.get('per_page'))];
  const droplets = ids.slice((page - 1) * perPage, page * perPage).map(id => ({ ...DROPLET, id }));
  return { status: 200, json: { droplets, links: {}, meta: { total } } };
}

function listReply(path: string): unknown {
  const size = {
    slug: 's-1',
    disk: 25,
    memory: 1024,
    vcpus: 1,
    price_monthly: 6,
    available: true,
    regions: ['nyc3'],
  };
  return {
    sizes: [size],
    ssh_keys: [{ id: 6, name: 'k', fingerprint: 'aa:bb', public_key: 'ssh' }],
    firewalls: [{ id: 'f-1', name: 'f', tags: null, created_at: '2026-01-01T00:00:00Z' }],
    snapshots: [
      {
        id: 8,
        name: 's',
        resource_id: '7',
        resource_type: 'droplet',
        regions: ['nyc3'],
        min_disk_size: 25,
        size_gigabytes: 2.34,
        tags: ['t'],
        created_at: '2026-01-01T00:00:00Z',
      },
    ],
    links: {},
    meta: { total: 1 },
    path,
  };
}

const failureOf = async (promise: Promise<unknown>): Promise<string> => (await rejection(promise)).message;
