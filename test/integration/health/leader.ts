import { removeCondition } from '../../../crds/conditions.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import { keyOf } from '../../../crds/meta.ts';
import { RECOVER_ANNOTATION } from '../../../crds/names.ts';
import type { Project } from '../../../crds/project.ts';
import type { ServiceDeployment } from '../../../crds/service-deployment.ts';
import { GUARDS, type Guard } from '../../../reconcilers/health/guards.ts';
import { createJudge, type Judge, type ProjectObjects } from '../../../reconcilers/health/judge.ts';
import { planRecovery, withEnded, type RecoveryStep } from '../../../reconcilers/health/recovery-plan.ts';
import { createTally, type Tally } from '../../../reconcilers/health/tally.ts';
import { voteName, type Vote } from '../../../reconcilers/health/vote.ts';
import { aServiceDeployment } from '../../builders/objects.ts';
import type { Oracle } from './oracle.ts';
import type { SimulatedWorld } from './world.ts';

/** How long a leader goes on without a renewal, and how long others wait, ms: lease.ts' numbers. */
const RENEW_DEADLINE_MS = 10_000;
const LEASE_MS = 15_000;

/** What is taken out: a guard by its name, or a part of the mechanics. */
export type Flaw = Guard['name'] | 'fresh read' | 'fence' | 'expiry';

type Start = Extract<RecoveryStep, { type: 'start' }>;

/** Who has the leadership, as the API has it. */
export interface Leadership {
  holder: Leader | undefined;
  renewedAt: number;
}

/** One process: the judge itself, over a cache that may lag, with a leadership that may be over. */
export class Leader {
  readonly bornAt: number;
  pausedUntil = 0;
  votesStalledUntil = 0;
  objectsStalledUntil = 0;
  /** How long it stands still the next time between its last look and its write. */
  pauseMidStart = 0;
  /** Since when it has led and seen everything at once, without a gap. */
  attentiveSince = Infinity;
  readonly wallSkew: number;
  readonly #world: SimulatedWorld;
  readonly #oracle: Oracle;
  readonly #flaw: Flaw | undefined;
  readonly #guards: readonly Guard[];
  readonly #tally: Tally;
  readonly #judge: Judge;
  #leadsSince = -Infinity;
  #seen = new Map<string, Vote>();
  #hasSynced = false;
  #cache: { projects: Map<string, Project>; droplets: Droplet[] };
  #pending: { start: Start; droplet: Droplet; readAt: number } | undefined;

