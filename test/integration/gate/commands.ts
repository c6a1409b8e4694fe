import { apiTag, fleetTag, nonceTag, projectRoleTag, uidTag } from '../../../crds/cloud-tags.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import { keyOf } from '../../../crds/meta.ts';
import { ADOPT_ANNOTATION, CONFIRM_ANNOTATION } from '../../../crds/names.ts';
import { confirmationOf } from '../../../reconcilers/gate/confirmation.ts';
import { contentOfEffect } from '../../../reconcilers/gate/effect.ts';
import { planProjects } from '../../../reconcilers/projects-csv/plan.ts';
import { aRecovery } from '../../builders/objects.ts';
import { Operator, switchOn } from './operator.ts';
import { Oracle } from './oracle.ts';
import { KILLED, type Flaw } from './simulated-gate.ts';
import { ACCOUNTS, FLEET, row, SimulatedWorld, type Account } from './world.ts';

/** The world, who watches it, and who works in it. */
export class Model {
  readonly world: SimulatedWorld;
  readonly oracle = new Oracle();
  readonly #flaw: Flaw | undefined;
  #operator: Operator;
  /** Another process, which waits for its turn with what it remembers. */
  #other: Operator | undefined;
  /** The texts that were offered so far. */
  readonly #offered: {
    text: string;
    contents: string[];
    until: number;
    withoutSnapshot?: true;
    objects: { kind: string; namespace: string; name: string }[];
  }[] = [];

  constructor(flaw?: Flaw) {
    this.#flaw = flaw;
    this.world = SimulatedWorld.converged({ a: 2, b: 1, c: 1 });
    this.#operator = new Operator(this.world, this.oracle, flaw);
  }

  get operator(): Operator {
    return this.#operator;
  }

  restart(): void {
    if (this.#flaw === 'the ledger is forgotten at a restart')
      this.world.ledger = { version: this.world.ledger.version + 1, entries: [], used: [] };
    this.#operator = new Operator(this.world, this.oracle, this.#flaw);
  }

  /** The other process ends. */
  forgetOther(): void {
    this.#other = undefined;
  }

  takeTurns(): void {
    const waits = this.#other ?? new Operator(this.world, this.oracle, this.#flaw);
    this.#other = this.#operator;
    this.#operator = waits;
  }

  /** False when there was nothing to do. */
  round(): boolean {
    let didSomething = true;
    try {
      didSomething = this.#operator.round();
    } catch (error) {
      if (error !== KILLED) throw error;
      this.restart();
    }
    this.#readOffers();
    return didSomething;
  }

  #readOffers(): void {
    for (const hold of this.#operator.gate.book.holds()) {
      const { confirmation: text, withoutSnapshot, objects } = hold;
      if (this.#offered.some(offer => offer.text === text)) continue;
      const { until } = hold as never as { until: number };
      const offer = { objects, until, contents: Oracle.contentsOf(this.#operator.gate, hold) };
      this.#offered.push({ ...offer, text });
      if (withoutSnapshot !== undefined && withoutSnapshot !== text)
        this.#offered.push({ ...offer, text: withoutSnapshot, withoutSnapshot: true });
    }
  }

  /** A person writes what is offered for a hold for it to go without a last snapshot. */
  forgo(which: number): void {
    const hold = pick(this.#operator.gate.book.holds(), which);
    const offer = this.#offered.find(({ text }) => text === hold?.withoutSnapshot);
    if (offer !== undefined) this.#give(offer, offer.objects[0]);
  }

  /** A person writes what is offered for a hold onto one of its objects. */
  confirm(which: number, carrier: number): boolean {
    const hold = pick(this.#operator.gate.book.holds(), which);
    const offer = this.#offered.find(({ text }) => text === hold?.confirmation);
    if (offer !== undefined) this.#give(offer, pick(offer.objects, carrier));
    return offer !== undefined;
  }

  /** A person writes some text that was offered at some time onto an object that holds something now. */
  confirmAnything(which: number, carrier: number): void {
    const offer = pick(this.#offered, which);
    const objects = this.#operator.gate.book.holds().flatMap(hold => hold.objects);
    if (offer !== undefined) this.#give(offer, pick(objects.length > 0 ? objects : offer.objects, carrier));
  }

  #give(
    offer: { text: string; contents: string[]; until: number; withoutSnapshot?: true },
    at?: { kind: string; namespace: string; name: string },
  ): void {
    if (at === undefined) return;
    this.oracle.confirms(offer.text, offer);
    const objects = at.kind === 'Project' ? this.world.projects : this.world.droplets;
    this.world.annotate(
      objects as Map<string, Droplet>,
      `${at.namespace}/${at.name}`,
      CONFIRM_ANNOTATION,
      offer.text,
    );
  }

  /** The command `scale`: it confirms what the change of the row will cost. */
  scale(name: string, servers: number): void {
    const { world } = this;
    world.rows = world.rows.map(before => (before.project === name ? { ...before, servers } : before));
    const { losses } = planProjects(world.rows, [...world.projects.values()], [...world.droplets.values()]);
    if (losses.length === 0) return;
    const until = world.now() + 15 * 60_000;
    const offer = { text: confirmationOf(losses, until), contents: losses.map(contentOfEffect), until };
    this.#offered.push({ ...offer, objects: [] });
    this.#give(offer, { kind: 'Project', namespace: 'default', name });
  }
}

const pick = <T>(list: readonly T[], n: number): T | undefined => list[n % Math.max(1, list.length)];

/** What happens to the world; `a` and `b` are any numbers. */
type Happening = (model: Model, a: number, b: number) => void;

const someDroplet = ({ world }: Model, n: number): Droplet | undefined =>
  pick([...world.droplets.values()], n);
const someName = (n: number): string => ['a', 'b', 'c'][n % 3]!;

const serverOf = ({ world }: Model, droplet: Droplet | undefined) => {
  const id = droplet?.status?.server?.id;
  return id === undefined ? undefined : world.there.get(id);
};

function recover(model: Model, a: number, step: 'PowerCycle' | 'Replace'): void {
  const droplet = someDroplet(model, a);
  const id = droplet?.status?.server?.id;
  if (droplet === undefined || id === undefined) return;
  const recovery = { ...aRecovery(id, step), startedAt: new Date(model.world.now()).toISOString() };
  model.world.setStatus(droplet, { ...droplet.status, recovery });
}

const HAPPENINGS: Record<string, Happening> = {
  nothing: () => undefined,
  'a droplet is deleted': (model, a) => {
    const droplet = someDroplet(model, a);
    if (droplet !== undefined) model.world.deleteObject(model.world.droplets, droplet);
  },
  'droplets are deleted': (model, a, b) => {
    const all = [...model.world.droplets.values()];
    for (const droplet of all.slice(a % 3, (a % 3) + 2 + (b % 4)))
      model.world.deleteObject(model.world.droplets, droplet);
  },
  'a project is deleted': (model, a) => {
    const project = pick([...model.world.projects.values()], a);
    if (project !== undefined) model.world.deleteObject(model.world.projects, project);
  },
  'the namespace is emptied': ({ world }) => {
    for (const project of world.projects.values()) world.deleteObject(world.projects, project);
    for (const droplet of world.droplets.values()) world.deleteObject(world.droplets, droplet);
  },
  'a row changes': ({ world }, a, b) => {
    const name = someName(a);
    const others = world.rows.filter(({ project }) => project !== name);
    const servers = b % 4;
    world.rows = servers === 0 ? others : [...others, row(name, servers)];
  },
  'rows are removed': ({ world }, a) => {
    world.rows = a % 3 === 0 ? [] : world.rows.slice(0, a % 2);
  },
  'the rows are put back': ({ world }) => {
    world.rows = [row('a', 2), row('b', 1), row('c', 1)];
  },
  'a row is shrunk by scale': (model, a, b) => model.scale(someName(a), 1 + (b % 4)),
  'a hold is confirmed': (model, a, b) => void model.confirm(a, b),
  'all holds are confirmed': model => {
    for (let i = 0; i < model.operator.gate.book.holds().length; i++) model.confirm(i, i);
  },
  'a hold is confirmed without a last snapshot': (model, a) => model.forgo(a),
  'snapshots are refused': ({ world }, a) => {
    world.refusedSnapshots = 1 + (a % 3);
  },
  'an old confirmation is given': (model, a, b) => model.confirmAnything(a, b),
  'a server vanishes': (model, a) => {
    const server = serverOf(model, someDroplet(model, a));
    if (server !== undefined) model.world.there.delete(server.id);
  },
  'servers vanish': ({ world }, a, b) => {
    for (const id of [...world.there.keys()].slice(a % 3, (a % 3) + 2 + (b % 5))) world.there.delete(id);
  },
  'the cloud denies all servers for a minute': ({ world }) => {
    for (const server of world.there.values()) server.deniedUntil = server.unlistedUntil = world.t + 60_000;
  },
  'the cloud denies a server for a minute': (model, a) => {
    const server = serverOf(model, someDroplet(model, a));
    if (server !== undefined) server.deniedUntil = server.unlistedUntil = model.world.t + 60_000;
  },
  'lists lack servers': ({ world }, a, b) => {
    for (const server of [...world.there.values()].slice(a % 4))
      server.unlistedUntil = world.t + (b % 3) * 15_000;
  },
  'new servers are seen late': ({ world }, a) => {
    world.listLagMs = (a % 3) * 15_000;
  },
  'the cloud is down': ({ world }, a) => {
    world.downUntil = world.t + [30_000, 300_000, 590_000][a % 3]!;
  },
  'a reply is lost': ({ world }, a) => {
    world.lostReplies = 1 + (a % 2);
  },
  'the operator is killed': model => model.restart(),
  'the operator is killed at some write': ({ world }, a) => {
    world.cutOffIn = 1 + (a % 12);
  },
  'another operator takes its turn': model => model.takeTurns(),
  'a write of the ledger fails': ({ world }, a) => {
    world.refusedLedgerWrites = 1 + (a % 2);
  },
  'a confirmation cannot be taken off': ({ world }, a) => {
    world.refusedTakeOffs = 1 + (a % 3);
  },
  'a server is made with copied tags': (model, a, b) => {
    const droplet = someDroplet(model, a);
    if (droplet === undefined) return;
    const { world } = model;
    const like = serverOf(model, droplet)?.tags ?? [fleetTag(FLEET), uidTag(droplet.metadata.uid!)];
    const others = like.filter(tag => !tag.includes('nonce'));
    const tags = [like, others, [...others, nonceTag(`copied${b}`)]][b % 3]!;
    world.addServer({ tags, byHand: true, ...(b % 2 === 0 && { id: 1 + (b % 999) }) });
  },
  'tags are copied onto a stranger': (model, a, b) => {
    const droplet = someDroplet(model, a);
    const stranger = model.world.addServer({ id: 1 + (b % 999), byHand: true });
    if (droplet !== undefined) stranger.tags = [fleetTag(FLEET), uidTag(droplet.metadata.uid!)];
  },
  'a server loses a tag': (model, a, b) => {
    const server = serverOf(model, someDroplet(model, a));
    if (server === undefined) return;
    server.tags = server.tags.filter((_, i) => i !== b % server.tags.length);
    server.byHand = true;
  },
  'the status names a stranger': (model, a, b) => {
    const droplet = someDroplet(model, a);
    if (droplet === undefined) return;
    const other =
      b % 2 === 0 ? model.world.addServer({ byHand: true }) : pick([...model.world.there.values()], b);
    if (other !== undefined)
      model.world.setStatus(droplet, {
        ...droplet.status,
        server: { ...droplet.status?.server, id: other.id },
      });
  },
  'the status names nothing': (model, a) => {
    const droplet = someDroplet(model, a);
    if (droplet === undefined) return;
    const { id: _id, ...server } = droplet.status?.server ?? {};
    model.world.setStatus(droplet, { ...droplet.status, server });
  },
  'the token is of the other account': model => {
    const { world } = model;
    world.account = ACCOUNTS.find(account => account !== world.account) as Account;
    model.restart();
  },
  'the account is accepted': ({ world }) => {
    world.record = { ...world.record, account: world.account };
  },
  'the database is lost': model => {
    const { world } = model;
    world.projects.clear();
    world.droplets.clear();
    world.ledger = { version: 0, entries: [], used: [] };
    world.api = `${world.api}x`;
    world.record = {};
    model.forgetOther();
    // What was done in the last ten minutes nobody can know any more.
    model.oracle.forgets();
    model.restart();
    world.record = { fleet: FLEET, account: world.account, api: world.api };
  },
  'the objects are lost': ({ world }, a) => {
    if (a % 2 === 0) world.projects.clear();
    world.droplets.clear();
  },
  'an object is forced away': (model, a) => {
    const droplet = someDroplet(model, a);
    if (droplet !== undefined) model.world.droplets.delete(keyOf(droplet));
  },
  'another API has a server of that fleet': ({ world }) => {
    world.addServer({
      id: 999_999,
      byHand: true,
      tags: [fleetTag(FLEET), apiTag('theirs'), uidTag('theirs')],
    });
  },
  'the other API is gone': ({ world }) => {
    world.there.delete(999_999);
  },
  'the wall clock jumps': ({ world }, a) => {
    world.skew += [3_600_000, -3_600_000, 90_000_000, -90_000_000][a % 4]!;
  },
  'an orphan is to be adopted': (model, a) => {
    const { world } = model;
    const uids = new Set([...world.droplets.values()].map(({ metadata }) => uidTag(metadata.uid!)));
    const orphan = [...world.there.values()].find(({ tags }) => !tags.some(tag => uids.has(tag)));
    const droplet = someDroplet(model, a);
    if (orphan !== undefined && droplet !== undefined)
      world.annotate(world.droplets, keyOf(droplet), ADOPT_ANNOTATION, String(orphan.id));
  },
  'an orphan is left': ({ world }, a) => {
    const tags = [fleetTag(FLEET), projectRoleTag(FLEET, someName(a), 'web'), uidTag(`gone${a}`)];
    world.addServer({ byHand: true, tags });
  },
  'a size changes': ({ world }, a) => {
    const name = someName(a);
    world.rows = world.rows.map(before =>
      before.project === name ? { ...before, webSpec: `size-${a % 2}` } : before,
    );
  },
  'a server is switched off': (model, a) => {
    const server = serverOf(model, someDroplet(model, a));
    if (server !== undefined) server.status = 'off';
  },
  'a server is switched on': ({ world }, a) => {
    const server = pick(
      [...world.there.values()].filter(({ status }) => status === 'off'),
      a,
    );
    if (server !== undefined) switchOn(server);
  },
  'a server is given up': (model, a, b) => recover(model, a, b % 4 === 0 ? 'PowerCycle' : 'Replace'),
  'servers are given up': (model, a, b) => {
    for (let i = 0; i <= b % 4; i++) recover(model, a + i, 'Replace');
  },
  'a recovery is called off': (model, a) => {
    const droplet = someDroplet(model, a);
    if (droplet === undefined) return;
    const { recovery: _over, ...status } = droplet.status ?? {};
    model.world.setStatus(droplet, status);
  },
};

/** How time goes on after it: the pauses between rounds, ms. */
const PAUSES: Record<string, readonly number[]> = {
  'at once': [0],
  'no round': [],
  'in a moment': [0, 3_000],
  'in a while': [1_000, 12_000],
  'past an absence': [100, 80_000],
  'past the window': [0, 3_000, 610_000],
  'near the window': [0, 3_000, 585_000],
};

const NAMES = Object.keys(HAPPENINGS);
const PAUSE_NAMES = Object.keys(PAUSES);
const A = 64;
const B = 1_024;

/** As many as there are commands. */
export const COMMANDS = NAMES.length * PAUSE_NAMES.length * A * B;

/** One command, by its number: what happens, and how time goes on. */
export function decode(command: number) {
  const [name, rest] = [NAMES[command % NAMES.length]!, Math.floor(command / NAMES.length)];
  const [pause, more] = [PAUSE_NAMES[rest % PAUSE_NAMES.length]!, Math.floor(rest / PAUSE_NAMES.length)];
  return { name, pause, a: more % A, b: Math.floor(more / A) % B };
}

/** @returns such as `servers vanish (3, 14), in a moment`. */
export function describeCommand(command: number): string {
  const { name, pause, a, b } = decode(command);
  return `${name} (${a}, ${b}), ${pause}`;
}

/** Does them all in a new world, and throws the first Violation. */
export function perform(commands: readonly number[], flaw?: Flaw): Model {
  const model = new Model(flaw);
  for (const command of commands) {
    const { name, pause, a, b } = decode(command);
    HAPPENINGS[name]!(model, a, b);
    let isIdle = false;
    for (const ms of PAUSES[pause]!) {
      model.world.t += ms;
      isIdle ||= !model.round();
    }
  }
  return model;
}

/** What people do in a world without faults. */
const WISHES: readonly string[] = [
  'a droplet is deleted',
  'droplets are deleted',
  'a project is deleted',
  'the namespace is emptied',
  'a row changes',
  'rows are removed',
  'the rows are put back',
  'a row is shrunk by scale',
  'a server vanishes',
  'servers vanish',
  'a server is switched off',
  'the operator is killed',
  'the wall clock jumps',
];
const MOST = 12;

/** As many as there are wishes. */
export const PEACEFUL = WISHES.length * MOST * MOST;

/** Does them, confirms whatever is held, and goes on until nothing is left to do. */
export function performPeacefully(wishes: readonly number[]): Model {
  const model = new Model();
  for (const wish of wishes) {
    const rest = Math.floor(wish / WISHES.length);
    HAPPENINGS[WISHES[wish % WISHES.length]!]!(model, rest % MOST, Math.floor(rest / MOST));
    confirmAndWait(model, 2);
  }
  confirmAndWait(model, 40);
  return model;
}

function confirmAndWait(model: Model, rounds: number): void {
  for (let i = 0; i < rounds; i++) {
    model.world.t += 15_000;
    model.round();
    HAPPENINGS['all holds are confirmed']!(model, 0, 0);
  }
}
