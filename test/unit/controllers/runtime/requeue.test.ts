import { expect } from 'chai';
import { KubernetesError } from '../../../../clients/kubernetes/errors.ts';
import { controllerFor } from '../../../../controllers/runtime/controller.ts';
import { createTrigger } from '../../../../controllers/runtime/sources.ts';
import { Stalled, Waiting } from '../../../../reconcilers/outcome.ts';
import { startController } from './started-controller.ts';

describe('A controller', () => {
  describe('after a reconcile that', () => {
    const outcomes: Record<
      string,
      { ends: () => { requeueAfterMs: number } | undefined; requeuesAfter: number[] }
    > = {
      'returned nothing does not look again': { ends: () => undefined, requeuesAfter: [] },
      'asked for it looks again after that time, every time': {
        ends: () => ({ requeueAfterMs: 100 }),
        requeuesAfter: [100, 100, 100],
      },
      'waits looks again when it said': {
        ends: () => {
          throw new Waiting('not booted', 50);
        },
        requeuesAfter: [50, 50, 50],
      },
      'stalled does not look again': {
        ends: () => {
          throw new Stalled('QuotaExceeded', 'ask for a higher limit');
        },
        requeuesAfter: [],
      },
      'failed looks again after a wait that doubles': {
        ends: () => {
          throw new Error('no route');
        },
        requeuesAfter: [5, 10, 20],
      },
      'met a conflict looks again after a wait that doubles': {
        ends: () => {
          throw new KubernetesError('old', { method: 'PATCH', path: '/' }, { code: 409, reason: 'Conflict' });
        },
        requeuesAfter: [5, 10, 20],
      },
    };
    for (const [title, { ends, requeuesAfter }] of Object.entries(outcomes)) {
      it(title, async () => {
        const source = createTrigger<string>();
        const times: number[] = [];
        const controller = controllerFor('c')
          .wakesOn(source, event => [event])
          .reconciles(() => {
            times.push(clock.monotonic());
            return times.length > 3 ? undefined : ends();
          });
        const { clock, settle, stop } = await startController([], controller);
        source.emit('key');
        await settle();
        for (let ms = 0; ms < 400; ms++) await clock.advance(1);
        const waits = times.slice(1).map((time, n) => time - times[n]!);
        expect(waits).to.deep.equal(requeuesAfter);
        await stop();
      });
    }
  });

  it('forgets earlier failures after a success', async () => {
    const source = createTrigger<string>();
    const times: number[] = [];
    const controller = controllerFor('c')
      .wakesOn(source, event => [event])
      .reconciles(() => {
        times.push(clock.monotonic());
        if (times.length % 3 !== 0) throw new Error('no route');
        return { requeueAfterMs: 100 };
      });
    const { clock, settle, stop } = await startController([], controller);
    source.emit('key');
    await settle();
    for (let ms = 0; ms < 150; ms++) await clock.advance(1);
    const waits = times.slice(1).map((time, n) => time - times[n]!);
    expect(waits).to.deep.equal([5, 10, 100, 5, 10]);
    await stop();
  });
});
