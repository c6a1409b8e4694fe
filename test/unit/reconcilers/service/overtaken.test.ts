import { expect } from 'chai';
import type { ServiceDeployment } from '../../../../crds/service-deployment.ts';
import type { Run } from '../../../../reconcilers/run.ts';
import { untilOvertaken, wishOf } from '../../../../reconcilers/service/overtaken.ts';
import { aServiceDeployment } from '../../../builders/objects.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { rejection } from '../../../fakes/rejection.ts';

const service = aServiceDeployment('shop-prod-api', {}, { metadata: { generation: 1 } });
const withMetadata = (metadata: object): ServiceDeployment => ({
  ...service,
  metadata: { ...service.metadata, ...metadata },
});

/** Waits for the health of a container that never gets healthy; `now` is what the cache has of the service. */
function aWait() {
  const clock = fakeClock();
  const stop = new AbortController();
  const cache = { now: service };
  const run = { signal: stop.signal } as Run;
  const context = { clock, services: { get: () => cache.now } as never };
  const ended = rejection(
    untilOvertaken({ run, context, service, wish: wishOf(service) }, ({ signal }) => {
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    }),
  );
  return { clock, cache, stop, ended };
}

describe('What waits for the health of a release', () => {
  it('is cut off within a second when something else is wanted, and leaves nothing behind', async () => {
    const wishes = [
      { generation: 2 },
      { annotations: { 'dropfleet.io/restarted-at': 'now' } },
      { deletionTimestamp: '2026-01-01T00:00:00Z' },
    ];
    for (const metadata of wishes) {
      const { clock, cache, ended } = aWait();
      cache.now = withMetadata(metadata);
      await clock.advance(500);
      expect(await ended, JSON.stringify(metadata)).to.include({ message: 'something else is wanted' });
      expect(clock.pending()).to.equal(0);
    }
  });

  it('goes on while only the status is another', async () => {
    const { clock, cache, stop, ended } = aWait();
    cache.now = { ...service, status: { port: 1 } };
    await clock.advance(600_000);
    expect(clock.pending()).to.equal(1);
    stop.abort(new Error('stopped'));
    expect(await ended).to.include({ message: 'stopped' });
    expect(clock.pending()).to.equal(0);
  });
});
