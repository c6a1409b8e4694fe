import { expect } from 'chai';
import * as fc from 'fast-check';
import { PROJECTS } from '../../../../clients/kubernetes/kinds.ts';
import { controllerFor } from '../../../../controllers/runtime/controller.ts';
import { aProject } from '../../../builders/objects.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';
import { startController } from './started-controller.ts';

/** What happens to the world, and what a reconcile meets. */
type Step =
  | { does: 'create' | 'delete'; name: string }
  | { does: 'change'; name: string; servers: number }
  | { does: 'pass'; ms: number }
  | { does: 'hold back' | 'let through' };

const name = fc.constantFrom('a', 'b', 'c');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ does: fc.constantFrom('create' as const, 'delete' as const), name }),
  fc.record({ does: fc.constant('change' as const), name, servers: fc.integer({ min: 1, max: 100 }) }),
  fc.record({ does: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 200 }) }),
  fc.record({ does: fc.constantFrom('hold back' as const, 'let through' as const) }),
);
const reconcileFate = fc.record({
  takesMs: fc.integer({ min: 0, max: 100 }),
  ends: fc.constantFrom('well', 'well', 'with an error', 'by looking again'),
});

describe('A controller, whatever changes while it works and however often it fails', () => {
  it('reconciles a key never twice at once, and has seen the last state of each in the end', async () => {
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.array(reconcileFate, { minLength: 1, maxLength: 10 }),
      async (steps, fates) => {
        const running = new Set<string>();
        const overlaps: string[] = [];
        const seen = new Map<string, number | undefined>();
        let runs = 0;
        let isCalm = false;
        const controller = controllerFor('project', PROJECTS)
          .withWorkers(3)
          .reconciles(async (key, project) => {
            // Thrown here it would only be one more failure that is retried.
            if (running.has(key)) overlaps.push(key);
            running.add(key);
            const { takesMs, ends } = isCalm ? { takesMs: 1, ends: 'well' } : fates[runs++ % fates.length]!;
            await new Promise<void>(resolve => world.clock.after(takesMs, resolve));
            running.delete(key);
            if (ends === 'with an error') throw new Error('no route');
            seen.set(key, project?.spec.servers);
            return ends === 'by looking again' ? { requeueAfterMs: 20 } : undefined;
          });
        const world = await startController([], controller);
        const { clock, client, informer, settle } = world;
        for (const each of steps) {
          switch (each.does) {
            case 'create':
              if (client.stored(PROJECTS, `default/${each.name}`) === undefined)
                client.seed(aProject(each.name, { metadata: { finalizers: [] } }));
              break;
            case 'delete':
              await client.delete(PROJECTS, `default/${each.name}`);
              break;
            case 'change':
              if (client.stored(PROJECTS, `default/${each.name}`) !== undefined)
                await client.patch(PROJECTS, `default/${each.name}`, { spec: { servers: each.servers } });
              break;
            case 'pass':
              await clock.advance(each.ms);
              break;
            case 'hold back':
              informer(PROJECTS).pause();
              break;
            case 'let through':
              informer(PROJECTS).resume();
          }
        }
        isCalm = true;
        informer(PROJECTS).resume();
        // Ten failures in a row make the next try wait for 5 s; each round leaves room for what a timer began.
        for (let round = 0; round < 10; round++) {
          await settle();
          await clock.advance(5_000);
        }
        expect(overlaps, 'reconciled twice at once').to.deep.equal([]);
        expect(running.size).to.equal(0);
        for (const key of seen.keys())
          expect(seen.get(key), key).to.equal(client.stored(PROJECTS, key)?.spec.servers);
        for (const { metadata } of client.storedAll(PROJECTS))
          expect(seen.has(`default/${metadata.name}`), metadata.name).to.equal(true);
        await world.stop();
      },
    );
    await fc.assert(property, propertyOptions(100));
  });
});
