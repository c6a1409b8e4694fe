import type { Clock } from '../../clients/clock.ts';
import type { Cloud, CloudDroplet } from '../../clients/digitalocean/cloud.ts';
import { createServerInformer } from '../../clients/digitalocean/server-informer.ts';
import type { KubernetesClient, Reader } from '../../clients/kubernetes/client.ts';
import type { Logger } from '../../clients/log.ts';
import { fleetTag } from '../../crds/cloud-tags.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { DROPLETS_BY_UID } from '../context.ts';
import { ownTags } from '../droplet/apply.ts';
import { observeCloud, observeOrphans, type Observing } from '../droplet/observe.ts';
import { createStanding, type Identity } from '../gate/standing.ts';
import type { Since } from '../since.ts';
import { createSshKeyUpload, keyNameOf } from '../ssh-key/upload.ts';
import { DROPLET } from '../droplet/concern.ts';
import type { Evidence, Observation } from './droplets-plan.ts';

/** What a plan needs of the world. */
export interface PlanningContext {
  kubernetes: KubernetesClient;
  cloud: Cloud;
  clock: Clock;
  /** The operator's namespace. */
  namespace: string;
  identity: Identity;
}

/** What the cloud holds for a fleet. */
export interface FleetObservation {
  /** All that carry the fleet's tag. */
  servers: readonly CloudDroplet[];
  /** By the Droplet's uid. */
  observations: ReadonlyMap<string, Observation>;
  /** By the project's name. */
  evidence: ReadonlyMap<string, Evidence>;
}

/**
 * Observes the cloud as an operator does that has run for long: what is absent is believed to be gone, and a
 * request of which nothing came will bring nothing. Changes nothing.
 *
 * @param projects the names of those for which servers may be bought.
 */
export async function observeFleet(
  world: PlanningContext,
  droplets: readonly Droplet[],
  projects: Iterable<string>,
  signal: AbortSignal,
): Promise<FleetObservation> {
  const observing = await observingIn(world, droplets);
  const tagsOf = { fleetId: world.identity.fleet, apiId: world.identity.api };
  const observations = droplets.map(async (droplet): Promise<[string, Observation]> => {
    const view = await observeCloud(observing, droplet, signal);
    return [droplet.metadata.uid!, { view, tags: ownTags(droplet, tagsOf) }];
  });
  const evidence = [...new Set(projects)].map(async (project): Promise<[string, Evidence]> => [
    project,
    await observeOrphans(observing, { spec: { project } }, signal),
  ]);
  return {
    servers: observing.servers.list(),
    observations: new Map(await Promise.all(observations)),
    evidence: new Map(await Promise.all(evidence)),
  };
}

async function observingIn(world: PlanningContext, droplets: readonly Droplet[]): Promise<Observing> {
  const { cloud, clock, identity } = world;
  const tag = fleetTag(identity.fleet);
  const servers = createServerInformer({ cloud, tag, clock, log: SILENT, random: () => 0 });
  await servers.refresh();
  const key = createSshKeyUpload(cloud, keyNameOf(identity.fleet), '');
  const reader = readerOf(droplets);
  const standing = createStanding({
    ...world,
    servers,
    droplets: reader,
    otherFleets: signal => key.otherFleets(signal),
    log: SILENT,
  });
  return {
    cloud,
    clock,
    servers,
    standing,
    droplets: reader,
    fleetId: identity.fleet,
    since: FOR_LONG,
    timings: DROPLET.timings,
  };
}

function readerOf(droplets: readonly Droplet[]): Reader<Droplet> {
  const byUid = Map.groupBy(droplets, ({ metadata }) => metadata.uid);
  return {
    list: () => droplets,
    get: key => droplets.find(droplet => keyOf(droplet) === key),
    byIndex(index, value) {
      if (index !== DROPLETS_BY_UID) throw new Error(`there is no index ${index}`);
      return byUid.get(value) ?? [];
    },
  };
}

/** A memory in which everything has been as it is for ever. */
const FOR_LONG: Since = { ageMs: () => Infinity, knows: () => true, forget: () => undefined };

const ignore = (): void => undefined;
/** What fails here fails the caller. */
const SILENT: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, with: () => SILENT };
