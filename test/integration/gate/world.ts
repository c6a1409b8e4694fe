import type { CloudDroplet } from '../../../clients/digitalocean/cloud.ts';
import type { Reader } from '../../../clients/kubernetes/client.ts';
import { fleetTag, nonceTag, uidTag } from '../../../crds/cloud-tags.ts';
import type { Droplet, DropletStatus } from '../../../crds/droplet.ts';
import { keyOf, type KubernetesObject } from '../../../crds/meta.ts';
import { CONFIRM_ANNOTATION, dropletNames } from '../../../crds/names.ts';
import type { Project } from '../../../crds/project.ts';
import { DROPLETS_BY_UID } from '../../../reconcilers/context.ts';
import { ownTags } from '../../../reconcilers/droplet/apply.ts';
import type { FleetRecord } from '../../../reconcilers/fleet-record/fleet-record.ts';
import type { Admission } from '../../../reconcilers/gate/policy.ts';
import type { DesiredProject } from '../../../reconcilers/projects-csv/plan.ts';
import { aCsvProject, aDroplet } from '../../builders/objects.ts';

export const FLEET = 'fleet';
export const NAMESPACE = 'default';
export const ACCOUNTS = ['account-1', 'account-2'] as const;
export type Account = (typeof ACCOUNTS)[number];

/** A server, and what of it only the world knows. */
export interface TrueServer extends CloudDroplet {
  /** No operator made it, or a hand was laid on its tags. */
  byHand: boolean;
  /** The reply to the request for it was lost, or the operator was killed before it could note it. */
  isReplyLost: boolean;
  bornAt: number;
  /** Until when lists lack it. */
  unlistedUntil: number;
  /** Until when the cloud says that it is not there. */
  deniedUntil: number;
  /** There is a good snapshot of all that is on its disk, as it has been off since. */
  isSaved: boolean;
}

/** What of the ledger is stored. */
export interface StoredLedger {
  version: number;
  entries: Omit<Admission, 'ageMs'>[];
  used: readonly string[];
}

/** All that outlives an operator: time, the Kubernetes objects, and the accounts with their servers. */
export class SimulatedWorld {
  /** True time, ms. */
  t = 1_000;
  /** By how much the wall clock is off. */
  skew = 0;
  api = 'api';
  account: Account = ACCOUNTS[0];
  record: FleetRecord = { fleet: FLEET, account: ACCOUNTS[0], api: 'api' };
  rows: DesiredProject[] = [];
  ledger: StoredLedger = { version: 0, entries: [], used: [] };
  readonly projects = new Map<string, Project>();
  readonly droplets = new Map<string, Droplet>();
  readonly servers: Record<Account, Map<number, TrueServer>> = {
    'account-1': new Map(),
    'account-2': new Map(),
  };
  /** What the next calls meet, used up in order. */
  lostReplies = 0;
  refusedLedgerWrites = 0;
  refusedTakeOffs = 0;
  refusedSnapshots = 0;
  /** Until when the cloud answers nothing. */
  downUntil = 0;
  /** The snapshots by their names, and which tags they carry. */
  readonly snapshots = new Map<string, { account: Account; tags: readonly string[] }>();
  /** How long a new server is not to be seen. */
  listLagMs = 0;
  cutOffIn = Infinity;
  #lastId = 1_000;
  #lastUid = 0;
  #lastNonce = 0;

  now = (): number => START + this.t + this.skew;
  nextNonce = (): string => `nonce${++this.#lastNonce}`;
  nextUid = (): string => `u${++this.#lastUid}`;

  get there(): Map<number, TrueServer> {
    return this.servers[this.account];
  }

  /** A fleet that has converged, with that many servers a project. */
  static converged(sizes: Record<string, number>): SimulatedWorld {
    const world = new SimulatedWorld();
    for (const [name, servers] of Object.entries(sizes)) {
      world.rows.push(row(name, servers));
      const project = world.putProject(name, servers);
      for (const droplet of dropletsOf(project, servers)) {
        const uid = world.nextUid();
        const nonce = world.nextNonce();
        const made = world.put({ ...droplet, metadata: { ...droplet.metadata, uid } });
        const server = world.addServer({
          name: made.metadata.name,
          tags: [...ownTags(made, { fleetId: FLEET, apiId: world.api }), nonceTag(nonce)],
        });
        world.setStatus(made, {
          phase: 'Active',
          server: { nonce, id: server.id, size: server.size },
          // All masters but one have databases.
          ...(made.spec.role === 'master' && name !== 'c' && { dataServers: [server.id] }),
        });
      }
    }
    return world;
  }

