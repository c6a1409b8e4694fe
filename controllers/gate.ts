import { GATE } from '../reconcilers/gate/concern.ts';
import { defineConcern } from './concern.ts';

/** The way to everything that destroys: it runs by itself, and wakes those who asked. */
export const gate = defineConcern({
  name: 'gate',
  declares: GATE,
  setup({ context }) {
    context.metrics.held.readAtScrape(() => context.gate.holds().map(({ reason }) => [1, { reason }]));
    return {};
  },
});
