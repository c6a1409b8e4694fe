import type { Droplet } from '../../../crds/droplet.ts';
import { keyOf } from '../../../crds/meta.ts';
import { CONFIRM_ANNOTATION } from '../../../crds/names.ts';
import type { Project } from '../../../crds/project.ts';
import {
  GateBook,
  isOver,
  type Answer,
  type Ask,
  type Judgement,
  type Scene,
  uidsWithServers,
} from '../../../reconcilers/gate/book.ts';
import { confirmationOf, OFFER_MS } from '../../../reconcilers/gate/confirmation.ts';
import { describeEffects, type Doubt, type Effect } from '../../../reconcilers/gate/effect.ts';
import { aDroplet } from '../../builders/objects.ts';
import type { Oracle } from './oracle.ts';
import { NAMESPACE, type SimulatedWorld } from './world.ts';

/** A guard that is taken out, to see that the oracle misses it. */
export type Flaw =
  | 'no limit'
  | 'no standing'
  | 'no doubts'
  | 'every server is own'
  | 'absence is believed at once'
  | 'confirmations are matched by their words'
  | 'confirmations are never used up'
  | 'the ledger is forgotten at a restart'
  | 'the ledger is written afterwards'
  | 'holds do not last'
  | 'admissions are never over'
  | 'a wait is taken for a pass'
  | 'a hold is taken for a pass'
  | 'the nonce is written afterwards'
  | 'last snapshots are not waited for'
  | 'every confirmation forgoes last snapshots';

/** The process ended in the middle of something. */
export const KILLED = new Error('killed');
/** A call failed, or waits: the key is tried again. One for all, as making one takes longer than all the rest. */
export const FAILED = new Error('failed');

type Entry = SimulatedWorld['ledger']['entries'][number];

interface SimulatedGateOptions {
  world: SimulatedWorld;
  oracle: Oracle;
  flaw: Flaw | undefined;
  settleMs: number;
  /** What the standing is. */
  problem: () => Doubt | undefined;
  /** Called before and after each write. */
  io: () => void;
}

/** The gate's own book, with its ledger in a World: what gate.ts and ledger.ts do, without promises. */
export class SimulatedGate {
  readonly #options: SimulatedGateOptions;
  /** Who asks for what: what the book was told. */
  readonly asks = new Map<string, Ask & { askedAt: number }>();
  book: GateBook;
  #ledger: { version: number; entries: readonly Entry[]; used: readonly string[] } | undefined;
  readonly #knownAt = new Map<string, number>();

  constructor(options: SimulatedGateOptions) {
    this.#options = options;
    this.book = new GateBook(options.settleMs);
  }

