import { expect } from 'chai';
import * as fc from 'fast-check';
import { billOf } from '../../../sandbox/billing.ts';
import { propertyOptions } from '../../fakes/property-options.ts';
import { TEST_START, dropletBody, startTestSandbox, type TestSandbox } from '../../builders/sandbox.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const usage = { dropletId: 1, name: 'web', size: 's-1vcpu-1gb' };

describe("the sandbox's bill", () => {
  it('is the hours at list price', () => {
    const bill = billOf([{ ...usage, from: TEST_START, to: TEST_START + 100 * HOUR }], TEST_START + DAY * 9);
    expect(bill.dropletHours).to.equal(100);
    expect(bill.price).to.be.closeTo(100 * 0.00893, 1e-9);
  });

  it('runs on for a droplet that runs', () => {
    expect(billOf([{ ...usage, from: TEST_START }], TEST_START + 2 * HOUR).dropletHours).to.equal(2);
  });

  it('never exceeds the monthly price in a calendar month, and begins again with the next', () => {
    const january = billOf([{ ...usage, from: TEST_START }], Date.UTC(2026, 1, 1));
    expect(january.price).to.equal(6);
    const andADay = billOf([{ ...usage, from: TEST_START }], Date.UTC(2026, 1, 2));
    expect(andADay.price).to.be.closeTo(6 + 24 * 0.00893, 1e-9);
  });

  it('never shrinks as time goes by', () => {
    const span = fc.integer({ min: 0, max: 100 * DAY });
    fc.assert(
      fc.property(span, fc.option(span, { nil: undefined }), span, span, (from, length, early, later) => {
        const to = length === undefined ? {} : { to: TEST_START + from + length };
        const bill = (now: number): number =>
          billOf([{ ...usage, from: TEST_START + from, ...to }], now).price;
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
    await test.send('GET', '/v2/volumes');
    expect(test.sandbox.ledger.calls).to.deep.equal([
      { time: TEST_START, operation: 'droplets.create', status: 202 },
      { time: TEST_START + 500, operation: 'droplets.get', status: 404 },
      { time: TEST_START + 500, operation: 'unknown', status: 404 },
    ]);
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

  it('is shown over HTTP, where looking at it is no call', async () => {
    await test.send('GET', '/v2/account');
    const { body } = await test.send('GET', '/sandbox/ledger');
    expect(body.counts).to.deep.equal({ 'account.get': 1 });
    expect(body.calls).to.deep.equal([{ time: TEST_START, operation: 'account.get', status: 200 }]);
    expect(body.bill).to.deep.equal({ dropletHours: 0, price: 0, lines: [] });
    expect((await test.send('GET', '/sandbox/else')).status).to.equal(404);
  });
});
