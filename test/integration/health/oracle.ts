import type { Droplet } from '../../../crds/droplet.ts';
import { RECOVER_ANNOTATION } from '../../../crds/names.ts';
import { NEWBORN_MS, PROJECT_BUDGET, SERVER_BUDGET } from '../../../reconcilers/health/guards.ts';
import type { RecoveryStep } from '../../../reconcilers/health/recovery-plan.ts';
import { stormLimit } from '../../../reconcilers/health/scene.ts';
import { HOLD_MS } from '../../../reconcilers/health/verdict.ts';
import type { Leader } from './leader.ts';
import { TICK_MS, type SimulatedWorld } from './world.ts';

/** By how much the clocks of two leaders may differ, ms. */
export const MOST_SKEW_MS = 60_000;
/** How long something must have been so before whoever leads must have seen it, ms. */
const SEEN_MS = 35_000;

/** Something happened that never must. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

interface Started {
  name: string;
  project: string;
  t: number;
}

/** Who sees the world as it truly is, and what must never happen in it. */
export class Oracle {
  readonly #world: SimulatedWorld;
  readonly #starts: Started[] = [];

  constructor(world: SimulatedWorld) {
    this.#world = world;
  }

  get count(): number {
    return this.#starts.length;
  }

  lastOf = (name: string): number | undefined => this.#starts.findLast(start => start.name === name)?.t;

  /** A leader is about to write that recovery, by what it read at that time. */
  starts(leader: Leader, { name, recovery }: Extract<RecoveryStep, { type: 'start' }>, readAt: number): void {
    const droplet = this.#world.droplets.get(`default/${name}`)!;
    const { project } = droplet.spec;
    const isApproved =
      droplet.metadata.annotations?.[RECOVER_ANNOTATION] === String(droplet.status?.server?.id);
    this.#always(droplet, readAt);
    if (!isApproved) this.#unasked(leader, droplet, recovery.step);
    this.#starts.push({ name, project, t: this.#world.t });
  }

  /** What binds people too. */
  #always(droplet: Droplet, readAt: number): void {
    const world = this.#world;
    const { project } = droplet.spec;
    const inFlight = world.membersOf(project).filter(({ status }) => status?.recovery !== undefined);
    must(inFlight.length === 0, 'P2: another recovery is in flight in the project');
    must((world.suspendedSince.get(project) ?? Infinity) > readAt - TICK_MS, 'P7: the project is suspended');
    must(!world.isApiDown(), 'P5: the API is down');
  }

  #unasked(leader: Leader, droplet: Droplet, step: string): void {
    const world = this.#world;
    const { name } = droplet.metadata;
    const { project, role } = droplet.spec;
    const machine = world.machines.get(name)!;
    const heldMs = world.t - machine.quorumlessAt;
    must(
      machine.id === droplet.status?.server?.id && heldMs >= HOLD_MS[role] - TICK_MS,
      `P1: a quorum held for ${heldMs} ms only`,
    );
    must(world.t - machine.unvouchedAt < HOLD_MS[role], 'V: it answers its own monitor all the time');
    must(
      this.#spent(start => start.name === name, SERVER_BUDGET.ms) < SERVER_BUDGET.recoveries,
      'P3: the budget of the server is spent',
    );
    must(
      this.#spent(start => start.project === project, PROJECT_BUDGET.ms) < PROJECT_BUDGET.recoveries,
      'P3: the budget of the project is spent',
    );
    must(droplet.status?.phase === 'Active', 'O: something is being done to it');
    must(world.t - machine.bornAt >= NEWBORN_MS - MOST_SKEW_MS, 'N: it was just made');
    const mode = world.projects.get(`default/${project}`)?.spec.recovery?.[role];
    must(mode !== 'off', 'M: nothing was to be done');
    must(mode !== 'manual', 'M: a person was to be asked');
    this.#calm(droplet);
    this.#stable(leader, droplet, step);
    this.#deployed(leader, project, machine.quorumlessAt);
  }

  #spent = (isOne: (start: Started) => boolean, windowMs: number): number =>
    this.#starts.filter(start => isOne(start) && this.#world.t - start.t < windowMs - 2 * MOST_SKEW_MS)
      .length;

  /** No storm, and nothing that befell several projects, for as long as everybody has seen it. */
  #calm({ spec }: Droplet): void {
    const world = this.#world;
    const wasDead = (name: string): boolean => {
      const { hadQuorum, quorumlessAt } = world.machines.get(name)!;
      return hadQuorum && world.t - quorumlessAt >= SEEN_MS;
    };
    const members = world.membersOf(spec.project);
    const dead = members.filter(({ metadata }) => wasDead(metadata.name));
    must(dead.length <= stormLimit(members.length), 'S: several servers of the project died at once');
    const all = [...world.droplets.values()].filter(({ metadata }) => wasDead(metadata.name));
    const projects = new Set(all.map(other => other.spec.project));
    must(
      projects.size < 2 || all.length <= world.droplets.size / 5,
      'X: servers of several projects died at once',
    );
  }

  /** As often as it came and went for long enough to be seen by whoever decides, while he looked, and by itself. */
  #stable(leader: Leader, { metadata, status }: Droplet, step: string): void {
    const { t } = this.#world;
    const { turns } = this.#world.machines.get(metadata.name)!;
    const isOwn = (at: number): boolean => {
      const wall = this.#world.wall(0) - (t - at);
      return !(status?.recoveries ?? []).some(
        ({ startedAt, endedAt }) =>
          Date.parse(startedAt) - MOST_SKEW_MS <= wall && wall <= Date.parse(endedAt) + MOST_SKEW_MS,
      );
    };
    const seen = turns.filter(at => t - at < 590_000 && at > leader.attentiveSince && isOwn(at));
    const isSlow = seen.every((at, i) => i === 0 || at - seen[i - 1]! >= 2 * TICK_MS);
    must(step !== 'Replace' || !isSlow || seen.length < 3, 'F: it comes and goes');
  }

  /** A deploy that everybody has known of since before the server fell silent. */
  #deployed(leader: Leader, project: string, silentSince: number): void {
    const since = this.#world.deployingSince.get(project) ?? Infinity;
    const wasSeen = leader.attentiveSince <= since && since < silentSince - 2 * SEEN_MS;
    must(!wasSeen || this.#world.t - since >= 600_000, 'D: a deploy was under way');
  }
}

function must(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Violation(otherwise);
}
