import { findCondition, setCondition, toKubernetesTime } from '../../../crds/conditions.ts';
import type { Droplet, DropletStatus } from '../../../crds/droplet.ts';
import { keyOf } from '../../../crds/meta.ts';
import type { Project } from '../../../crds/project.ts';
import { targetsOf, watchOf, WITNESS, type Watch } from '../../../reconcilers/health/topology.ts';
import { memberOf } from '../../../reconcilers/health/judge.ts';
import { voteName, type Vote } from '../../../reconcilers/health/vote.ts';
import { aCondition, activeDroplets, aProject } from '../../builders/objects.ts';

/** How far one tick goes, ms: as observers look. */
export const TICK_MS = 5_000;
/** How long a vote may truly be without a renewal where somebody still counts it: the watch may have stood still. */
const LIVE_MS = 60_000;
const START = Date.parse('2026-01-01T00:00:00Z');
const HOUR_MS = 3_600_000;

/** The projects of the model, and how many servers each has. */
const SIZES: Readonly<Record<string, number>> = { a: 4, b: 3 };

/** A machine as it truly is. */
export interface Machine {
  id: number;
  isDead: boolean;
  /** No reboot helps. */
  isBroken: boolean;
  bornAt: number;
  /** When the quorum against it truly came and went. */
  turns: number[];
  hadQuorum: boolean;
  /** When it last was without one. */
  quorumlessAt: number;
  /** When its monitor could not reach it the last time, or the API was down. */
  unvouchedAt: number;
  /** When the work that a recovery asks for began. */
  workAt?: number;
}

/** What one observer knows of one target. */
interface Pair {
  failures: number;
  successes: number;
  unknowns: number;
  failingSince: number;
  castAt: number;
}

/** All that is true, whoever sees it: machines, network, API, monitors, and what the droplet controller does. */
export class SimulatedWorld {
  t = 1_000;
  events = 0;
  apiDownUntil = 0;
  /** From when on monitors are without a process, and until when. */
  monitorsDownUntil = 0;
  readonly projects = new Map<string, Project>();
  readonly droplets = new Map<string, Droplet>();
  /** By the Droplet's name. */
  readonly machines = new Map<string, Machine>();
  /** `from>to`, where packets are lost; `op` is the operator, and the way of monitors to their servers. */
  readonly cuts = new Set<string>();
  readonly leases = new Map<string, Vote>();
  readonly vouchedAt = new Map<number, number>();
  /** Since when services of a project are being rolled out. */
  readonly deployingSince = new Map<string, number>();
  readonly suspendedSince = new Map<string, number>();
  readonly #pairs = new Map<string, Pair>();
  readonly #skew = new Map<string, number>();
  readonly #watches = new Map<string, Watch>();
  #lastId = 100;
  #version = 1;

  constructor() {
    for (const [name, servers] of Object.entries(SIZES)) {
      this.projects.set(
        `default/${name}`,
        aProject(name, { spec: { servers, recovery: { web: 'auto', master: 'auto' } } }),
      );
      const droplets = activeDroplets(name, servers, this.#lastId + 1);
      this.#lastId += servers;
      const members = droplets.map(memberOf);
      for (const droplet of droplets) {
        this.#watches.set(droplet.metadata.name, watchOf(memberOf(droplet), members));
        this.#add(droplet);
      }
    }
  }

  #add(droplet: Droplet): void {
    const { name } = droplet.metadata;
    const id = droplet.status!.server!.id!;
    this.machines.set(name, aMachine(id, -24 * HOUR_MS));
    const server = { ...droplet.status!.server, launchedAt: this.stamp(-24 * HOUR_MS) };
    const snapshot = { id: `snap-${name}`, createdAt: this.stamp(-HOUR_MS) };
    const conditions = CONDITIONS.map(type => aCondition(type, 'True'));
    this.droplets.set(keyOf(droplet), {
      ...droplet,
      status: { ...droplet.status!, server, snapshot, conditions },
    });
  }

  stamp = (t: number): string => toKubernetesTime(new Date(START + t));
  wall = (skew: number): number => START + this.t + skew;
  isApiDown = (): boolean => this.t < this.apiDownUntil;
  watchOf = (name: string): Watch => this.#watches.get(name)!;
  membersOf = (project: string): Droplet[] =>
    [...this.droplets.values()].filter(({ spec }) => spec.project === project);
  isCut = (from: string, to: string): boolean => this.cuts.has(`${from}>${to}`);

