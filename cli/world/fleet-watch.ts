import { systemClock } from '../../clients/clock.ts';
import { createInformer } from '../../clients/kubernetes/informer.ts';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { DROPLETS, PROJECTS, SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import type { Logger } from '../../clients/log.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Project } from '../../crds/project.ts';
import type { Prices } from '../../reconcilers/read-model/cost.ts';
import { summarizeServices, type ServiceSummary } from '../../reconcilers/read-model/services.ts';
import { summarizeFleet, type FleetSummary } from '../../reconcilers/read-model/fleet-summary.ts';

/** The fleet's objects as they change. */
export interface FleetWatch {
  projects(): readonly Project[];
  droplets(): readonly Droplet[];
  services(): readonly ServiceSummary[];
  summary(): FleetSummary;
  /** The handler is called once for each burst of changes. */
  onChange(handler: () => void): void;
}

/** Watches until the signal aborts; resolves when the first list is in. Rejects when there is no API to ask. */
export async function watchFleet(
  kubernetes: KubernetesClient,
  prices: () => Prices,
  log: Logger,
  signal: AbortSignal,
): Promise<FleetWatch> {
  // Informers try for ever; a person wants to hear at once that there is nobody to ask.
  await kubernetes.list(PROJECTS, {}, { signal });
  const options = { clock: systemClock, random: Math.random, log };
  const projects = createInformer(kubernetes, PROJECTS, options);
  const droplets = createInformer(kubernetes, DROPLETS, options);
  const services = createInformer(kubernetes, SERVICE_DEPLOYMENTS, options);
  const handlers: (() => void)[] = [];
  let isPending = false;
  const notify = (): void => {
    if (isPending) return;
    isPending = true;
    setImmediate(() => {
      isPending = false;
      for (const handler of handlers) handler();
    });
  };
  for (const informer of [projects, droplets, services]) {
    informer.onChange(notify);
    informer.start(signal);
  }
  await Promise.all([projects, droplets, services].map(informer => informer.synced(signal)));
  return {
    projects: () => projects.list(),
    droplets: () => droplets.list(),
    services: () => summarizeServices(services.list(), droplets.list(), projects.list()),
    summary: () => summarizeFleet(projects.list(), droplets.list(), prices()),
    onChange: handler => void handlers.push(handler),
  };
}

/** The prices of the cloud's sizes. */
export const pricesOf = (sizes: Iterable<{ slug: string; priceMonthly: number }>): Prices =>
  new Map([...sizes].map(size => [size.slug, size.priceMonthly]));