  ask(asked: Ask): Answer {
    if (asked.effects.length === 0 && !this.book.isAsking(asked.asker)) return { type: 'pass' };
    const { flaw, oracle, world } = this.#options;
    const ask = this.#flawed(asked);
    this.#ledger ??= this.#readLedger();
    const before = this.asks.get(ask.asker);
    this.book.register(ask, world.t);
    if (ask.effects.length === 0) this.asks.delete(ask.asker);
    else this.asks.set(ask.asker, { ...ask, askedAt: before?.askedAt ?? world.t });
    oracle.hears(this);
    if (flaw === 'holds do not last') this.#beginBook();
    let judgement: Judgement | undefined;
    const effects = [...this.asks.values()]
      .filter(({ group }) => group === ask.group)
      .flatMap(member => member.effects);
    this.#writeLedger(effects, () => (judgement = this.book.judge(ask.group, this.#scene())));
    const { answer, renew, spent } = judgement!;
    for (const key of renew) if (this.#knownAt.has(key)) this.#knownAt.set(key, world.t);
    oracle.answered(world, this, renew);
    if (answer.type === 'pass') {
      this.book.close(ask.group);
      for (const [asker, { group }] of this.asks) if (group === ask.group) this.asks.delete(asker);
    }
    for (const object of spent) this.#takeOff(object);
    return flaw === 'a hold is taken for a pass' && answer.type === 'hold' ? { type: 'pass' } : answer;
  }

  #flawed(ask: Ask): Ask {
    const withoutDoubt = ({ doubt: _doubt, ...effect }: Effect): Effect => effect;
    if (this.#options.flaw === 'no doubts') return { ...ask, effects: ask.effects.map(withoutDoubt) };
    if (this.#options.flaw !== 'confirmations are matched by their words') return ask;
    const words = describeEffects(ask.effects);
    const said = ask.objects.some(object => this.#options.world.confirmationOn(object)?.startsWith(words));
    if (!said) return ask;
    const text = confirmationOf(ask.effects, this.#options.world.now() + OFFER_MS);
    const objects = ask.objects.map(object => ({
      ...object,
      metadata: { ...object.metadata, annotations: { [CONFIRM_ANNOTATION]: text } },
    }));
    return { ...ask, objects };
  }

  /** What gate.ts tells of what was let through before. */
  hasPassed(key: string, isConfirmed = false): boolean {
    this.#ledger ??= this.#readLedger();
    return this.#ledger.entries.some(entry => entry.key === key && (entry.confirmed || !isConfirmed));
  }

  /** The same requests, without what was held. */
  #beginBook(): void {
    this.book = new GateBook(this.#options.settleMs);
    for (const { askedAt, ...ask } of this.asks.values()) this.book.register(ask, askedAt);
  }

  #scene(): Scene {
    const { t, now, droplets } = this.#options.world;
    const problem = this.#options.problem();
    const all = [...droplets.values()];
    const scene: Scene = {
      admitted: this.#admitted(),
      used: this.#options.flaw === 'confirmations are never used up' ? [] : this.#ledger!.used,
      droplets: all,
      dropletsOf: key =>
        uidsWithServers(all.filter(droplet => `${NAMESPACE}/${droplet.spec.project}` === key)),
      ...(problem && { standing: problem }),
      now: now(),
      monotonic: t,
    };
    if (this.#options.flaw === 'no limit') return withoutLimit(scene);
    if (this.#options.flaw === 'admissions are never over')
      return {
        ...scene,
        admitted: scene.admitted.map(entry => ({ ...entry, ageMs: Math.min(entry.ageMs, 599_999) })),
      };
    return scene;
  }

  #admitted() {
    const { t } = this.#options.world;
    return this.#ledger!.entries.map(entry => ({ ...entry, ageMs: t - (this.#knownAt.get(entry.key) ?? t) }));
  }

  #readLedger() {
    const { entries, used, version } = this.#options.world.ledger;
    for (const { key } of entries) {
      if (this.#knownAt.has(key)) continue;
      this.#knownAt.set(key, this.#options.world.t);
      this.#options.oracle.learns(this.#options.world, key);
    }
    const there = new Set(entries.map(({ key }) => key));
    for (const key of this.#knownAt.keys()) if (!there.has(key)) this.#knownAt.delete(key);
    return (this.#ledger = { version, entries, used });
  }

  #writeLedger(effects: readonly Effect[], judge: () => Judgement): void {
    for (;;) {
      const judgement = judge();
      const { admit, used } = judgement;
      if (admit.length === 0 && used === undefined) return;
      const { version, entries } = this.#ledger!;
      if (this.#options.world.ledger.version === version) {
        if (this.#options.world.refusedLedgerWrites > 0) {
          this.#options.world.refusedLedgerWrites--;
          throw FAILED;
        }
        const all = new Map(
          [...this.#options.world.droplets.values()].map(({ metadata }) => [metadata.uid!, metadata]),
        );
        const over = new Set(
          this.#admitted()
            .filter(entry => isOver(entry, all))
            .map(({ key }) => key),
        );
        const kept = new Map(entries.filter(({ key }) => !over.has(key)).map(entry => [entry.key, entry]));
        for (const entry of admit) kept.set(entry.key, entry);
        const usedNow = used === undefined ? this.#ledger!.used : [...this.#ledger!.used, used];
        const stored = { version: version + 1, entries: [...kept.values()], used: usedNow };
        this.#options.io();
        this.#options.oracle.lets(this.#options.world, this, effects, judgement);
        if (this.#options.flaw === 'the ledger is written afterwards') this.#ledger = { ...stored, version };
        else this.#options.world.ledger = stored;
        if (this.#options.flaw !== 'the ledger is written afterwards') this.#readLedger();
        for (const { key } of admit) this.#knownAt.set(key, this.#options.world.t);
        this.#options.io();
        return;
      }
      this.#readLedger();
    }
  }

  #takeOff(object: Project | Droplet): void {
    if (this.#options.world.refusedTakeOffs > 0) return void this.#options.world.refusedTakeOffs--;
    this.#options.io();
    const objects = object.kind === 'Project' ? this.#options.world.projects : this.#options.world.droplets;
    const now = objects.get(keyOf(object));
    if (now === undefined || now.metadata.uid !== object.metadata.uid) return;
    this.#options.world.annotate(objects as Map<string, Project>, keyOf(object), CONFIRM_ANNOTATION);
  }
}

/** The same scene in a fleet without end, in which nothing counts. */
function withoutLimit(scene: Scene): Scene {
  const droplets = [...scene.droplets];
  droplets.length = 1_000;
  return {
    ...scene,
    droplets: droplets.fill(scene.droplets[0] ?? aDroplet('none-master'), scene.droplets.length),
    dropletsOf: key => [...scene.dropletsOf(key), 'one more'],
    admitted: scene.admitted.map(entry => ({ ...entry, confirmed: true })),
  };
}