  /** A write with the version as a precondition; false when the API is down or another wrote. */
  write(droplet: Droplet, status: DropletStatus): boolean {
    const key = keyOf(droplet);
    if (
      this.isApiDown() ||
      this.droplets.get(key)?.metadata.resourceVersion !== droplet.metadata.resourceVersion
    )
      return false;
    this.#put(key, { ...droplet, status });
    return true;
  }

  change(name: string, change: (droplet: Droplet) => Droplet): void {
    const key = `default/${name}`;
    this.#put(key, change(this.droplets.get(key)!));
  }

  #put(key: string, droplet: Droplet): void {
    const resourceVersion = String(++this.#version);
    this.droplets.set(key, { ...droplet, metadata: { ...droplet.metadata, resourceVersion } });
  }

  /** Whether nothing is the matter, so that time may pass without anybody looking. */
  isStill(): boolean {
    const isQuiet = this.leases.size === 0 && this.cuts.size === 0;
    return isQuiet && [...this.machines.values()].every(({ isDead }) => !isDead) && !this.#isBusy();
  }

  #isBusy = (): boolean =>
    [...this.droplets.values()].some(
      ({ status }) => status?.recovery !== undefined || status?.phase !== 'Active',
    );

  /** Five seconds pass: everybody looks, and the droplet controller works. */
  tick(): void {
    this.t += TICK_MS;
    for (const droplet of this.droplets.values()) this.#work(droplet);
    if (this.isStill() && this.#pairs.size === 0) return;
    for (const droplet of this.droplets.values()) this.#observe(droplet);
    for (const droplet of this.droplets.values()) this.#witness(droplet);
    this.note();
  }

  #observe(observer: Droplet): void {
    const { name } = observer.metadata;
    const members = this.membersOf(observer.spec.project);
    const machine = this.machines.get(name)!;
    const isMonitored = this.t >= this.monitorsDownUntil;
    const canAct = isMonitored && !machine.isDead && !this.isCut('op', name);
    if (!canAct || this.isApiDown()) machine.unvouchedAt = this.t;
    else if (this.#isAccused(name)) this.vouchedAt.set(machine.id, this.t);
    const targets = targetsOf(memberOf(observer), members.map(memberOf)).map(target => target.name);
    const answering = members
      .map(member => member.metadata.name)
      .filter(other => other !== name && this.#answers(name, other));
    for (const target of targets) {
      if (!isMonitored) continue;
      const isLost = !canAct || answering.length === 0;
      // One that is alone with its target has nobody to compare with, and takes the operator for it.
      const result =
        isLost && members.length > 2 ? 'unknown' : answering.includes(target) ? 'answered' : 'silent';
      this.#note(name, target, canAct ? result : 'unknown');
    }
  }

  #answers = (from: string, to: string): boolean => !this.machines.get(to)!.isDead && !this.isCut(from, to);

  #isAccused = (name: string): boolean => {
    const id = this.machines.get(name)!.id;
    return this.#watches
      .get(name)!
      .observers.some(observer => this.leases.has(voteName({ dropletID: id, observer })));
  };

  /** The operator looks only at what others cannot reach. */
  #witness({ metadata: { name } }: Droplet): void {
    const { id } = this.machines.get(name)!;
    const observers = this.#watches.get(name)!.observers.filter(observer => observer !== WITNESS);
    const isAccused = observers.some(observer => this.leases.has(voteName({ dropletID: id, observer })));
    if (isAccused) this.#note(WITNESS, name, this.#answers('op', name) ? 'answered' : 'silent');
    else this.#withdraw(WITNESS, name);
  }

