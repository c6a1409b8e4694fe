import { createFleet } from '../../../clients/digitalocean/fleet.ts';
import type { Reader } from '../../../clients/kubernetes/client.ts';
import { DROPLETS, PROJECTS, type ResourceKind } from '../../../clients/kubernetes/kinds.ts';
import { fleetTag } from '../../../crds/cloud-tags.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import { keyOf, type KubernetesObject } from '../../../crds/meta.ts';
import { DROPLETS_BY_PROJECT, projectKeyOf, type Context, type Run } from '../../../reconcilers/context.ts';
import { ownTags } from '../../../reconcilers/droplet/apply.ts';
import { createPauses } from '../../../reconcilers/pauses.ts';
import { createSince } from '../../../reconcilers/since.ts';
import { createSizeCatalog } from '../../../reconcilers/sizes/catalog.ts';
import { createSshKeyUpload } from '../../../reconcilers/ssh-key/upload.ts';
import { DEFAULT_TIMINGS } from '../../../reconcilers/timings.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { fakeCloud } from '../../fakes/cloud.ts';
import { fakeKubernetesClient, type FakeKubernetesClient } from '../../fakes/kubernetes-client.ts';
import { fakeLogger } from '../../fakes/logger.ts';

const FLEET_ID = 'fleet';

/** The tags of a server that was made for the Droplet. */
export const tagsFor = (droplet: Droplet): string[] => ownTags(droplet, FLEET_ID);

/** A context over fakes, for reconciling by hand. Its caches never lag; its fleet is listed by `refresh`. */
export function createRig(seeds: readonly KubernetesObject[]) {
  const clock = fakeClock();
  const log = fakeLogger();
  const cloud = fakeCloud();
  const client = fakeKubernetesClient(seeds, () => clock.now());
  const fleet = createFleet({ cloud, tag: fleetTag(FLEET_ID), clock, log, random: () => 0.5 });
  const events: string[] = [];
  let nonces = 0;
  const context: Context = {
    kubernetes: client,
    cloud,
    fleet,
    fleetId: FLEET_ID,
    clock,
    projects: readerOf(client, PROJECTS),
    droplets: readerOf(client, DROPLETS),
    sizes: createSizeCatalog(cloud, clock),
    sshKey: createSshKeyUpload(cloud, 'key', 'ssh-ed25519 AAAA someone'),
    events: { record: (object, _type, reason) => void events.push(`${reason} ${object.metadata.name}`) },
    timings: DEFAULT_TIMINGS,
    since: createSince(clock),
    pauses: createPauses(clock, () => 0.5),
    newNonce: () => `nonce${++nonces}`,
  };
  const signal = new AbortController().signal;
  const run: Run = { log, signal, fenced: effect => effect(signal), wrote: () => undefined };
  const writes = (): string[] =>
    client.writes().map(({ verb, kind, key, subresource }) => {
      const what = subresource === undefined ? verb : `${verb}-${subresource}`;
      return `${what} ${kind} ${key?.split('/')[1]}`;
    });
  return { clock, log, cloud, client, fleet, events, context, run, writes };
}

function readerOf<T extends KubernetesObject>(
  client: FakeKubernetesClient,
  kind: ResourceKind<T>,
): Reader<T> {
  const list = (): T[] => client.storedAll(kind);
  return {
    list,
    get: key => list().find(object => keyOf(object) === key),
    byIndex(index, value) {
      if (index !== DROPLETS_BY_PROJECT) throw new Error(`There is no index ${index}.`);
      return list().filter(object => projectKeyOf(object as unknown as Droplet) === value);
    },
  };
}
