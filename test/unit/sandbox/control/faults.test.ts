import { expect } from 'chai';
import { createFaults } from '../../../../sandbox/account/faults.ts';
import {
  TEST_BOOT_MS,
  TEST_KEY,
  dropletBody,
  startTestSandbox,
  type TestReply,
  type TestSandbox,
} from '../../../builders/sandbox.ts';

describe("the sandbox's fault switches", () => {
  it('strike as often as they are told, then no more', () => {
    const faults = createFaults(() => 0);
    faults.set({ quota: { next: 2 } });
    const struck = [1, 2, 3].map(() => faults.take('quota', 'droplets.create') !== undefined);
    expect(struck).to.deep.equal([true, true, false]);
    expect(faults.get()).to.deep.equal({});
  });

  it('strike with their probability, and do not count a miss', () => {
    const numbers = [0.9, 0.2, 0.9];
    const faults = createFaults(() => numbers.shift()!);
    faults.set({ quota: { probability: 0.5, next: 2 } });
    const struck = [1, 2, 3].map(() => faults.take('quota', 'droplets.create') !== undefined);
    expect(struck).to.deep.equal([false, true, false]);
    expect(faults.get()).to.deep.equal({ quota: { probability: 0.5, next: 1 } });
  });

  it('strike only the operation they name, and stay on until they are switched off', () => {
    const faults = createFaults(() => 0);
    faults.set({ serverError: { operation: 'droplets.list' } });
    expect(faults.take('serverError', 'droplets.get')).to.equal(undefined);
    expect(faults.take('serverError', 'droplets.list')).not.to.equal(undefined);
    expect(faults.take('serverError', 'droplets.list')).not.to.equal(undefined);
    faults.set({ serverError: null });
    expect(faults.take('serverError', 'droplets.list')).to.equal(undefined);
  });

  it('refuse what is no fault, and then change nothing', () => {
    const faults = createFaults(() => 0);
    const settings = [{ nonsense: {} }, { quota: { next: 0 } }, { quota: { often: 1 } }, { quota: 3 }];
    for (const wrong of settings)
      expect(() => faults.set({ listLag: { ms: 1 }, ...(wrong as object) })).to.throw(RangeError);
    expect(faults.get()).to.deep.equal({});
  });

  describe('over the API', () => {
    let test: TestSandbox;
    beforeEach(async () => {
      test = await startTestSandbox();
    });
    afterEach(() => test.sandbox.close());

    const create = (changes?: Record<string, unknown>): Promise<TestReply> =>
      test.send('POST', '/v2/droplets', dropletBody(changes));
    const status = async (id: number): Promise<number> =>
      (await test.send('GET', `/v2/droplets/${id}`)).status;
    const listed = async (): Promise<number> => (await test.send('GET', '/v2/droplets')).body.meta.total;
    const powerOff = (id: number): Promise<TestReply> =>
      test.send('POST', `/v2/droplets/${id}/actions`, { type: 'power_off' });

    it('keep a new droplet out of lists for a while, though it can be read', async () => {
      test.sandbox.faults.set({ listLag: { ms: 4000, next: 1 } });
      const { body } = await create();
      expect([await status(body.droplet.id), await listed()]).to.deep.equal([200, 0]);
      test.pass(4000);
      expect(await listed()).to.equal(1);
    });

    it('answer 404 for a new droplet for a while, though it is listed', async () => {
      test.sandbox.faults.set({ notFoundAfterCreate: { ms: 4000, next: 1 } });
      const { body } = await create();
      expect([await status(body.droplet.id), await listed()]).to.deep.equal([404, 1]);
      test.pass(4000);
      expect(await status(body.droplet.id)).to.equal(200);
    });

    it('refuse a new key for a while', async () => {
      test.sandbox.faults.set({ keyNotReady: { ms: 4000 } });
      const key = await test.send('POST', '/v2/account/keys', { name: 'k', public_key: TEST_KEY });
      const { id } = key.body.ssh_key;
      expect((await create({ ssh_keys: [id] })).body.message).to.include('invalid key identifiers');
      expect((await test.send('GET', `/v2/account/keys/${id}`)).status).to.equal(404);
      test.pass(4000);
      expect((await create({ ssh_keys: [id] })).status).to.equal(202);
    });

    it('carry out a create and answer it with a gateway page', async () => {
      test.sandbox.faults.set({ gatewayTimeout: { operation: 'droplets.create', next: 1 } });
      const reply = await create();
      expect(reply.status).to.equal(504);
      expect(reply.headers.get('content-type')).to.equal('text/html');
      expect(reply.text).to.match(/^<html>/);
      expect(await listed()).to.equal(1);
    });

    it('refuse a request with 500 without carrying it out', async () => {
      test.sandbox.faults.set({ serverError: { next: 1 } });
      expect((await create()).status).to.equal(500);
      expect(await listed()).to.equal(0);
    });

    it('refuse an action for a pending event, and a create for the quota', async () => {
      const { body } = await create();
      test.pass(TEST_BOOT_MS);
      test.sandbox.faults.set({ pendingEvent: { next: 1 }, quota: { next: 1 } });
      expect((await powerOff(body.droplet.id)).body.message).to.equal('Droplet already has a pending event.');
      expect((await create()).body.message).to.equal(
        'creating this/these droplet(s) will exceed your droplet limit',
      );
      test.sandbox.faults.set({ pendingEvent: { operation: 'droplets.delete', next: 1 } });
      expect((await powerOff(body.droplet.id)).status).to.equal(201);
      test.pass(TEST_BOOT_MS);
      const remove = (): Promise<TestReply> => test.send('DELETE', `/v2/droplets/${body.droplet.id}`);
      expect([(await remove()).status, (await remove()).status]).to.deep.equal([422, 204]);
    });

    it('let a droplet vanish after it was accepted, and its action end in error', async () => {
      test.sandbox.faults.set({ vanish: { ms: 4000, next: 1 } });
      const { body } = await create();
      expect(await status(body.droplet.id)).to.equal(200);
      test.pass(4000);
      expect([await status(body.droplet.id), await listed()]).to.deep.equal([404, 0]);
      const action = await test.send('GET', `/v2/actions/${body.links.actions[0].id}`);
      expect(action.body.action.status).to.equal('errored');
    });

    it('show a deleted droplet, locked, for a while', async () => {
      const { body } = await create();
      test.pass(TEST_BOOT_MS);
      test.sandbox.faults.set({ deleteLag: { ms: 4000 } });
      const { id } = body.droplet;
      expect((await test.send('DELETE', `/v2/droplets/${id}`)).status).to.equal(204);
      expect((await test.send('GET', `/v2/droplets/${id}`)).body.droplet.locked).to.equal(true);
      test.pass(4000);
      expect([await status(id), await listed()]).to.deep.equal([404, 0]);
    });

    it('let an action end in error without its effect', async () => {
      const { body } = await create();
      test.pass(TEST_BOOT_MS);
      test.sandbox.faults.set({ actionErrored: { next: 1 } });
      const { action } = (await powerOff(body.droplet.id)).body;
      test.pass(TEST_BOOT_MS);
      expect((await test.send('GET', `/v2/actions/${action.id}`)).body.action.status).to.equal('errored');
      const droplet = (await test.send('GET', `/v2/droplets/${body.droplet.id}`)).body.droplet;
      expect(droplet).to.include({ status: 'active', locked: false });
    });

    it('let a snapshot take longer', async () => {
      const { body } = await create();
      test.pass(TEST_BOOT_MS);
      test.sandbox.faults.set({ slowSnapshot: { ms: 50_000 } });
      await test.send('POST', `/v2/droplets/${body.droplet.id}/actions`, { type: 'snapshot' });
      test.pass(TEST_BOOT_MS + 49_999);
      expect((await test.send('GET', '/v2/snapshots')).body.meta.total).to.equal(0);
      test.pass(1);
      expect((await test.send('GET', '/v2/snapshots')).body.meta.total).to.equal(1);
    });

    it('give a new droplet the address that was given back, which happens only then', async () => {
      const addressOf = async (): Promise<string> => {
        const { body } = await create();
        test.pass(TEST_BOOT_MS);
        const { droplet } = (await test.send('GET', `/v2/droplets/${body.droplet.id}`)).body;
        await test.send('DELETE', `/v2/droplets/${droplet.id}`);
        return droplet.networks.v4.find((n: { type: string }) => n.type === 'public').ip_address;
      };
      const first = await addressOf();
      const second = await addressOf();
      expect(second).not.to.equal(first);
      test.sandbox.faults.set({ reuseAddress: { next: 1 } });
      expect(await addressOf()).to.equal(second);
    });

    it('never give two living droplets one address', async () => {
      const { body } = await create();
      test.pass(TEST_BOOT_MS);
      await test.send('DELETE', `/v2/droplets/${body.droplet.id}`);
      test.sandbox.faults.set({ reuseAddress: {} });
      await create({ name: undefined, names: ['a', 'b'] });
      test.pass(TEST_BOOT_MS);
      const { droplets } = (await test.send('GET', '/v2/droplets')).body;
      const addresses = droplets.flatMap((d: { networks: { v4: { ip_address: string }[] } }) =>
        d.networks.v4.map(network => network.ip_address),
      );
      expect(new Set(addresses).size).to.equal(4);
    });

    it('refuse with both kinds of 429', async () => {
      test.sandbox.faults.set({ burstLimit: { next: 1 } });
      const burst = await test.send('GET', '/v2/account');
      expect([burst.status, burst.headers.get('retry-after')]).to.deep.equal([429, '1']);
      test.sandbox.faults.set({ hourlyLimit: { next: 1 } });
      const hourly = await test.send('GET', '/v2/account');
      expect([hourly.status, hourly.headers.get('retry-after')]).to.deep.equal([429, null]);
    });

    it('are set, shown and cleared over HTTP too, without a token', async () => {
      const call = (method: string, body?: unknown): Promise<TestReply> =>
        test.send(method, '/sandbox/faults', body, { authorization: '' });
      expect((await call('PUT', { quota: { next: 3 } })).body).to.deep.equal({ quota: { next: 3 } });
      expect((await call('PUT', { listLag: { ms: 5 } })).body).to.have.keys('quota', 'listLag');
      const wrong = await call('PUT', { nonsense: {} });
      expect(wrong.status).to.equal(400);
      expect(wrong.body.message).to.include('There is no fault "nonsense"');
      expect((await call('DELETE')).body).to.deep.equal({});
      expect((await call('GET')).body).to.deep.equal({});
    });
  });
});