  putProject(name: string, servers: number): Project {
    const project = aCsvProject(name, servers, { uid: this.nextUid() });
    this.projects.set(keyOf(project), project);
    return project;
  }

  put(droplet: Droplet): Droplet {
    this.droplets.set(keyOf(droplet), droplet);
    return droplet;
  }

  setStatus(droplet: Droplet, status: DropletStatus): void {
    const key = keyOf(droplet);
    const before = this.droplets.get(key);
    if (before?.metadata.uid === droplet.metadata.uid) this.droplets.set(key, { ...before!, status });
  }

  addServer(parts: Partial<TrueServer>, account: Account = this.account): TrueServer {
    const id = parts.id ?? ++this.#lastId;
    const server: TrueServer = {
      id,
      name: `droplet-${id}`,
      status: 'active',
      locked: false,
      size: 's-1vcpu-1gb',
      disk: 25,
      region: 'nyc3',
      image: 'debian-13-x64',
      tags: [],
      createdAt: '2026-01-01T00:00:00Z',
      byHand: false,
      isReplyLost: false,
      bornAt: this.t,
      unlistedUntil: 0,
      deniedUntil: 0,
      isSaved: false,
      ...parts,
    };
    this.servers[account].set(id, server);
    return server;
  }

  /** Somebody deletes the object; it stays while a finalizer keeps it. */
  deleteObject<T extends Project | Droplet>(objects: Map<string, T>, object: T): void {
    const { metadata } = object;
    if ((metadata.finalizers ?? []).length === 0) return void objects.delete(keyOf(object));
    if (metadata.deletionTimestamp !== undefined) return;
    objects.set(keyOf(object), {
      ...object,
      metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    });
  }

  annotate<T extends Project | Droplet>(
    objects: Map<string, T>,
    key: string,
    name: string,
    text?: string,
  ): void {
    const object = objects.get(key);
    if (object === undefined) return;
    const { [name]: _before, ...rest } = object.metadata.annotations ?? {};
    const annotations = text === undefined ? rest : { ...rest, [name]: text };
    objects.set(key, { ...object, metadata: { ...object.metadata, annotations } });
  }

  /** The names of the servers that the rows ask for. */
  namesWanted = (): string[] =>
    this.rows.flatMap(({ project, servers }) => dropletNames(project, servers)).toSorted();

  /** The confirmation that an object carries now. */
  confirmationOn = (object: Project | Droplet): string | undefined =>
    object.metadata.annotations?.[CONFIRM_ANNOTATION];

  /** Whether the server carries the tags of the object, and of the fleet. */
  isOwn = (uid: string, { tags }: Pick<CloudDroplet, 'tags'>): boolean =>
    tags.includes(uidTag(uid)) && tags.includes(fleetTag(FLEET));
}

const START = Date.parse('2026-01-01T00:00:00Z');

export const row = (project: string, servers: number): DesiredProject => ({
  project,
  servers,
  masterSpec: 's-1vcpu-1gb',
  webSpec: 's-1vcpu-1gb',
});

function dropletsOf(project: Project, servers: number): Droplet[] {
  const { name, uid } = project.metadata;
  return Array.from({ length: servers }, (_, i) => {
    const droplet = aDroplet(i === 0 ? `${name}-master` : `${name}-web${i}`);
    const owner = { ...droplet.metadata.ownerReferences![0]!, uid: uid! };
    return { ...droplet, metadata: { ...droplet.metadata, ownerReferences: [owner] } };
  });
}

/** Caches that never lag. */
export function readerOf<T extends KubernetesObject>(objects: Map<string, T>): Reader<T> {
  return {
    list: () => [...objects.values()],
    get: key => objects.get(key),
    byIndex(index, value) {
      if (index !== DROPLETS_BY_UID) throw new Error(`There is no index ${index}.`);
      return [...objects.values()].filter(({ metadata }) => metadata.uid === value);
    },
  };
}
