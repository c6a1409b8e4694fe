import { expect } from 'chai';
import { createApiClient } from 'dots-wrapper';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RequestEvent } from '../../../sandbox/api/api.ts';
import { TEST_BOOT_MS, dropletBody, startTestSandbox, type TestSandbox } from '../../builders/sandbox.ts';
import { rejection } from '../../fakes/rejection.ts';

describe("the sandbox's server", () => {
  const started: TestSandbox[] = [];
  const start = async (options?: Parameters<typeof startTestSandbox>[0]): Promise<TestSandbox> => {
    const test = await startTestSandbox(options);
    started.push(test);
    return test;
  };
  afterEach(() => Promise.all(started.splice(0).map(test => test.sandbox.close())));

  it('steps over a port that is taken when it may, and tells the one it took', async () => {
    const { port } = (await start()).sandbox;
    const second = await start({ port, allowNextPort: true });
    expect(second.sandbox.port).to.be.greaterThan(port);
    expect(second.sandbox.url).to.equal(`http://127.0.0.1:${second.sandbox.port}`);
    expect((await second.send('GET', '/v2/account')).status).to.equal(200);
  });

  it('does not start on a port that is taken when it may not step over it', async () => {
    const { port } = (await start()).sandbox;
    expect((await rejection(startTestSandbox({ port }))).message).to.equal(
      `Port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another port.`,
    );
  });

  it('answers nobody after it is closed', async () => {
    const test = await startTestSandbox();
    await test.send('GET', '/v2/account');
    await test.sandbox.close();
    await rejection(test.send('GET', '/v2/account'));
  });

  for (const { what, headers, path = '/v2/account' } of [
    { what: 'a name that leads here', headers: { host: 'rebound.example' } },
    { what: 'a name that begins as this machine does', headers: { host: '127.0.0.1.rebound.example' } },
    { what: 'another address', headers: { host: '192.0.2.1' } },
    { what: 'no name', headers: { host: 'a b' } },
    { what: 'the origin of a page', headers: { origin: 'http://rebound.example' } },
    { what: 'an origin that nobody may know', headers: { origin: 'null' } },
    { what: 'the origin of another program here', headers: { origin: 'http://127.0.0.1:1' } },
    { what: 'the name of a page', headers: { host: 'rebound.example' }, path: '/sandbox/faults' },
  ])
    it(`answers nobody who comes to ${path} by ${what}`, async () => {
      const test = await start();
      expect(await statusOf(test.sandbox.port, path, headers)).to.equal(403);
      expect((await test.send('GET', '/sandbox/ledger')).body.counts).to.deep.equal({});
    });

  it('answers whoever names this machine, and a page of its own', async () => {
    const { sandbox } = await start();
    for (const host of ['localhost', `127.0.0.1:${sandbox.port}`, '127.0.0.2', '[::1]:1'])
      expect(await statusOf(sandbox.port, '/v2/account', { host }), host).to.equal(200);
    const host = `localhost:${sandbox.port}`;
    const origin = `http://${host}`;
    expect(await statusOf(sandbox.port, '/v2/account', { host, origin })).to.equal(200);
  });

  it('shows every request to its hook before and after it is carried out', async () => {
    const seen: RequestEvent[] = [];
    const test = await start({ onRequest: event => void seen.push(event) });
    await test.send('POST', '/v2/tags', { name: 'web' });
    const event = { method: 'POST', path: '/v2/tags', operation: 'tags.create' };
    expect(seen).to.deep.equal([
      { ...event, phase: 'before' },
      { ...event, phase: 'after' },
    ]);
  });

  for (const { phase, survivors } of [
    { phase: 'before', survivors: 0 },
    { phase: 'after', survivors: 1 },
  ] as const)
    it(`cuts the connection when the hook throws ${phase}, with ${survivors} droplets made`, async () => {
      let crash = true;
      const test = await start({
        onRequest(event) {
          if (crash && event.phase === phase) throw new Error('crash');
        },
      });
      await rejection(test.send('POST', '/v2/droplets', dropletBody()));
      crash = false;
      expect((await test.send('GET', '/v2/droplets')).body.meta.total).to.equal(survivors);
      expect(test.sandbox.ledger.calls[0]).to.include({ operation: 'droplets.create', status: 0 });
    });

  it('holds a reply back until its hook is done', async () => {
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const test = await start({
      async onRequest({ phase }) {
        if (phase === 'before') return;
        order.push('hook');
        await gate.promise;
        order.push('released');
      },
    });
    const reply = test.send('GET', '/v2/account').then(() => order.push('reply'));
    gate.resolve();
    await reply;
    expect(order).to.deep.equal(['hook', 'released', 'reply']);
  });

  it('serves 300 droplets that are made at once, each on disk before it is answered', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sandbox-'));
    const stateFile = join(directory, 'state.jsonl');
    const test = await start({ stateFile, limits: { perHour: 1e6, perMinute: 1e6 } });
    const batches = Array.from({ length: 30 }, (_, batch) =>
      test.send('POST', '/v2/droplets', {
        ...dropletBody({ names: Array.from({ length: 10 }, (_, i) => `w${batch}-${i}`), tags: ['fleet'] }),
        name: undefined,
      }),
    );
    await Promise.all(batches);
    expect(readFileSync(stateFile, 'utf8').match(/\["droplets","\d+",\{/g)).to.have.length.at.least(300);
    test.pass(TEST_BOOT_MS);
    const pages = await Promise.all(
      [1, 2].map(page => test.send('GET', `/v2/droplets?tag_name=fleet&per_page=200&page=${page}`)),
    );
    const droplets = pages.flatMap(page => page.body.droplets);
    expect(new Set(droplets.map(droplet => droplet.id)).size).to.equal(300);
    expect(droplets.every(droplet => droplet.status === 'active')).to.equal(true);
    await started.pop()!.sandbox.close();
    rmSync(directory, { recursive: true });
  });

  it('serves dots-wrapper: create, list, actions, delete', async () => {
    const test = await start({ token: 'the-token' });
    const cloud = createApiClient({ token: 'the-token', endpoint: `${test.sandbox.url}/v2` });
    const made = await cloud.droplet.createDroplet({
      name: 'web',
      region: 'nyc3',
      size: 's-1vcpu-1gb',
      image: 'debian-13-x64',
      tags: ['fleet'],
    });
    const droplet_id = made.data.droplet.id;
    test.pass(TEST_BOOT_MS);
    const list = await cloud.droplet.listDroplets({ tag_name: 'fleet', per_page: 200 });
    expect(list.data.droplets.map(({ id, status }) => ({ id, status }))).to.deep.equal([
      { id: droplet_id, status: 'active' },
    ]);
    const off = await cloud.droplet.powerOffDroplet({ droplet_id });
    test.pass(TEST_BOOT_MS);
    const action = await cloud.action.getAction({ action_id: off.data.action.id });
    expect(action.data.action.status).to.equal('completed');
    await cloud.droplet.resizeDroplet({ droplet_id, size: 's-2vcpu-2gb', disk: false });
    test.pass(TEST_BOOT_MS);
    expect((await cloud.droplet.getDroplet({ droplet_id })).data.droplet.size_slug).to.equal('s-2vcpu-2gb');
    expect((await cloud.droplet.deleteDroplet({ droplet_id })).status).to.equal(204);
    const gone = await rejection(cloud.droplet.getDroplet({ droplet_id }));
    expect((gone as unknown as { response: { status: number } }).response.status).to.equal(404);
  });
});

/** fetch lets nobody say what the Host is. */
function statusOf(port: number, path: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      path,
      agent: false,
      headers: { authorization: 'Bearer any', ...headers },
    };
    get(options, response => {
      response.resume();
      resolve(response.statusCode);
    }).once('error', reject);
  });
}
