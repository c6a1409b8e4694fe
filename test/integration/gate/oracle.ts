import { apiOf, fleetTag, nonceOf, retiredUidOf } from '../../../crds/cloud-tags.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import { ADOPT_ANNOTATION } from '../../../crds/names.ts';
import type { CloudView } from '../../../reconcilers/droplet/model.ts';
import type { Hold, Judgement } from '../../../reconcilers/gate/book.ts';
import { contentOfEffect, keyOfEffect, type Effect } from '../../../reconcilers/gate/effect.ts';
import { keyOfEnd, type Operator } from './operator.ts';
import type { SimulatedGate } from './simulated-gate.ts';
import { FLEET, type TrueServer, type SimulatedWorld } from './world.ts';

/** How long what happened counts, ms. */
const WINDOW_MS = 600_000;
/** How long the cloud must have denied a server to be believed. */
const ABSENCE_MS = 75_000;

/** How long what came of a request whose reply was lost is waited for, ms. */
const GRACE_MS = 60_000;

/** Something happened that must not. */
export class Violation extends Error {}

interface Given {
  contents: readonly string[];
  /** That no last snapshot need be taken. */
  withoutSnapshot?: true;
  until: number;
}

interface LastingHold {
  keys: ReadonlySet<string>;
  /** See Ask. */
  isRevocable: boolean;
  gate: SimulatedGate;
}

/**
 * What must hold, said once more from the outside: by true time, by the servers' true tags, and by what a person truly
 * confirmed. It knows nothing of the gate but what it lets be done.
 */
export class Oracle {
  /** What a person confirmed, by the text. */
  readonly #given = new Map<string, Given>();
  readonly #used = new Set<string>();
  /** Until when a key that a person confirmed may be carried out. */
  readonly #confirmed = new Map<string, number>();
  /** Of whom a person said that no last snapshot need be taken. */
  readonly #forgone = new Set<string>();
  /** Until when a server that was let through before a storm may be bought in the middle of it. */
  readonly #early = new Map<string, number>();
  readonly #destroyed: { t: number; key: string; uid: string; project: string }[] = [];
  readonly #boughtAgain: { t: number; uid: string }[] = [];
  readonly #recovered: { t: number; key: string }[] = [];
  /** When an object was last there. */
  readonly #lastThere = new Map<string, number>();
  /** The servers that an object ever named as its own. */
  readonly #owned = new Map<string, Set<number>>();
  /** What a limit held, and which keys of it are asked for ever since. */
  readonly #lasting = new Map<string, LastingHold>();

