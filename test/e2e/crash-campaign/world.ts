import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../clients/clock.ts';
import type { CloudDroplet } from '../../../clients/digitalocean/cloud.ts';
import { createCloud } from '../../../clients/digitalocean/http-client.ts';
import { systemClock } from '../../../clients/clock.ts';
import { createInformer } from '../../../clients/kubernetes/informer.ts';
import {
  DROPLETS,
  PROJECTS,
  SERVICE_DEPLOYMENTS,
  type ResourceKind,
} from '../../../clients/kubernetes/kinds.ts';
import type { Informer } from '../../../clients/kubernetes/client.ts';
import { findCondition, isConditionTrue } from '../../../crds/conditions.ts';
import { fleetTag, uidTag } from '../../../crds/cloud-tags.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import { CONFIRM_ANNOTATION, CONFIRMATION_REQUIRED, RECOVER_ANNOTATION } from '../../../crds/names.ts';
import type { Project } from '../../../crds/project.ts';
import { startSandbox, type Sandbox } from '../../../sandbox/server.ts';
import { aServiceDeployment } from '../../builders/objects.ts';
import type { ApiServer } from '../../environment/api-server.ts';
import { fakeLogger } from '../../fakes/logger.ts';
import { fastClock } from './fast-clock.ts';
import { livingDroplets, type Living } from './living-droplets.ts';
import { observe } from './observers.ts';
import { createVisitors, type Visitors } from './visitors.ts';

/** How much faster than the machine's the world's time goes. */
const SPEED = 20;
/** Milliseconds of the world's time, as are all below. */
const BOOT_MS = 1_000;
const LIST_LAG_MS = 4_000;
/** Longer than anything that is still to come takes. */
const LONG_MS = 600_000;
/** How long a call may be under way. Sockets are no faster than the machine, whose time this is for a minute. */
export const CALL_TIMEOUT_MS = 60_000 * SPEED;
export const FLEET_ID = 'campaign';

/** What goes wrong in the cloud besides the crash. */
export interface CloudFaults {
  /** New droplets are missing from lists for a while. */
  readonly listLag: boolean;
  /** The reply to the first create is lost, though the droplet (where there are some, the firewall) is made. */
  readonly lostReply: boolean;
}

/** Everything that outlives an operator: the cloud, a namespace of the API, and projects.csv. */
export interface CampaignWorld {
  readonly server: ApiServer;
  readonly namespace: string;
  readonly sandbox: Sandbox;
  readonly clock: Clock;
  readonly csvPath: string;
  readonly hasFirewalls: boolean;
  /** What is behind the droplets, where there is more than records. */
  readonly visitors: Visitors | undefined;
  /** The names of the account's firewalls, in order. */
  firewalls(): readonly string[];
  /** What ought never to be and was, such as two servers of one name. */
  readonly violations: string[];
  projects(): readonly Project[];
  droplets(): readonly Droplet[];
  /** The servers that are paid for at this moment, whether lists show them or not. */
  living(): Living[];
  /** The handler is called whenever anything may have changed. Returns what ends that. */
  onChange(handler: () => void): () => void;
  writeCsv(rows: readonly string[]): Promise<void>;
  switchOn(fault: CloudFaults): void;
  /** Has a service answer on every web, once they are Ready. */
  deploy(): Promise<void>;
  /** Takes note that a server is about to be stopped, by that call. */
  noteStop(id: number, how: string): void;
  /** The servers that died or were given up, by their Droplets' names. */
  readonly victims: ReadonlyMap<string, Victim>;
  /** A person gives the Droplet's server up. */
  giveUp(name: string): Promise<void>;
  /** The Droplet's server, which is an old one, falls silent until its power is cut; its observers say so. */
  fallSilent(name: string): Promise<void>;
  /** Takes a server away as its owner could in the control panel. */
  destroyByHand(name: string): Promise<number>;
  /** Databases were on the disk of that Droplet's server: it may not go without one snapshot, nor have two. */
  putData(name: string): Promise<void>;
  /** What is wrong with the snapshots that there are. */
  snapshotFlaws(): Promise<string[]>;
  /** Deletes Projects as somebody could with kubectl. */
  deleteByHand(...names: string[]): Promise<void>;
  /** Confirms, from now on, whatever is said to be held, by the very words that it is said in. */
  confirmWhenAsked(): void;
  /** Resolves once a server of that name has been asked for. */
  created(name: string): Promise<void>;
  /** Every droplet with the fleet's tag, once all that lagged has shown up. No operator may run any more. */
  listInTheEnd(): Promise<CloudDroplet[]>;
  close(): Promise<void>;
}

/** A server that is to be recovered. */
export interface Victim {
  readonly id: number;
  /** Another must have taken its place in the end. */
  readonly isGivenUp: boolean;
}