  #note(observer: string, target: string, result: 'answered' | 'silent' | 'unknown'): void {
    const key = `${observer} ${target}`;
    let pair = this.#pairs.get(key);
    if (result === 'answered' && pair === undefined) return;
    pair ??= { failures: 0, successes: 0, unknowns: 0, failingSince: 0, castAt: -Infinity };
    this.#pairs.set(key, pair);
    this.events++;
    const isSilent = result === 'silent';
    if (isSilent && pair.failures === 0) pair.failingSince = this.t;
    pair.failures = isSilent ? pair.failures + 1 : result === 'unknown' ? pair.failures : 0;
    pair.successes = result === 'answered' ? pair.successes + 1 : 0;
    pair.unknowns = result === 'unknown' ? pair.unknowns + 1 : 0;
    if (pair.successes >= 2 || pair.unknowns >= 3) return this.#withdraw(observer, target);
    if (isSilent && pair.failures >= 3 && this.t - pair.castAt >= 2 * TICK_MS)
      this.#cast(observer, target, pair);
  }

  #cast(observer: string, target: string, pair: Pair): void {
    if (this.isApiDown()) return;
    pair.castAt = this.t;
    const skew = this.#skew.get(observer) ?? 0;
    const { id } = this.machines.get(target)!;
    const vote: Vote = {
      target: `default/${target}`,
      project: target.split('-')[0]!,
      dropletID: id,
      observer,
      failingSince: this.wall(skew) - this.t + pair.failingSince,
      renewedAt: this.wall(skew),
      flaps: 0,
    };
    this.events++;
    this.leases.set(voteName(vote), vote);
  }

  #withdraw(observer: string, target: string): void {
    if (this.isApiDown()) return;
    this.#pairs.delete(`${observer} ${target}`);
    this.leases.delete(voteName({ observer, dropletID: this.machines.get(target)!.id }));
  }

  setSkew(observer: string, ms: number): void {
    this.#skew.set(observer, ms);
  }

  /** Whether that vote was truly renewed of late. */
  isLive = (vote: Vote | undefined): boolean =>
    vote !== undefined && this.wall(this.#skew.get(vote.observer) ?? 0) - vote.renewedAt <= LIVE_MS;

  /** Takes down when quorums truly came and went. */
  note(): void {
    for (const [name, machine] of this.machines) {
      const { observers, quorum = Infinity } = this.#watches.get(name)!;
      const votes = observers.filter(observer =>
        this.isLive(this.leases.get(voteName({ dropletID: machine.id, observer }))),
      );
      const hasQuorum = votes.length >= quorum;
      if (!hasQuorum) machine.quorumlessAt = this.t;
      if (hasQuorum !== machine.hadQuorum) machine.turns.push(this.t);
      machine.hadQuorum = hasQuorum;
    }
  }

  /** How the droplet controller carries out what the status asks for. */
  #work(droplet: Droplet): void {
    const { status } = droplet;
    if (this.isApiDown() || (status?.recovery === undefined && status?.phase === 'Active')) return;
    const { name } = droplet.metadata;
    const machine = this.machines.get(name)!;
    this.events++;
    if (status?.phase === 'Active') {
      const isDue = status.recovery!.serverID === status.server?.id && machine.workAt === undefined;
      if (isDue) this.#begin(droplet, machine);
      return;
    }
    const takesMs = status?.phase === 'Resizing' ? 200_000 : 60_000;
    if (this.t - (machine.workAt ?? 0) >= takesMs) this.#finish(droplet, machine);
  }

  #begin(droplet: Droplet, machine: Machine): void {
    machine.workAt = this.t;
    machine.isDead = true;
    const phase = droplet.status!.recovery!.step === 'PowerCycle' ? 'PoweringOn' : 'Creating';
    this.#put(keyOf(droplet), {
      ...droplet,
      status: { ...droplet.status, phase, ...this.#provisioned(droplet, 'False') },
    });
  }

  #finish(droplet: Droplet, machine: Machine): void {
    const { status } = droplet;
    if (status?.phase === 'Resizing') {
      machine.isDead = false;
      delete machine.workAt;
    }
    if (status?.phase === 'PoweringOn') machine.isDead = machine.isBroken;
    if (status?.phase === 'Creating')
      this.machines.set(droplet.metadata.name, aMachine(++this.#lastId, this.t));
    const { id } = this.machines.get(droplet.metadata.name)!;
    const server = {
      ...status?.server,
      id,
      launchedAt: this.stamp(this.machines.get(droplet.metadata.name)!.bornAt),
    };
    this.#put(keyOf(droplet), {
      ...droplet,
      status: {
        ...status,
        phase: 'Active',
        server,
        host: { serverID: id },
        ...this.#provisioned(droplet, 'True'),
      },
    });
  }

  /** The recovery that was worked on is over, so that another may be worked on. */
  ended(name: string): void {
    const machine = this.machines.get(name)!;
    delete machine.workAt;
  }

  #provisioned({ status }: Droplet, value: 'True' | 'False'): Pick<DropletStatus, 'conditions'> {
    const state = { ...findCondition(status?.conditions, 'Provisioned')!, status: value };
    return { conditions: setCondition(status?.conditions, state, new Date(this.wall(0))) };
  }
}

const CONDITIONS = ['Provisioned', 'Reachable', 'Configured', 'LoadBalancerReady'];

const aMachine = (id: number, bornAt: number): Machine => ({
  id,
  isDead: false,
  isBroken: false,
  bornAt,
  turns: [],
  hadQuorum: false,
  quorumlessAt: bornAt,
  unvouchedAt: bornAt,
});
