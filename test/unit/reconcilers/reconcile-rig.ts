import { Registry } from 'prom-client';
import { createServerInformer } from '../../../clients/digitalocean/server-informer.ts';
import type { Reader } from '../../../clients/kubernetes/client.ts';
import {
  DROPLETS,
  PROJECTS,
  SERVICE_DEPLOYMENTS,
  type ConfigMap,
  type ResourceKind,
} from '../../../clients/kubernetes/kinds.ts';
import { registerIn } from '../../../controllers/metrics.ts';
import { fleetTag } from '../../../crds/cloud-tags.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import { keyOf, type KubernetesObject } from '../../../crds/meta.ts';
import { FLEET_CONFIG_MAP } from '../../../crds/names.ts';
import {
  DROPLETS_BY_PROJECT,
  DROPLETS_BY_PROJECT_NAME,
  DROPLETS_BY_UID,
  PROJECTS_BY_NAME,
  projectKeyOf,
  type ContextOf,
  type Declared,
} from '../../../reconcilers/context.ts';
import type { Run } from '../../../reconcilers/run.ts';
import { ownTags } from '../../../reconcilers/droplet/apply.ts';
import { DROPLET, type Context } from '../../../reconcilers/droplet/concern.ts';
import { createAccountRoom } from '../../../reconcilers/gate/account-room.ts';
import { uidsWithServers } from '../../../reconcilers/gate/book.ts';
import type { GateTimings } from '../../../reconcilers/gate/concern.ts';
import { createGate } from '../../../reconcilers/gate/gate.ts';
import { guardedCloud } from '../../../reconcilers/gate/guarded-cloud.ts';
import { createLedger } from '../../../reconcilers/gate/ledger.ts';
import { createStanding } from '../../../reconcilers/gate/standing.ts';
import { createPauses } from '../../../reconcilers/pauses.ts';
import { createSince } from '../../../reconcilers/since.ts';
import { createSizeCatalog } from '../../../reconcilers/sizes/catalog.ts';
import { createSshKeyUpload, keyNameOf } from '../../../reconcilers/ssh-key/upload.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { fakeCloud } from '../../fakes/cloud.ts';
import { fakeKubernetesClient, type FakeKubernetesClient } from '../../fakes/kubernetes-client.ts';
import { fakeLogger } from '../../fakes/logger.ts';

const FLEET_ID = 'fleet';
const API_ID = 'api';

/** The tags of a server that was made for the Droplet. */
export const tagsFor = (droplet: Droplet): string[] => ownTags(droplet, { fleetId: FLEET_ID, apiId: API_ID });

/** What the fleet belongs to, as an earlier operator wrote it down. */
const RECORD: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: FLEET_CONFIG_MAP, namespace: 'default' },
  data: { fleet: FLEET_ID, api: API_ID, account: 'account-1' },
};

/** What comes together is judged by the gate's own tests: here nobody waits for it. */
const GATE_TIMINGS: GateTimings = { settleMs: 0 };

/** What that concern's reconcilers get besides what all get. */
export const ownOf = <Concern extends Declared>({
  timings,
  metrics,
}: Concern): Pick<ContextOf<Concern>, 'timings' | 'metrics'> => ({
  timings,
  metrics: registerIn(new Registry())(metrics),
});

/** The droplet reconciler's context over fakes, for reconciling by hand. Its caches never lag; its servers are listed by `refresh`. */
export function createRig(seeds: readonly KubernetesObject[], { settleMs } = GATE_TIMINGS) {
  const clock = fakeClock();
  const log = fakeLogger();
  const cloud = fakeCloud();
  const client = fakeKubernetesClient([...seeds, RECORD], () => clock.now());
  const informer = createServerInformer({ cloud, tag: fleetTag(FLEET_ID), clock, log, random: () => 0.5 });
  const events: string[] = [];
  let nonces = 0;
  const projects = readerOf(client, PROJECTS);
  const droplets = readerOf(client, DROPLETS);
  const recorder: Context['events'] = {
    record: (object, _type, reason) => void events.push(`${reason} ${object.metadata.name}`),
  };
  const namespace = 'default';
  const sshKey = createSshKeyUpload(cloud, keyNameOf(FLEET_ID), 'ssh-ed25519 AAAA someone');
  const standing = createStanding({
    kubernetes: client,
    cloud,
    servers: informer,
    droplets,
    namespace,
    identity: { fleet: FLEET_ID, api: API_ID },
    otherFleets: signal => sshKey.otherFleets(signal),
    clock,
    log,
  });
  const context: Context = {
    kubernetes: client,
    cloud: guardedCloud(cloud, standing),
    servers: informer,
    fleetId: FLEET_ID,
    apiId: API_ID,
    namespace,
    clock,
    projects,
    droplets,
    services: readerOf(client, SERVICE_DEPLOYMENTS),
    standing,
    gate: createGate({
      kubernetes: client,
      ledger: createLedger({ kubernetes: client, namespace, clock }),
      standing,
      droplets,
      projects,
      dropletsOf: key => uidsWithServers(droplets.byIndex(DROPLETS_BY_PROJECT, key)),
      events: recorder,
      clock,
      log,
      settleMs,
    }),
    room: createAccountRoom({
      limit: () => standing.dropletLimit(),
      servers: informer,
      droplets,
      clock,
      refusedMs: DROPLET.timings.refusedMs,
    }),
    since: createSince(clock),
    sizes: createSizeCatalog(cloud, clock),
    sshKey,
    events: recorder,
    ...ownOf(DROPLET),
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
  return { clock, log, cloud, client, informer, events, context, run, writes };
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
      if (index === DROPLETS_BY_UID) return list().filter(({ metadata }) => metadata.uid === value);
      if (index === PROJECTS_BY_NAME) return list().filter(({ metadata }) => metadata.name === value);
      if (index === DROPLETS_BY_PROJECT_NAME)
        return list().filter(object => (object as unknown as Droplet).spec.project === value);
      if (index !== DROPLETS_BY_PROJECT) throw new Error(`There is no index ${index}.`);
      return list().filter(object => projectKeyOf(object as unknown as Droplet) === value);
    },
  };
}
