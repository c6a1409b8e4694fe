import type { Context } from '../reconcilers/context.ts';
import { MAX_AGE_MS } from '../reconcilers/sizes/catalog.ts';
import { defineConcern } from './concern.ts';
import { controllerFor, type Controller } from './runtime/controller.ts';
import { atStart } from './runtime/sources.ts';

/** The cloud's sizes and prices, at hand. */
export const sizes = defineConcern({
  name: 'sizes',
  declares: { timings: {}, metrics: {} },
  setup: ({ context }) => ({ controllers: [sizesController(context)] }),
});

function sizesController(context: Context): Controller {
  return controllerFor('sizes')
    .wakesOn(atStart, () => ['sizes'])
    .reconciles(async (_key, _object, run) => {
      await context.sizes.load(run.signal);
      return { requeueAfterMs: MAX_AGE_MS };
    });
}
