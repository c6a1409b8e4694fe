import { RECOVER_ANNOTATION } from '../../../crds/names.ts';
import { Leader, type Flaw, type Leadership } from './leader.ts';
import { MOST_SKEW_MS, Oracle } from './oracle.ts';
import { SimulatedWorld, TICK_MS } from './world.ts';

const HOUR_MS = 3_600_000;

/** The world, who watches it, and two processes of which one may lead. */
export class Model {
  readonly world = new SimulatedWorld();
  readonly oracle = new Oracle(this.world);
  readonly leadership: Leadership = { holder: undefined, renewedAt: -Infinity };
  readonly #flaw: Flaw | undefined;
  leaders: Leader[];

  constructor(flaw?: Flaw) {
    this.#flaw = flaw;
    this.leaders = [this.newLeader(0), this.newLeader(0)];
    this.pass(2);
  }

  newLeader = (skew: number): Leader => new Leader(this.world, this.oracle, this.#flaw, skew);

  /** The process that leads, or was the last to. */
  get leader(): Leader {
    return this.leadership.holder ?? this.leaders[0]!;
  }

  pass(ticks: number): void {
    for (let i = 0; i < ticks; i++) {
      this.world.tick();
      for (const leader of this.leaders) leader.turn(this.leadership);
    }
  }
}

/** What happens to the world; `a` and `b` are any numbers. */
type Happening = (model: Model, a: number, b: number) => void;

const pick = <T>(list: readonly T[], n: number): T => list[n % list.length]!;
const NAMES = ['a-master', 'a-web1', 'a-web2', 'a-web3', 'b-master', 'b-web1', 'b-web2'];
const nameOf = (n: number): string => pick(NAMES, n);
const projectOf = (n: number): string => pick(['a', 'b'], n);

const HAPPENINGS: Record<string, Happening> = {
  nothing: () => undefined,
  'a server dies': ({ world }, a, b) => {
    const machine = world.machines.get(nameOf(a))!;
    machine.isDead = true;
    machine.isBroken = b % 2 === 0;
  },
  'a web dies': ({ world }, a) => {
    const machine = world.machines.get(
      pick(
        NAMES.filter(name => name.includes('web')),
        a,
      ),
    )!;
    machine.isDead = machine.isBroken = true;
  },
  'a server is well again': ({ world }, a) => {
    const machine = world.machines.get(nameOf(a))!;
    machine.isDead = machine.isBroken = false;
  },
  'all servers are well': ({ world }) => {
    for (const machine of world.machines.values()) machine.isDead = machine.isBroken = false;
    world.cuts.clear();
  },
  'two servers of a project die': ({ world }, a, b) => {
    const members = NAMES.filter(name => name.startsWith(projectOf(a)));
    for (const name of [pick(members, b), pick(members, b + 1)]) world.machines.get(name)!.isDead = true;
  },
  'servers of both projects die': ({ world }, a, b) => {
    world.machines.get(pick(NAMES.slice(0, 4), a))!.isDead = true;
    world.machines.get(pick(NAMES.slice(4), b))!.isDead = true;
  },
  'a server is cut off from its project': ({ world }, a) => {
    const name = nameOf(a);
    for (const other of NAMES) world.cuts.add(`${other}>${name}`).add(`${name}>${other}`);
  },
  'nobody of its project reaches a server': ({ world }, a) => {
    for (const other of NAMES) world.cuts.add(`${other}>${nameOf(a)}`);
  },
  'one server cannot reach another': ({ world }, a, b) => {
    world.cuts.add(`${nameOf(a)}>${nameOf(b)}`);
  },
  'two servers cannot reach each other': ({ world }, a, b) => {
    world.cuts.add(`${nameOf(a)}>${nameOf(b)}`).add(`${nameOf(b)}>${nameOf(a)}`);
  },
  'the operator cannot reach a server': ({ world }, a) => {
    world.cuts.add(`op>${nameOf(a)}`);
  },
  'a server is cut off from everybody': ({ world }, a) => {
    const name = nameOf(a);
    for (const other of [...NAMES, 'op']) world.cuts.add(`${other}>${name}`).add(`${name}>${other}`);
  },
  'a server comes and goes': (model, a) => {
    const machine = model.world.machines.get(nameOf(a))!;
    for (let i = 0; i < 2; i++) {
      machine.isDead = true;
      model.pass(8);
      machine.isDead = false;
      model.pass(6);
    }
    machine.isDead = machine.isBroken = true;
  },
  'the network is whole': ({ world }) => world.cuts.clear(),
  'the API is down': ({ world }, a) => {
    world.apiDownUntil = world.t + pick([12_000, 40_000, 200_000], a);
  },
  'monitors stand still': ({ world }, a) => {
    world.monitorsDownUntil = world.t + pick([12_000, 40_000, 200_000], a);
  },
  'the leader stands still': ({ leader, world }, a) => {
    leader.pausedUntil = world.t + pick([8_000, 20_000, 100_000], a);
  },
  'the leader will stand still as it acts': ({ leader }, a) => {
    leader.pauseMidStart = pick([5_000, 70_000, 150_000], a);
  },
  'the leader sees no votes': ({ leader, world }, a) => {
    leader.votesStalledUntil = world.t + pick([8_000, 25_000], a);
  },
  'the leader sees no objects': ({ leader, world }, a) => {
    leader.objectsStalledUntil = world.t + pick([8_000, 60_000, 300_000], a);
  },
  'the leader is killed': (model, a) => {
    const skew = pick([0, MOST_SKEW_MS / 2, -MOST_SKEW_MS / 2], a);
    model.leaders = model.leaders.map(leader => (leader === model.leader ? model.newLeader(skew) : leader));
    model.leadership.holder = undefined;
  },
  'the leader lets go': model => {
    model.leadership.holder = model.leaders.find(leader => leader !== model.leader);
  },
  'a project is suspended': ({ world }, a) => {
    const [project, key] = [projectOf(a), `default/${projectOf(a)}`];
    world.suspendedSince.set(project, world.suspendedSince.get(project) ?? world.t);
    const before = world.projects.get(key)!;
    world.projects.set(key, { ...before, spec: { ...before.spec, suspend: true } });
  },
  'projects are resumed': ({ world }) => {
    for (const [key, before] of world.projects)
      world.projects.set(key, { ...before, spec: { ...before.spec, suspend: false } });
    world.suspendedSince.clear();
  },
  'a deploy begins': ({ world }, a) => {
    const project = projectOf(a);
    world.deployingSince.set(project, world.deployingSince.get(project) ?? world.t);
  },
  'deploys end': ({ world }) => world.deployingSince.clear(),
  'a project is to be recovered otherwise': ({ world }, a, b) => {
    const key = `default/${projectOf(a)}`;
    const before = world.projects.get(key)!;
    const [web, master] = [
      pick(['auto', 'auto', 'manual', 'off'] as const, b),
      pick(['auto', 'manual'] as const, b >> 2),
    ];
    world.projects.set(key, { ...before, spec: { ...before.spec, recovery: { web, master } } });
  },
  'a person gives up a server': ({ world }, a, b) => {
    const name = nameOf(a);
    const id = world.droplets.get(`default/${name}`)!.status!.server!.id! + (b % 8 === 0 ? 1 : 0);
    world.change(name, droplet => ({
      ...droplet,
      metadata: { ...droplet.metadata, annotations: { [RECOVER_ANNOTATION]: String(id) } },
    }));
  },
  'a server is being resized': ({ world }, a) => {
    const droplet = world.droplets.get(`default/${nameOf(a)}`)!;
    if (droplet.status?.phase !== 'Active' || droplet.status.recovery !== undefined) return;
    const machine = world.machines.get(nameOf(a))!;
    machine.isDead = true;
    machine.workAt = world.t;
    world.change(nameOf(a), before => ({ ...before, status: { ...before.status, phase: 'Resizing' } }));
  },
  'a server dies again and again': (model, a) => {
    const machine = (): { isDead: boolean } => model.world.machines.get(nameOf(a))!;
    for (let i = 0; i < 4; i++) {
      machine().isDead = true;
      model.pass(60);
      machine().isDead = false;
      model.pass(130);
    }
  },
  'servers die one after the other': (model, a) => {
    for (let i = 0; i < 5; i++) {
      const machine = model.world.machines.get(pick(NAMES.slice(1, 4), a + i))!;
      machine.isDead = true;
      model.pass(40);
      machine.isDead = false;
      model.pass(40);
    }
  },
  "an observer's clock is wrong": ({ world }, a, b) => {
    if (world.leases.size === 0) world.setSkew(nameOf(a), pick([HOUR_MS, -HOUR_MS, 7_000], b));
  },
  'hours pass': ({ world }, a) => {
    if (world.isStill()) world.t += pick([1, 7, 25], a) * HOUR_MS;
  },
};

/** How many ticks pass after it. */
const PAUSES: readonly number[] = [0, 1, 4, 8, 14, 40];

const HAPPENING_NAMES = Object.keys(HAPPENINGS);
const A = 56;
const B = 64;

/** As many as there are commands. */
export const COMMANDS = HAPPENING_NAMES.length * PAUSES.length * A * B;

function decode(command: number) {
  const name = HAPPENING_NAMES[command % HAPPENING_NAMES.length]!;
  const rest = Math.floor(command / HAPPENING_NAMES.length);
  const more = Math.floor(rest / PAUSES.length);
  return { name, ticks: PAUSES[rest % PAUSES.length]!, a: more % A, b: Math.floor(more / A) % B };
}

/** The command of that name. */
export function encode(name: string, a = 0, ticks = 0, b = 0): number {
  const [at, pause] = [HAPPENING_NAMES.indexOf(name), PAUSES.indexOf(ticks)];
  if (at < 0 || pause < 0) throw new Error(`There is no ${name} with ${ticks} ticks.`);
  return at + HAPPENING_NAMES.length * (pause + PAUSES.length * (a + A * b));
}

/** @returns such as `a server dies (3, 14), 20 s`. */
export function describeCommand(command: number): string {
  const { name, ticks, a, b } = decode(command);
  return `${name} (${a}, ${b}), ${(ticks * TICK_MS) / 1_000} s`;
}

/** Does them all in a new world, and throws the first Violation. */
export function perform(commands: readonly number[], flaw?: Flaw): Model {
  const model = new Model(flaw);
  for (const command of commands) {
    const { name, ticks, a, b } = decode(command);
    HAPPENINGS[name]!(model, a, b);
    model.pass(ticks);
  }
  return model;
}
