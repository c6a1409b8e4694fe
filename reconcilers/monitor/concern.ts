import { counter, gauge } from '../metrics.ts';

/** What a monitor counts. */
export const MONITOR_METRICS = {
  probes: counter({
    name: 'dropfleet_monitor_probes_total',
    help: 'Looks from one server at another, by what came of them: answered, silent, or unknown when the observer itself could not look.',
    labels: ['result'],
  }),
  votes: counter({
    name: 'dropfleet_monitor_votes_total',
    help: 'Votes that were written (each renewal counts), withdrawn, or failed to be either.',
    labels: ['result'],
  }),
  pairs: gauge({
    name: 'dropfleet_monitor_pairs',
    help: 'Observers and targets that this process looks after, by what the observer says: well, fails, abstains, or undecided.',
    labels: ['stance'],
  }),
};
