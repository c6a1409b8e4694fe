import type { Clock } from '../../clients/clock.ts';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { createInformer } from '../../clients/kubernetes/informer.ts';
import { EVENTS, type Event } from '../../clients/kubernetes/kinds.ts';
import type { Logger } from '../../clients/log.ts';

/** dropfleet's Events in all namespaces, watched only while somebody wants to see them. */
export interface RecentEvents {
  list(): readonly Event[];
  /** Begins to watch, or ends it. */
  watch(isWanted: boolean): void;
}

export interface RecentEventsOptions {
  kubernetes: Pick<KubernetesClient, 'list' | 'watch'>;
  clock: Clock;
  random: () => number;
  log: Logger;
  /** What the Events say that they come from. */
  component: string;
  onChange: () => void;
}

/** Nothing is watched before it is wanted. */
export function createRecentEvents(options: RecentEventsOptions): RecentEvents {
  const { kubernetes, clock, random, log, component, onChange } = options;
  let watched: { list: () => readonly Event[]; stop: AbortController } | undefined;
  return {
    list: () => watched?.list() ?? [],
    watch(isWanted) {
      if (isWanted === (watched !== undefined)) return;
      watched?.stop.abort(new Error('nobody looks any more'));
      watched = undefined;
      if (!isWanted) return;
      const selection = { fieldSelector: `reportingComponent=${component}` };
      const informer = createInformer(kubernetes, EVENTS, { selection, clock, random, log });
      const stop = new AbortController();
      informer.onChange(onChange);
      informer.start(stop.signal);
      watched = { list: () => informer.list(), stop };
    },
  };
}
