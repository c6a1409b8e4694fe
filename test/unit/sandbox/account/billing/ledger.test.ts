import { expect } from 'chai';
import * as fc from 'fast-check';
import { billOf } from '../../../../../sandbox/account/billing/billing.ts';
import { TEST_START, dropletBody, startTestSandbox, type TestSandbox } from '../../../../builders/sandbox.ts';
import { propertyOptions } from '../../../../fakes/property-options.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const usage = { dropletId: 1, name: 'web', size: 's-1vcpu-1gb' };

const billOfDroplets = (usage: Parameters<typeof billOf>[0], now: number) => billOf(usage, [], now);

describe("the sandbox's bill", () => {
  it('is the hours at list price', () => {
    const bill = billOfDroplets(
      [{ ...usage, from: TEST_START, to: TEST_START + 100 * HOUR }],
      TEST_START + DAY * 9,
    );
    expect(bill.dropletHours).to.equal(100);
    expect(bill.price).to.be.closeTo(100 * 0.00893, 1e-9);
  });

  it('runs on for a droplet that runs', () => {
    expect(billOfDroplets([{ ...usage, from: TEST_START }], TEST_START + 2 * HOUR).dropletHours).to.equal(2);
  });

  it('never exceeds the monthly price in a calendar month, and begins again with the next', () => {
    const january = billOfDroplets([{ ...usage, from: TEST_START }], Date.UTC(2026, 1, 1));
    expect(january.price).to.equal(6);
    const andADay = billOfDroplets([{ ...usage, from: TEST_START }], Date.UTC(2026, 1, 2));
    expect(andADay.price).to.be.closeTo(6 + 24 * 0.00893, 1e-9);
  });

  it('never shrinks as time goes by', () => {
    const span = fc.integer({ min: 0, max: 100 * DAY });
    fc.assert(
      fc.property(span, fc.option(span, { nil: undefined }), span, span, (from, length, early, later) => {
        const to = length === undefined ? {} : { to: TEST_START + from + length };
        const bill = (now: number): number =>
          billOfDroplets([{ ...usage, from: TEST_START + from, ...to }], now).price;
        expect(bill(TEST_START + early + later)).to.be.at.least(bill(TEST_START + early));
      }),
      propertyOptions(200),
    );
  });
});