  constructor(world: SimulatedWorld, oracle: Oracle, flaw: Flaw | undefined, wallSkew: number) {
    this.#world = world;
    this.#oracle = oracle;
    this.#flaw = flaw;
    this.bornAt = world.t;
    this.wallSkew = wallSkew;
    this.#guards = GUARDS.filter(({ name }) => name !== flaw);
    const clock = { monotonic: () => world.t - this.bornAt, now: () => world.wall(wallSkew) };
    this.#tally = createTally(clock);
    this.#judge = createJudge({
      clock,
      tally: this.#tally,
      hasHosts: true,
      voucherOf: droplet => this.#voucherOf(droplet),
    });
    this.#cache = { projects: new Map(world.projects), droplets: [...world.droplets.values()] };
  }

  #voucherOf({ metadata: { name }, spec, status }: Droplet): string | undefined {
    const at = this.#world.vouchedAt.get(status?.server?.id ?? 0) ?? -Infinity;
    const isVoting = this.#tally.isVoting(name, spec.project, 'default');
    return this.#world.t - at <= 30_000 || isVoting ? 'its own monitor' : undefined;
  }

  get isPaused(): boolean {
    return this.#world.t < this.pausedUntil;
  }

  /** Renews or gets the leadership, takes in what the API tells, and does what follows. */
  turn(leadership: Leadership): void {
    const world = this.#world;
    this.#attend();
    if (this.isPaused) return;
    world.events++;
    // What it was about to do when it stood still comes first, as it would.
    if (this.#pending !== undefined) this.#finishStart();
    if (!world.isApiDown()) this.#elect(leadership);
    this.#watch();
    if (world.t - this.#leadsSince > RENEW_DEADLINE_MS) return;
    for (const key of world.projects.keys()) this.#reconcile(key);
  }

  #attend(): void {
    const { t } = this.#world;
    const isStalled = t < this.votesStalledUntil || t < this.objectsStalledUntil || this.#world.isApiDown();
    if (this.isPaused || isStalled || t - this.#leadsSince > RENEW_DEADLINE_MS)
      this.attentiveSince = Infinity;
    else this.attentiveSince = Math.min(this.attentiveSince, t);
  }

  #elect(leadership: Leadership): void {
    const { t } = this.#world;
    const isFree = leadership.holder === undefined || t - leadership.renewedAt > LEASE_MS;
    if (leadership.holder !== this && !isFree) return;
    leadership.holder = this;
    leadership.renewedAt = this.#leadsSince = t;
  }

  #watch(): void {
    const world = this.#world;
    if (world.isApiDown()) return;
    if (world.t >= this.votesStalledUntil) this.#watchVotes();
    if (world.t >= this.objectsStalledUntil)
      this.#cache = { projects: new Map(world.projects), droplets: [...world.droplets.values()] };
  }

  #watchVotes(): void {
    const { leases } = this.#world;
    if (leases.size === 0 && this.#seen.size === 0) return void (this.#hasSynced = true);
    for (const [name, vote] of this.#seen) if (!leases.has(name)) this.#tally.gone(vote);
    for (const [name, vote] of leases)
      if (this.#seen.get(name) !== vote) this.#tally.saw(vote, !this.#hasSynced);
      else if (this.#flaw === 'expiry') this.#tally.saw({ ...vote, renewedAt: this.#world.t }, false);
    this.#seen = new Map(leases);
    this.#hasSynced = true;
  }

  #objects(
    key: string,
    from: { projects: ReadonlyMap<string, Project>; droplets: readonly Droplet[] },
  ): ProjectObjects {
    const name = key.split('/')[1]!;
    return {
      project: from.projects.get(key),
      droplets: from.droplets.filter(({ spec }) => spec.project === name),
      services: this.#services(name),
    };
  }

  #services(project: string): ServiceDeployment[] {
    return this.#world.deployingSince.has(project) ? [DEPLOYING[project]!] : [];
  }

  #reconcile(key: string): void {
    const objects = this.#objects(key, this.#cache);
    const isDeploying = objects.services.length > 0;
    if (this.#world.isStill() && !isDeploying && !objects.droplets.some(isAskedFor)) return;
    this.#world.events++;
    const scene = this.#judge.look(key, objects, this.#cache.droplets.length);
    const { steps } = planRecovery(scene, this.#guards);
    for (const step of steps) if (step.type === 'end') this.#end(objects, step);
    const start = steps.find(step => step.type === 'start');
    if (start !== undefined && !this.#world.isApiDown()) this.#begin(key, objects, start);
  }

  #end({ droplets }: ProjectObjects, { name, ended }: Extract<RecoveryStep, { type: 'end' }>): void {
    const droplet = droplets.find(({ metadata }) => metadata.name === name)!;
    const { recovery: _over, ...status } = droplet.status!;
    const recoveries = withEnded(status.recoveries, ended);
    if (this.#world.write(droplet, { ...status, recoveries })) this.#world.ended(name);
  }

  /** As startRecovery does: all is read once more, and judged once more, and written under a fence. */
  #begin(key: string, cached: ProjectObjects, start: Start): void {
    const world = this.#world;
    const isFresh = this.#flaw !== 'fresh read';
    const objects = isFresh
      ? this.#objects(key, { projects: world.projects, droplets: [...world.droplets.values()] })
      : cached;
    if (isFresh) this.#readVotes(start.recovery.serverID);
    const scene = this.#judge.look(key, objects, this.#cache.droplets.length);
    const again = planRecovery(scene, this.#guards).steps.find(step => step.type === 'start');
    const droplet = objects.droplets.find(({ metadata }) => metadata.name === start.name)!;
    if (again?.type !== 'start' || again.name !== start.name) return;
    if (again.recovery.serverID !== start.recovery.serverID || again.recovery.step !== start.recovery.step)
      return;
    this.#pending = { start: again, droplet, readAt: world.t };
    if (this.pauseMidStart === 0) return this.#finishStart();
    this.pausedUntil = world.t + this.pauseMidStart;
    this.pauseMidStart = 0;
  }

  #readVotes(dropletID: number): void {
    for (const { observer } of this.#tally.against(dropletID)) {
      const name = voteName({ dropletID, observer });
      if (!this.#world.leases.has(name)) this.#tally.gone({ dropletID, observer });
    }
  }

  #finishStart(): void {
    const { start, droplet, readAt } = this.#pending!;
    this.#pending = undefined;
    const isFenced = this.#flaw !== 'fence' && this.#world.t - this.#leadsSince > RENEW_DEADLINE_MS;
    if (isFenced || this.#world.isApiDown()) return;
    const current = this.#world.droplets.get(keyOf(droplet))!;
    const conditions = removeCondition(droplet.status?.conditions, 'Healthy');
    // The oracle is asked first: it judges by what is so before the write.
    if (current.metadata.resourceVersion !== droplet.metadata.resourceVersion) return;
    this.#oracle.starts(this, start, readAt);
    this.#world.write(droplet, { ...droplet.status, conditions, recovery: start.recovery });
  }
}

const isAskedFor = ({ metadata }: Droplet): boolean =>
  metadata.annotations?.[RECOVER_ANNOTATION] !== undefined;

/** A service of each project that is being rolled out. */
const DEPLOYING: Readonly<Record<string, ServiceDeployment>> = Object.fromEntries(
  ['a', 'b'].map(project => [
    project,
    aServiceDeployment(
      `${project}-prod-site`,
      {},
      {
        spec: { version: 'v2' },
        status: {
          conditions: [
            {
              type: 'Rolled',
              status: 'False',
              reason: 'Rolling',
              message: 'x',
              lastTransitionTime: '2026-01-01T00:00:00Z',
            },
          ],
        },
      },
    ),
  ]),
);
