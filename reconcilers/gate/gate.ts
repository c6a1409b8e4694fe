import type { Clock } from '../../clients/clock.ts';
import type { KubernetesClient, Reader } from '../../clients/kubernetes/client.ts';
import { isConflict, isNotFound } from '../../clients/kubernetes/errors.ts';
import { DROPLETS, PROJECTS, type ResourceKind } from '../../clients/kubernetes/kinds.ts';
import type { Logger } from '../../clients/log.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import { CONFIRM_ANNOTATION } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import type { EventRecorder, Run } from '../run.ts';
import { GateBook, isOver, type Answer, type Ask, type Hold, type Judgement, type Scene } from './book.ts';
import { isExpired } from './confirmation.ts';
import { keyOfEffect, type Doubt, type Effect } from './effect.ts';
import type { Ledger } from './ledger.ts';
import type { Standing } from './standing.ts';

export type { Answer, Ask, Hold };

/**
 * The one way to everything that destroys, stops, buys or takes over. Whoever plans such a thing asks here first, and
 * does it only on a `pass`, which is written down before it is given.
 */
export interface Gate {
  /** Answers by the policy (policy.ts). No effects take back what that asker asked for before. */
  ask(ask: Ask, run: Run): Promise<Answer>;
  /** Whether all of it was let through before. */
  hasPassed(effects: readonly Effect[], signal: AbortSignal): Promise<boolean>;
  /** Everything that is held now. */
  holds(): readonly Hold[];
  /** The handler hears whose answer may be another now. Returns what ends it. */
  subscribe(handler: (askers: readonly string[]) => void): () => void;
}

/** What a gate needs. */
export interface GateOptions {
  kubernetes: Pick<KubernetesClient, 'patch'>;
  ledger: Ledger;
  standing: Pick<Standing, 'problem'>;
  droplets: Reader<Droplet>;
  projects: Reader<Project>;
  /** The uids of the Droplets of a project. */
  dropletsOf: (project: ObjectKey) => readonly string[];
  events: EventRecorder;
  clock: Clock;
  log: Logger;
  /** How long a change is waited with for what comes with it, ms: kubectl deletes one object after the other. */
  settleMs: number;
}

/** A gate through which nothing went yet. */
export function createGate(options: GateOptions): Gate {
  return new LedgerGate(options);
}

class LedgerGate implements Gate {
  readonly #options: GateOptions;
  readonly #book: GateBook;
  readonly #handlers = new Set<(askers: readonly string[]) => void>();
  /** One is answered after the other: what the one is given, the next must know of. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: GateOptions) {
    this.#options = options;
    this.#book = new GateBook(options.settleMs);
  }

  holds(): readonly Hold[] {
    return this.#book.holds();
  }

  subscribe(handler: (askers: readonly string[]) => void): () => void {
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  }

  async hasPassed(effects: readonly Effect[], signal: AbortSignal): Promise<boolean> {
    await this.#options.ledger.load(signal);
    const passed = new Set(this.#options.ledger.admitted().map(({ key }) => key));
    return effects.every(effect => passed.has(keyOfEffect(effect)));
  }

  async ask(ask: Ask, run: Run): Promise<Answer> {
    if (ask.effects.length === 0 && !this.#book.isAsking(ask.asker)) return { type: 'pass' };
    const answer = this.#turn.then(() => this.#answer(ask, run));
    this.#turn = answer.catch(() => undefined);
    return await answer;
  }

  async #answer(ask: Ask, run: Run): Promise<Answer> {
    run.signal.throwIfAborted();
    const { clock, ledger, standing } = this.#options;
    await ledger.load(run.signal);
    const problem = await standing.problem(run.signal);
    const before = this.#book.offers();
    this.#book.register(ask, clock.monotonic());
    let judgement: Judgement;
    try {
      judgement = await this.#judge(ask.group, problem, run);
    } finally {
      // What is held is held, whether that could be written down or not.
      this.#announceNews(before, ask.asker);
    }
    if (judgement.answer.type === 'pass') this.#book.close(ask.group);
    // One that cannot be taken off could allow nothing again: that it was used is on record.
    for (const object of judgement.spent) await takeOffConfirmation(this.#options.kubernetes, object, run);
    return judgement.answer;
  }

  /** What passes is on record before anybody is told so; by what others wrote meanwhile it is judged again. */
  async #judge(group: string, problem: Doubt | undefined, run: Run): Promise<Judgement> {
    const { ledger, droplets } = this.#options;
    let judgement: Judgement | undefined;
    await ledger.write(() => {
      judgement = this.#book.judge(group, this.#scene(problem));
      const { admit, held, used } = judgement;
      const isNews = JSON.stringify(held) !== JSON.stringify(ledger.held());
      if (admit.length === 0 && used === undefined && !isNews) return undefined;
      const all = new Map(droplets.list().map(({ metadata }) => [metadata.uid!, metadata]));
      return { admit, held, ...(used && { used }), isOver: admission => isOver(admission, all) };
    }, run.signal);
    ledger.renew(judgement!.renew);
    return judgement!;
  }

  #scene(problem: Doubt | undefined): Scene {
    const { ledger, droplets, dropletsOf, clock } = this.#options;
    return {
      admitted: ledger.admitted(),
      used: ledger.used(),
      droplets: droplets.list(),
      dropletsOf,
      ...(problem && { standing: problem }),
      now: clock.now(),
      monotonic: clock.monotonic(),
    };
  }

  #announceNews(before: ReadonlyMap<string, string>, asker: string): void {
    const { holds, askers } = this.#book.newsSince(before);
    for (const hold of holds) this.#announce(hold);
    const others = askers.filter(other => other !== asker);
    if (others.length > 0) for (const handler of this.#handlers) handler(others);
  }

  #announce({ group, reason, message, effects }: Hold): void {
    const text = `held: ${effects}; ${message}`;
    this.#options.log.warn(`${text}. Run "dropfleet confirm" to allow it`);
    const object = this.#book.firstObject(group);
    if (object !== undefined) this.#options.events.record(object, 'Warning', reason, text);
  }
}

/** Takes the confirmation off an object, unless another was written there meanwhile. */
async function takeOffConfirmation(
  kubernetes: GateOptions['kubernetes'],
  object: Project | Droplet,
  run: Run,
): Promise<void> {
  const kind = (object.kind === 'Project' ? PROJECTS : DROPLETS) as ResourceKind<Project | Droplet>;
  const { uid, resourceVersion } = object.metadata;
  const patch = { metadata: { uid, resourceVersion, annotations: { [CONFIRM_ANNOTATION]: null } } };
  try {
    run.wrote(await kubernetes.patch(kind, keyOf(object), patch, { signal: run.signal }));
  } catch (error) {
    // The next reconcile takes it off.
    if (!isConflict(error) && !isNotFound(error)) throw error;
  }
}

/** Takes off a confirmation whose time is over. Whoever reconciles the object calls it. */
export async function takeOffExpired(
  kubernetes: GateOptions['kubernetes'],
  object: Project | Droplet,
  now: number,
  run: Run,
): Promise<void> {
  const text = object.metadata.annotations?.[CONFIRM_ANNOTATION];
  if (text !== undefined && isExpired(text, now)) await takeOffConfirmation(kubernetes, object, run);
}
