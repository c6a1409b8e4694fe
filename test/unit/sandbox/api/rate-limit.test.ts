import { expect } from 'chai';
import * as fc from 'fast-check';
import { createRateLimiter } from '../../../../sandbox/api/rate-limit.ts';
import { TEST_START, startTestSandbox, type TestSandbox } from '../../../builders/sandbox.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe("the sandbox's rate limits", () => {
  it('never let more through than either window holds, and never refuse below both', () => {
    const limits = { perHour: 12, perMinute: 4 };
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 10 * MINUTE }), { maxLength: 80 }), gaps => {
        const limiter = createRateLimiter(limits);
        const admitted: number[] = [];
        let now = TEST_START;
        for (const gap of gaps) {
          now += gap;
          const within = (span: number): number => admitted.filter(time => time > now - span).length;
          const full = within(HOUR) >= limits.perHour || within(MINUTE) >= limits.perMinute;
          const { refusedBy } = limiter.admit('token', 'droplets.list', now);
          expect(refusedBy !== undefined).to.equal(full);
          if (refusedBy === undefined) admitted.push(now);
        }
      }),
      propertyOptions(200),
    );
  });

  it('count each token for itself', () => {
    const limiter = createRateLimiter({ perHour: 1, perMinute: 1 });
    expect(limiter.admit('a', 'x', 0).refusedBy).to.equal(undefined);
    expect(limiter.admit('a', 'x', 0).refusedBy).to.equal('hour');
    expect(limiter.admit('b', 'x', 0).refusedBy).to.equal(undefined);
  });

  describe('over HTTP', () => {
    let test: TestSandbox;
    afterEach(() => test.sandbox.close());
    const get = (path = '/v2/account') => test.send('GET', path);

    it('are told in the headers of every reply, of errors and empty ones too', async () => {
      test = await startTestSandbox();
      expect((await get()).headers.get('ratelimit-remaining')).to.equal('4999');
      test.pass(5000);
      const missing = await get('/v2/droplets/1');
      expect(missing.headers.get('ratelimit-limit')).to.equal('5000');
      expect(missing.headers.get('ratelimit-remaining')).to.equal('4998');
      // The hour of the oldest request.
      expect(missing.headers.get('ratelimit-reset')).to.equal(String((TEST_START + HOUR) / 1000));
      const anonymous = await test.send('GET', '/v2/account', undefined, { authorization: '' });
      expect(anonymous.headers.get('ratelimit-limit')).to.equal('5000');
    });

    it('end a burst with 429 and the time to wait, which is enough', async () => {
      test = await startTestSandbox({ limits: { perHour: 100, perMinute: 2 } });
      await get();
      test.pass(10_000);
      await get();
      const refused = await get();
      expect(refused.status).to.equal(429);
      expect(refused.body).to.include({ id: 'too_many_requests', message: 'Too many requests' });
      expect(refused.headers.get('retry-after')).to.equal('50');
      test.pass(50_000);
      expect((await get()).status).to.equal(200);
    });

    it('say at the hourly limit only when it resets', async () => {
      test = await startTestSandbox({ limits: { perHour: 1, perMinute: 100 } });
      await get();
      const refused = await get();
      expect(refused.status).to.equal(429);
      expect(refused.body.message).to.equal('API Rate limit exceeded.');
      expect(refused.headers.get('ratelimit-remaining')).to.equal('0');
      expect(refused.headers.get('retry-after')).to.equal(null);
    });

    it('let SSH keys be listed ten times a minute, and read as often as one likes', async () => {
      test = await startTestSandbox();
      const statuses = [];
      for (let i = 0; i < 11; i += 1) statuses.push((await get('/v2/account/keys')).status);
      expect(statuses.filter(status => status === 200)).to.have.length(10);
      expect(statuses.at(-1)).to.equal(429);
      expect((await get('/v2/account/keys/1')).status).to.equal(404);
      test.pass(MINUTE);
      expect((await get('/v2/account/keys')).status).to.equal(200);
    });
  });
});
