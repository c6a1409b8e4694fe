// What 10,000 Droplets cost an operator that has nothing to do: `node test/bench/resync.ts`. The API runs in a
// process of its own, as a cluster's does; the cloud is one in memory, so that its size is no matter here.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { systemClock, type Clock } from '../../clients/clock.ts';
import { createInformer } from '../../clients/kubernetes/informer.ts';
import { DROPLETS, PROJECTS } from '../../clients/kubernetes/kinds.ts';
import { fleetTag, nonceTag, projectRoleTag, uidTag } from '../../crds/cloud-tags.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { dropletNames } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import { aDroplet, aProject } from '../builders/objects.ts';
import { countedKubernetes, Traffic } from '../e2e/figures/counted-clients.ts';
import { fakeCloud, type FakeCloud } from '../fakes/cloud.ts';
import {
  FLEET_ID,
  inFolder,
  openClient,
  residentMegabytes,
  silent,
  startOperator,
  type BenchedOperator,
  type Client,
} from './rig.ts';

const PROJECTS_WANTED = 100;
const SERVERS_EACH = 100;
const KEYS = PROJECTS_WANTED * (SERVERS_EACH + 1);
const AT_ONCE = 16;
/** Only the informers wait so long: for their next resync. */
const HOUR_MS = 3_600_000;
/** All keys were looked at when none was for so long. */
const QUIET_MS = 1_000;

/** Makes the objects, and in the cloud the servers that belong to them. */
async function populate(client: Client, cloud: FakeCloud): Promise<void> {
  const names = Array.from({ length: PROJECTS_WANTED }, (_, i) => `project${i}`);
  const work = names.values();
  const worker = async (): Promise<void> => {
    for (const name of work) await populateProject(client, cloud, name);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function populateProject(client: Client, cloud: FakeCloud, name: string): Promise<void> {
  const { uid: _uid, resourceVersion: _version, ...metadata } = aProject(name).metadata;
  const spec = { servers: SERVERS_EACH };
  const project: Project = await client.create<Project>(PROJECTS, { ...aProject(name, { spec }), metadata });
  for (const droplet of dropletNames(name, SERVERS_EACH))
    addServer(cloud, await createDroplet(client, droplet, project.metadata.uid!));
}

async function createDroplet(client: Client, name: string, owner: string): Promise<Droplet> {
  const droplet = aDroplet(name);
  const { uid: _uid, resourceVersion: _version, ownerReferences, ...metadata } = droplet.metadata;
  const owners = ownerReferences!.map(reference => ({ ...reference, uid: owner }));
  return client.create(DROPLETS, { ...droplet, metadata: { ...metadata, ownerReferences: owners } });
}

function addServer(cloud: FakeCloud, { metadata, spec }: Droplet): void {
  const { project, role, size, region, image } = spec;
  const { name, uid } = metadata;
  const tags = [fleetTag(FLEET_ID), projectRoleTag(FLEET_ID, project, role), uidTag(uid!), nonceTag(name)];
  cloud.addDroplet({ name, size, region, image, tags });
}

/** The machine's clock, but resyncs come when they are called for. */
function clockWithResyncs(): Clock & { resync(): void } {
  let waiting: (() => void)[] = [];
  return {
    ...systemClock,
    after(ms, callback) {
      if (ms < HOUR_MS) return systemClock.after(ms, callback);
      waiting.push(callback);
      return () => void (waiting = waiting.filter(other => other !== callback));
    },
    resync() {
      for (const callback of waiting.splice(0)) callback();
    },
  };
}

/** Counts reconciles: each begins with a new id. */
function reconcileCounter() {
  let count = 0;
  let last = performance.now();
  return {
    newReconcileId: (): string => {
      last = performance.now();
      return String(++count);
    },
    /** How many there were from now until none came for a while, and how many ms that took. */
    async untilQuiet(operator: BenchedOperator): Promise<{ count: number; ms: number }> {
      const [begun, before] = [performance.now(), count];
      last = begun;
      const isAtWork = (): boolean => count === before || performance.now() - last < QUIET_MS;
      while (isAtWork())
        await Promise.race([
          new Promise(resolve => systemClock.after(50, () => resolve(undefined))),
          operator.failed,
        ]);
      return { count: count - before, ms: last - begun };
    },
  };
}

/** Until the cache of a new informer holds all Droplets; ms. */
async function timeCacheFill(client: Client): Promise<number> {
  const stop = new AbortController();
  const start = performance.now();
  const informer = createInformer(client, DROPLETS, { clock: systemClock, random: Math.random, log: silent });
  informer.start(stop.signal);
  await informer.synced();
  const ms = performance.now() - start;
  if (informer.list().length !== PROJECTS_WANTED * SERVERS_EACH) throw new Error('Droplets are missing');
  stop.abort();
  return ms;
}

const line = ({ count, ms }: { count: number; ms: number }, writes: number): string =>
  `${count} reconciles of ${KEYS} keys in ${(ms / 1_000).toFixed(2)} s, ${((count / ms) * 1_000).toFixed(0)}/s, ${writes} writes, ${residentMegabytes()} MB`;

await inFolder(async folder => {
  const module = new URL('../integration/standalone/server-process.ts', import.meta.url);
  const api = fork(module, { env: { ...process.env, STANDALONE_STATE_DIR: folder } });
  const [kubeconfig] = (await once(api, 'message')) as [string];
  const client = await openClient(kubeconfig);
  const cloud = fakeCloud();
  await populate(client, cloud);
  console.log(`before the operator, with the cloud in memory: ${residentMegabytes()} MB`);
  console.log(`list and cache of the Droplets: ${(await timeCacheFill(client)).toFixed(0)} ms`);
  const clock = clockWithResyncs();
  const traffic = new Traffic();
  const counter = reconcileCounter();
  const { newReconcileId } = counter;
  const kubernetes = countedKubernetes(client, 'default', traffic);
  const operator = startOperator(kubernetes, cloud, { clock, newReconcileId });
  const writes = (): number => traffic.kubernetesWrites.splice(0).length;
  console.log(`the servers are found: ${line(await counter.untilQuiet(operator), writes())}`);
  for (let round = 1; round <= 3; round++) {
    clock.resync();
    console.log(`no-op resync ${round}: ${line(await counter.untilQuiet(operator), writes())}`);
  }
  await operator.stop();
  const next = startOperator(kubernetes, cloud, { clock, newReconcileId });
  console.log(`restart, list to last: ${line(await counter.untilQuiet(next), writes())}`);
  await next.stop();
  await client.close();
  api.kill();
  await once(api, 'exit');
});
