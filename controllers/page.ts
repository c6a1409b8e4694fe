import { DROPLETS, LEASES, PROJECTS, SERVICE_DEPLOYMENTS } from '../clients/kubernetes/kinds.ts';
import { describeError } from '../clients/log/describe-error.ts';
import type { SecretText } from '../config/secret-text.ts';
import { readVote } from '../reconcilers/health/vote.ts';
import { viewFleet } from '../reconcilers/page/view.ts';
import { defineConcern, type Setup } from './concern.ts';
import { createFeed } from './page/feed.ts';
import { createRecentEvents } from './page/recent-events.ts';
import { createPageRoute } from './page/route.ts';
import { EVENT_COMPONENT } from './runtime/events.ts';

const NOTHING = { timings: {}, metrics: {} };

interface PageOptions {
  /** Who is not on this machine needs it to see the page. */
  pageToken?: SecretText;
}

/** The fleet as a page, for whoever would rather look than read. It changes nothing, and works only while somebody looks. */
export const page = defineConcern({
  name: 'page',
  declares: NOTHING,
  setup({ context, options, informers, log }: Setup<typeof NOTHING, PageOptions>) {
    const { kubernetes, clock, hosts, projects, droplets, services, sizes, gate, standing } = context;
    const feed = createFeed({
      read,
      clock,
      onAudience: isThere => events.watch(isThere),
      onError: error => log.warn('the page cannot be made', { error: describeError(error) }),
    });
    const events = createRecentEvents({
      kubernetes,
      clock,
      random: hosts?.random ?? (() => 0.5),
      log,
      component: EVENT_COMPONENT,
      onChange: feed.changed,
    });
    const leases = informers.of(LEASES);
    informers.of(PROJECTS).onChange(feed.changed);
    informers.of(DROPLETS).onChange(feed.changed);
    informers.of(SERVICE_DEPLOYMENTS).onChange(feed.changed);
    leases.onChange(feed.changed);

    /** Of what is known already: who looks asks nobody and writes nothing, on an operator that stands by least of all. */
    function read(): string {
      const problem = standing.lastProblem()?.message;
      const view = viewFleet({
        fleet: context.fleetId,
        projects: projects.list(),
        droplets: droplets.list(),
        services: services.list(),
        votes: leases.list().flatMap(lease => readVote(lease) ?? []),
        holds: gate.holds(),
        ...(problem !== undefined && { problem }),
        events: events.list(),
        prices: new Map([...sizes.known()].map(([slug, { priceMonthly }]) => [slug, priceMonthly])),
        now: clock.now(),
      });
      return JSON.stringify(view);
    }

    return {
      routes: [createPageRoute({ read, feed, ...(options.pageToken && { token: options.pageToken }) })],
    };
  },
});