/** Makes a world with nothing in it. */
export async function openWorld(
  server: ApiServer,
  { hasFirewalls = false, hasVisitors = false }: { hasFirewalls?: boolean; hasVisitors?: boolean },
): Promise<CampaignWorld> {
  const clock = fastClock(SPEED);
  let ahead = 0;
  const now = (): number => clock.now() + ahead;
  const handlers = new Set<() => void>();
  const changed = (): void => handlers.forEach(handler => handler());
  const violations: string[] = [];
  const victims = new Map<string, Victim>();
  const cycled = new Set<number>();
  const stop = new AbortController();
  const observing: Promise<void>[] = [];
  let firewalls: readonly string[] = [];
  const readFirewalls = (): void =>
    void cloud
      .listFirewalls()
      .then(listed => {
        firewalls = listed.map(({ name }) => name).toSorted();
        changed();
      })
      // The world is being closed.
      .catch(() => undefined);
  const sandbox = await startSandbox({
    port: 0,
    now,
    bootDelayMs: BOOT_MS,
    limits: { perHour: 1e6, perMinute: 1e6 },
    onRequest({ operation, phase }) {
      if (phase === 'after' && operation === 'droplets.create') {
        violations.push(...doubles(living(), victims));
        void checkFence();
      }
      if (phase === 'after' && /^firewalls\.(create|delete)$/.test(operation)) setImmediate(readFirewalls);
      changed();
    },
  });
  /** No server may take the place of one that is not off. */
  async function checkFence(): Promise<void> {
    const names = living().map(({ name }) => name);
    for (const [name, { id }] of victims) {
      if (names.filter(other => other === name).length < 2) continue;
      const { status } = await cloud.getDroplet(id);
      if (status !== 'off') violations.push(`another ${name} was created while droplet ${id} was ${status}`);
    }
  }
  const living = (): Living[] => livingDroplets(sandbox.ledger, now());
  const namespace = await server.namespace();
  const folder = await mkdtemp(join(tmpdir(), 'dropfleet-campaign-'));
  const csvPath = join(folder, 'projects.csv');
  const cloud = createCloud({
    token: 'owner',
    apiUrl: sandbox.url,
    clock,
    random: Math.random,
    callTimeoutMs: CALL_TIMEOUT_MS,
  });
  const visitors = hasVisitors ? createVisitors(clock) : undefined;
  const observer = await follow(server, namespace, ({ droplets }) => {
    visitors?.follow(droplets.list());
    changed();
  });
  const until = (isSo: () => boolean): Promise<void> =>
    new Promise(resolve => {
      const check = (): void => {
        if (!isSo()) return;
        handlers.delete(check);
        resolve();
      };
      handlers.add(check);
      check();
    });
  let saved: { serverID: number; tag: string } | undefined;
  const addressOf = ({ status }: Droplet): string => status?.server?.privateAddress ?? '';
  return {
    server,
    namespace,
    sandbox,
    clock,
    csvPath,
    hasFirewalls,
    visitors,
    firewalls: () => firewalls,
    violations,
    living,
    projects: () => observer.projects.list(),
    droplets: () => observer.droplets.list(),
    onChange(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    writeCsv: rows => writeFile(csvPath, ['Project,Servers,MasterSpec,WebSpec', ...rows, ''].join('\n')),
    switchOn: ({ listLag, lostReply }) =>
      sandbox.faults.set({
        ...(listLag && { listLag: { ms: LIST_LAG_MS } }),
        ...(lostReply && {
          gatewayTimeout: saved
            ? { next: 2, operation: 'dropletActions.create' }
            : { next: 1, operation: hasFirewalls ? 'firewalls.create' : 'droplets.create' },
        }),
      }),
    async destroyByHand(name) {
      const { id } = living().find(droplet => droplet.name === name)!;
      await cloud.deleteDroplet(id);
      return id;
    },
    async deploy() {
      const isReady = ({ status }: Project): boolean => isConditionTrue(status?.conditions, 'Ready');
      await until(() => observer.projects.list().some(isReady));
      const webs = observer.droplets.list().filter(({ spec }) => spec.role === 'web');
      const endpoints = webs.map(web => [web.metadata.name, `${addressOf(web)}:8123`] as const);
      const site = aServiceDeployment('shop-prod-site', Object.fromEntries(endpoints));
      const { metadata, spec, status, ...type } = site;
      const service = { ...type, metadata: { name: metadata.name, namespace }, spec };
      await server.client().create(SERVICE_DEPLOYMENTS, service);
      const key = `${namespace}/${metadata.name}`;
      await server.client().patch(SERVICE_DEPLOYMENTS, key, { status }, { subresource: 'status' });
    },
    victims,
    async giveUp(name) {
      const { id } = living().find(droplet => droplet.name === name)!;
      victims.set(name, { id, isGivenUp: true });
      const patch = { metadata: { annotations: { [RECOVER_ANNOTATION]: String(id) } } };
      await server.client().patch(DROPLETS, `${namespace}/${name}`, patch);
    },
    async fallSilent(name) {
      const { id } = living().find(droplet => droplet.name === name)!;
      victims.set(name, { id, isGivenUp: false });
      const kubernetes = server.client();
      const old = { status: { server: { launchedAt: '2020-01-01T00:00:00Z' } } };
      const droplet = await kubernetes.patch(DROPLETS, `${namespace}/${name}`, old, {
        subresource: 'status',
      });
      const isSilent = (): boolean => !cycled.has(id) && living().some(server => server.id === id);
      observing.push(observe({ kubernetes, namespace, clock }, droplet, isSilent, stop.signal));
    },
    noteStop(id, how) {
      if (how === 'powerCycleDroplet') cycled.add(id);
      const web = observer.droplets.list().find(({ status }) => status?.server?.id === id);
      if (web?.spec.role === 'web' && visitors?.areAt(addressOf(web)))
        violations.push(`${how} of ${web.metadata.name} while requests were under way to it`);
    },
    async putData(name) {
      const droplet = observer.droplets.list().find(({ metadata }) => metadata.name === name)!;
      const serverID = droplet.status!.server!.id!;
      saved = { serverID, tag: uidTag(droplet.metadata.uid!) };
      const status = { dataServers: [serverID] };
      await server.client().patch(DROPLETS, `${namespace}/${name}`, { status }, { subresource: 'status' });
    },
    async snapshotFlaws() {
      const snapshots = await cloud.listSnapshots();
      const good = snapshots.filter(
        ({ dropletId, sizeGB, tags }) =>
          dropletId === saved?.serverID && sizeGB > 0 && tags.includes(saved.tag),
      );
      const wanted = saved ? 1 : 0;
      return good.length === wanted && snapshots.length === wanted
        ? []
        : [`${snapshots.length} snapshots, ${good.length} of them good, and not ${wanted}`];
    },
    async deleteByHand(...names) {
      for (const name of names) await server.client().delete(PROJECTS, `${namespace}/${name}`);
    },
    confirmWhenAsked() {
      const given = new Set<string>();
      const check = (): void => {
        for (const kind of [PROJECTS, DROPLETS] as ResourceKind<Project | Droplet>[])
          for (const { metadata, status } of kind === PROJECTS
            ? observer.projects.list()
            : observer.droplets.list()) {
            const { message = '' } = findCondition(status?.conditions, CONFIRMATION_REQUIRED) ?? {};
            const word = /dropfleet\.io\/confirm='([^']+)'/.exec(message)?.[1];
            if (word === undefined || given.has(`${metadata.uid} ${word}`)) continue;
            given.add(`${metadata.uid} ${word}`);
            const patch = { metadata: { annotations: { [CONFIRM_ANNOTATION]: word } } };
            // It may be gone by now: then there is nothing left to confirm.
            void server
              .client()
              .patch(kind, `${namespace}/${metadata.name}`, patch)
              .catch(() => undefined);
          }
      };
      handlers.add(check);
      check();
    },
    created: name => until(() => living().some(droplet => droplet.name === name)),
    listInTheEnd() {
      ahead += LONG_MS;
      return cloud.listDroplets(fleetTag(FLEET_ID));
    },
    async close() {
      stop.abort(new Error('the world ends'));
      await Promise.allSettled(observing);
      observer.stop();
      cloud.close();
      await sandbox.close();
      await server.release(namespace);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const doubles = (living: readonly Living[], victims: ReadonlyMap<string, Victim>): string[] =>
  living
    .filter(({ name, id }) =>
      living.some(other => other.name === name && other.id < id && other.id !== victims.get(other.name)?.id),
    )
    .map(({ name, id }) => `droplet ${id} was created while another ${name} lived`);

interface Observer {
  projects: Informer<Project>;
  droplets: Informer<Droplet>;
  stop(): void;
}

async function follow(
  server: ApiServer,
  namespace: string,
  changed: (objects: Pick<Observer, 'projects' | 'droplets'>) => void,
): Promise<Observer> {
  const stop = new AbortController();
  const options = { clock: systemClock, random: Math.random, log: fakeLogger(), selection: { namespace } };
  const projects = createInformer(server.client(), PROJECTS, options);
  const droplets = createInformer(server.client(), DROPLETS, options);
  for (const informer of [projects, droplets]) {
    informer.onChange(() => changed({ projects, droplets }));
    informer.start(stop.signal);
  }
  await Promise.all([projects.synced(), droplets.synced()]);
  return { projects, droplets, stop: () => stop.abort() };
}