  /** A person says that text, having read this of it. */
  confirms(text: string, given: Given): void {
    if (!this.#given.has(text)) this.#given.set(text, given);
  }

  /** What is held by a text, as the person reads it. */
  static contentsOf(gate: SimulatedGate, hold: Hold): string[] {
    const { keys } = hold as Hold & { keys: ReadonlySet<string> };
    return [...gate.asks.values()]
      .filter(({ group }) => group === hold.group)
      .flatMap(({ effects }) => effects)
      .filter(effect => keys.has(keyOfEffect(effect)))
      .map(contentOfEffect);
  }

  looksAt({ t, droplets }: SimulatedWorld): void {
    for (const { metadata, status } of droplets.values()) {
      this.#lastThere.set(metadata.uid!, t);
      if (status?.server?.id !== undefined) this.#ownedBy(metadata.uid!).add(status.server?.id);
    }
  }

  /** The record of what was done is lost, with all else. */
  forgets(): void {
    this.#destroyed.length = 0;
    this.#boughtAgain.length = 0;
    this.#recovered.length = 0;
  }

  /** A process finds on record what another let through, and begins to count it. */
  learns({ t }: SimulatedWorld, key: string): void {
    for (const until of [this.#confirmed, this.#early]) if (until.has(key)) until.set(key, t + WINDOW_MS);
  }

  /** Something is let through, and on record. */
  lets(
    world: SimulatedWorld,
    gate: SimulatedGate,
    effects: readonly Effect[],
    { admit, used }: Judgement,
  ): void {
    this.#checkLasting(gate, admit);
    const keys = new Set(admit.map(({ key }) => key));
    const asked = effects.filter(effect => keys.has(keyOfEffect(effect)));
    const given = used === undefined ? undefined : this.#take(world, used, asked);
    for (const { key, verb } of admit.filter(({ verb }) => verb === 'forgo')) {
      const isAsked = asked.some(effect => effect.verb === verb && keyOfEffect(effect) === key);
      if (given === undefined || !(isAsked || given.withoutSnapshot))
        throw new Violation(`nobody said that no snapshot is needed: ${key}`);
      this.#forgone.add(key);
    }
    for (const [group, held] of this.#lasting)
      if (admit.some(({ key }) => held.keys.has(key))) this.#lasting.delete(group);
    for (const { key, confirmed, verb, uid, cause } of admit) {
      if (confirmed) this.#confirmed.set(key, world.t + WINDOW_MS);
      else this.#confirmed.delete(key);
      if (verb !== 'buy' || confirmed) continue;
      const others = cause === 'recovery' ? 2 : 1;
      if (this.#vanished(gate, uid) >= others)
        throw new Violation('lets a server be bought in the middle of a storm');
      this.#early.set(key, world.t + WINDOW_MS);
    }
  }

  answered(world: SimulatedWorld, gate: SimulatedGate, renew: readonly string[]): void {
    for (const key of renew)
      for (const until of [this.#confirmed, this.#early])
        if (this.#mayStillBeDone(until, key, world)) until.set(key, world.t + WINDOW_MS);
    this.#noteLasting(gate);
  }

  /** What was let through holds for what is done in its course, without a pause longer than the window. */
  #mayStillBeDone(until: ReadonlyMap<string, number>, key: string, world: SimulatedWorld): boolean {
    const uid = key.slice('destroy '.length);
    const isUnderWay = [...world.droplets.values()].some(
      ({ metadata }) => metadata.uid === uid && metadata.deletionTimestamp !== undefined,
    );
    return until.has(key) && (isUnderWay || until.get(key)! > world.t);
  }

  /** A confirmation is used: once, in time, and for what the person read. */
  #take(world: SimulatedWorld, hash: string, effects: readonly Effect[]): Given {
    const contents = effects.map(contentOfEffect).toSorted().join('\n');
    const given = [...this.#given].find(
      ([text, { contents: theirs, until }]) =>
        text.includes(hash) &&
        !this.#used.has(text) &&
        until > world.now() - 1_000 &&
        theirs.toSorted().join('\n') === contents,
    );
    if (given === undefined) {
      throw new Violation(`nobody confirmed, or not once more: ${contents} (${hash})`);
    }
    this.#used.add(given[0]);
    return given[1];
  }

  /** What a limit held passes only confirmed, while it is asked for by the same process. */
  #checkLasting(gate: SimulatedGate, admit: Judgement['admit']): void {
    this.#forgetLasting(gate);
    const held = new Set([...this.#lasting.values()].flatMap(({ keys }) => [...keys]));
    const slipped = admit.find(({ key, confirmed }) => !confirmed && held.has(key));
    if (slipped !== undefined) throw new Violation(`held by a limit, and let through: ${slipped.key}`);
  }

  /** Somebody asks, or takes back, what changes what a hold is of. */
  hears(gate: SimulatedGate): void {
    this.#forgetLasting(gate);
  }

  #noteLasting(gate: SimulatedGate): void {
    this.#forgetLasting(gate);
    for (const hold of gate.book.holds()) {
      const { keys, isRevocable } = hold as never as Pick<LastingHold, 'keys' | 'isRevocable'>;
      if (LIMITS.has(hold.reason)) this.#lasting.set(hold.group, { keys, isRevocable, gate });
    }
  }

  /**
   * What is asked for no more, or of another process. What is left of it stays held, unless it is of a file: that is
   * mended as a whole, and judged again when it was.
   */
  #forgetLasting(gate: SimulatedGate): void {
    if (this.#lasting.size === 0) return;
    const asked = new Set([...gate.asks.values()].flatMap(({ effects }) => effects.map(keyOfEffect)));
    for (const [group, held] of this.#lasting) {
      const left = new Set([...held.keys].filter(key => asked.has(key)));
      const isOver = left.size === 0 || (held.isRevocable && left.size < held.keys.size);
      if (held.gate !== gate || isOver) this.#lasting.delete(group);
      else this.#lasting.set(group, { ...held, keys: left });
    }
  }

  #isConfirmed(key: string, { t }: SimulatedWorld): boolean {
    return (this.#confirmed.get(key) ?? 0) > t;
  }

  destroys(
    world: SimulatedWorld,
    operator: Operator,
    droplet: Droplet,
    server: TrueServer,
    view: CloudView,
  ): void {
    const { t } = world;
    this.#needsStanding(world, operator, 'destroys');
    this.#needsOwn(world, operator, droplet, server, 'destroys');
    const key = keyOfEnd(droplet, server);
    this.#needsSnapshot(droplet, server, key.replace('destroy', 'forgo'));
    const isConfirmed = this.#isConfirmed(key, world);
    if (droplet.metadata.deletionTimestamp === undefined && !isConfirmed)
      this.#needsToBeDuplicate(world, droplet, server, view);
    if (isConfirmed) return;
    this.#destroyed.push({ t, key, uid: droplet.metadata.uid!, project: droplet.spec.project });
    const recent = this.#destroyed.filter(other => t - other.t < WINDOW_MS);
    const keys = new Set(recent.map(other => other.key));
    const base = new Set([...this.#lastThere].filter(([, at]) => t - at < WINDOW_MS).map(([uid]) => uid));
    const limit = Math.max(2, Math.floor(base.size * 0.3));
    if (keys.size > limit) throw new Violation(`${keys.size} of ${base.size} destroyed within ten minutes`);
    const ended = [...new Set(recent.map(({ project }) => project))].filter(project =>
      [...world.droplets.values()].every(
        ({ spec, metadata }) => spec.project !== project || keys.has(`destroy ${metadata.uid}`),
      ),
    );
    if (ended.length > 1) throw new Violation(`whole projects destroyed: ${ended.join(', ')}`);
  }

  /** What is on its disk is on a snapshot, all of it, or a person gave it up. */
  #needsSnapshot(
    { metadata, status }: Droplet,
    { id, status: power, isSaved }: TrueServer,
    key: string,
  ): void {
    if (!(status?.dataServers ?? []).includes(id) || this.#forgone.has(key)) return;
    if (!isSaved || power !== 'off') throw new Violation(`destroys the data of ${metadata.name} on ${id}`);
  }

  /** Younger than the one that is kept, never owned, with a nonce that no other has. */
  #needsToBeDuplicate(
    { there }: SimulatedWorld,
    droplet: Droplet,
    server: TrueServer,
    { server: kept }: CloudView,
  ): void {
    const what = `${server.id} as a duplicate of ${kept?.id} of ${droplet.metadata.name}`;
    if (kept === undefined || server.id < kept.id) throw new Violation(`destroys the older ${what}`);
    if (this.#ownedBy(droplet.metadata.uid!).has(server.id))
      throw new Violation(`destroys the former ${what}`);
    const nonce = nonceOf(server.tags);
    if (nonce === undefined || nonce === nonceOf(there.get(kept.id)?.tags ?? []))
      throw new Violation(`destroys ${what}, which a hand made`);
  }

  launches(world: SimulatedWorld, operator: Operator, droplet: Droplet, view: CloudView): void {
    const { notFound, retired } = view;
    this.#needsStanding(world, operator, 'buys');
    const { t, there } = world;
    const uid = droplet.metadata.uid!;
    for (const server of there.values())
      if (
        world.isOwn(uid, server) &&
        !server.byHand &&
        !mayBeLost(server, t) &&
        !isDenied(operator, server, t)
      )
        throw new Violation(`buys a second server for ${droplet.metadata.name} beside ${server.id}`);
    if (retired !== undefined) this.#succeeds(world, droplet, retired.server.id);
    if (!notFound) return;
    const key = `buy ${uid} ${droplet.status?.server?.id}`;
    if (this.#isConfirmed(key, world)) return;
    this.#boughtAgain.push({ t, uid });
    const recent = new Set(
      this.#boughtAgain.filter(other => t - other.t < WINDOW_MS).map(other => other.uid),
    );
    if (recent.size > 1) throw new Violation('buys again for a storm');
    const isEarly = (this.#early.get(key) ?? 0) > t;
    if (!isEarly && this.#vanished(operator.gate, uid) > 0)
      throw new Violation('buys in the middle of a storm');
  }

  /** What it takes the place of must be off, and not one of many. */
  #succeeds(world: SimulatedWorld, { metadata }: Droplet, id: number): void {
    const { t, there, droplets } = world;
    if (there.get(id)?.status !== 'off') throw new Violation(`buys another while ${id} runs`);
    const key = `buy ${metadata.uid} ${id} recovery`;
    if (this.#isConfirmed(key, world)) return;
    this.#recovered.push({ t, key });
    const keys = new Set(this.#recovered.filter(other => t - other.t < WINDOW_MS).map(other => other.key));
    const limit = Math.max(2, Math.floor(droplets.size * 0.3));
    if (keys.size > limit) throw new Violation(`${keys.size} replaced within ten minutes`);
  }

  /** How many others have vanished as well, as far as the gate was told, and nobody confirmed that. */
  #vanished(gate: SimulatedGate, uid: string): number {
    const given = new Set([...this.#given.values()].flatMap(({ contents }) => contents));
    return [...gate.asks.values()].filter(({ effects }) =>
      effects.some(
        effect => effect.cause === 'vanished' && effect.uid !== uid && !given.has(contentOfEffect(effect)),
      ),
    ).length;
  }

  adopts(world: SimulatedWorld, operator: Operator, droplet: Droplet, id: number): void {
    const server = world.there.get(id);
    if (server !== undefined && droplet.metadata.annotations?.[ADOPT_ANNOTATION] !== String(id))
      this.#needsOwn(world, operator, droplet, server, 'adopts');
    this.#ownedBy(droplet.metadata.uid!).add(id);
  }

  takesOver(world: SimulatedWorld, droplet: Droplet, id: number): void {
    if (accountProblem(world)) throw new Violation('takes over under another account or API');
    if (droplet.metadata.annotations?.[ADOPT_ANNOTATION] !== String(id))
      throw new Violation(`takes over ${id}, which nobody named`);
  }

  changes(
    world: SimulatedWorld,
    operator: Operator,
    droplet: Droplet,
    server: TrueServer,
    what: string,
  ): void {
    if (what !== 'tag') this.#needsStanding(world, operator, what);
    else if (accountProblem(world)) throw new Violation('tags under another account or API');
    if (droplet.metadata.annotations?.[ADOPT_ANNOTATION] !== String(server.id))
      this.#needsOwn(world, operator, droplet, server, what);
  }

  /** The object goes: nothing that is paid for may outlive it. */
  releases(world: SimulatedWorld, operator: Operator, droplet: Droplet): void {
    for (const server of world.there.values())
      if (
        world.isOwn(droplet.metadata.uid!, server) &&
        !server.byHand &&
        !isUnknowable(server, droplet, world.t) &&
        !mayBeLost(server, world.t) &&
        !isDenied(operator, server, world.t)
      )
        throw new Violation(`leaves ${server.id} behind`);
  }

  /** @param operator whose newest list it goes by. */
  #needsStanding(world: SimulatedWorld, operator: Operator, what: string): void {
    if (accountProblem(world)) throw new Violation(`${what} under another account or API`);
    const theirs = operator.listed.find(
      ({ tags }) => tags.includes(fleetTag(FLEET)) && (apiOf(tags) ?? world.api) !== world.api,
    );
    if (theirs !== undefined) throw new Violation(`${what} while another API keeps ${theirs.id}`);
  }

  /** By its tags now, or as the cloud gave them last. */
  #needsOwn(
    world: SimulatedWorld,
    operator: Operator,
    droplet: Droplet,
    server: TrueServer,
    what: string,
  ): void {
    const listed = operator.listed.find(({ id }) => id === server.id);
    const uid = droplet.metadata.uid!;
    if (
      !world.isOwn(uid, server) &&
      !(listed && world.isOwn(uid, listed)) &&
      retiredUidOf(server.tags) !== uid
    )
      throw new Violation(`${what} ${server.id}, which is not of ${droplet.metadata.name}`);
  }

  #ownedBy(uid: string): Set<number> {
    const owned = this.#owned.get(uid) ?? new Set();
    this.#owned.set(uid, owned);
    return owned;
  }
}

const LIMITS: ReadonlySet<string> = new Set(['LargeDeletion', 'Storm', 'Held']);

const accountProblem = ({ record, account, api }: SimulatedWorld): boolean =>
  (record.account ?? account) !== account || (record.api ?? api) !== api;

/** Whether nobody heard of it in all the time that is waited for it. */
const mayBeLost = ({ isReplyLost, bornAt }: TrueServer, t: number): boolean =>
  isReplyLost && t - bornAt >= GRACE_MS;

/** Whether somebody wrote another id over its own in the status while no list has it: the sweep for orphans finds it. */
const isUnknowable = ({ id, unlistedUntil }: TrueServer, { status }: Droplet, t: number): boolean =>
  unlistedUntil > t && status?.server?.id !== id;

/** Whether every look at it found nothing for as long as is believed. */
function isDenied({ deniedSince }: Operator, { id }: TrueServer, t: number): boolean {
  const since = deniedSince.get(id);
  return since !== undefined && t - since >= ABSENCE_MS;
}