describe("the sandbox's ledger", () => {
  let test: TestSandbox;
  beforeEach(async () => {
    test = await startTestSandbox();
  });
  afterEach(() => test.sandbox.close());

  it('has each call with its time, operation and status', async () => {
    await test.send('POST', '/v2/droplets', dropletBody());
    test.pass(500);
    await test.send('GET', '/v2/droplets/1');
    await test.send('GET', '/v2/levitations');
    expect(test.sandbox.ledger.calls).to.deep.equal([
      { time: TEST_START, operation: 'droplets.create', status: 202 },
      { time: TEST_START + 500, operation: 'droplets.get', status: 404 },
      { time: TEST_START + 500, operation: 'unknown', status: 404 },
    ]);
    expect(test.sandbox.ledger.failuresBy()).to.deep.equal({ 'droplets.get': 1, unknown: 1 });
    expect(test.sandbox.ledger.countBy()).to.deep.equal({
      'droplets.create': 1,
      'droplets.get': 1,
      unknown: 1,
    });
  });

  it('bills each size for its own hours, and stops with the droplet', async () => {
    const { body } = await test.send('POST', '/v2/droplets', dropletBody());
    const path = `/v2/droplets/${body.droplet.id}`;
    test.pass(HOUR);
    await test.send('POST', `${path}/actions`, { type: 'power_off' });
    test.pass(HOUR);
    await test.send('POST', `${path}/actions`, { type: 'resize', size: 's-2vcpu-4gb' });
    test.pass(HOUR);
    await test.send('DELETE', path);
    test.pass(DAY);
    const lines = test.sandbox.ledger
      .bill(test.now())
      .lines.map(({ size, hours }) => [size, Math.round(hours)]);
    expect(lines).to.deep.equal([
      ['s-1vcpu-1gb', 2],
      ['s-2vcpu-4gb', 1],
    ]);
    expect(test.sandbox.ledger.bill(test.now()).dropletHours).to.be.closeTo(3, 1e-9);
  });

  /** Hours and dollars of each kind of charge, to the hour and the cent. */
  const charges = (): string[] =>
    test.sandbox.ledger
      .bill(test.now())
      .charges.map(({ kind, hours, price }) => `${kind} ${Math.round(hours)} h $${price.toFixed(2)}`);

  it('bills a volume for its size, and again when it grows, until it is deleted', async () => {
    const body = { name: 'data', region: 'nyc3', size_gigabytes: 100 };
    const { volume } = (await test.send('POST', '/v2/volumes', body)).body;
    test.pass(672 * HOUR);
    const grow = { type: 'resize', size_gigabytes: 200 };
    await test.send('POST', `/v2/volumes/${volume.id}/actions`, grow);
    test.pass(67.2 * HOUR);
    await test.send('DELETE', `/v2/volumes/${volume.id}`);
    test.pass(DAY);
    expect(charges()).to.deep.equal(['volume 672 h $10.00', 'volume 67 h $2.00']);
  });

  it('bills snapshots of droplets and of volumes by the gigabyte', async () => {
    const body = { name: 'data', region: 'nyc3', size_gigabytes: 100 };
    const { volume } = (await test.send('POST', '/v2/volumes', body)).body;
    const { droplet } = (await test.send('POST', '/v2/droplets', dropletBody({ volumes: [volume.id] }))).body;
    await test.send('POST', `/v2/volumes/${volume.id}/snapshots`, { name: 'copy' });
    test.pass(HOUR);
    await test.send('POST', `/v2/droplets/${droplet.id}/actions`, { type: 'snapshot' });
    test.pass(671 * HOUR);
    await test.send('GET', '/sandbox/ledger');
    expect(charges()).to.include.members(['snapshot 672 h $6.00', 'snapshot 671 h $0.04']);
  });

  it('bills a reserved IP only while it leads nowhere', async () => {
    const { droplet } = (await test.send('POST', '/v2/droplets', dropletBody())).body;
    const { reserved_ip } = (await test.send('POST', '/v2/reserved_ips', { region: 'nyc3' })).body;
    test.pass(336 * HOUR);
    const assign = { type: 'assign', droplet_id: droplet.id };
    await test.send('POST', `/v2/reserved_ips/${reserved_ip.ip}/actions`, assign);
    test.pass(100 * HOUR);
    await test.send('DELETE', `/v2/droplets/${droplet.id}`);
    test.pass(24 * HOUR);
    expect(charges()).to.deep.equal(['reserved-ip 336 h $2.50', 'reserved-ip 24 h $0.18']);
  });

  it("bills backups as a share of the droplet's price", async () => {
    const daily = { plan: 'daily', hour: 4 };
    await test.send('POST', '/v2/droplets', dropletBody({ backups: true }));
    await test.send('POST', '/v2/droplets', dropletBody({ backups: true, backup_policy: daily }));
    test.pass(672 * HOUR);
    expect(charges()).to.deep.equal(['backups 672 h $1.20', 'backups 672 h $1.80']);
  });

  it('is shown over HTTP, where looking at it is no call', async () => {
    await test.send('GET', '/v2/account');
    const { body } = await test.send('GET', '/sandbox/ledger');
    expect(body.counts).to.deep.equal({ 'account.get': 1 });
    expect(body.failures).to.deep.equal({});
    expect(body.calls).to.deep.equal([{ time: TEST_START, operation: 'account.get', status: 200 }]);
    expect(body.bill).to.deep.equal({ dropletHours: 0, price: 0, lines: [], charges: [] });
    expect((await test.send('GET', '/sandbox/else')).status).to.equal(404);
  });
});
