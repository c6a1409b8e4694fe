import type { Clock } from '../../clients/clock.ts';
import type { KubernetesClient, Reader } from '../../clients/kubernetes/client.ts';
import { isConflict, isNotFound } from '../../clients/kubernetes/errors.ts';
import { DROPLETS, PROJECTS, type ResourceKind } from '../../clients/kubernetes/kinds.ts';
import type { Logger } from '../../clients/log.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type KubernetesObject, type ObjectKey } from '../../crds/meta.ts';
import { CONFIRM_ANNOTATION } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import type { EventRecorder, Run } from '../context.ts';
import { confirmationOf, confirms, isExpired, OFFER_MS } from './confirmation.ts';
import { describeEffects, keyOfEffect, type Doubt, type Effect } from './effect.ts';
import type { HeldEntry, Ledger, LedgerChange } from './ledger.ts';
import { judge, WINDOW_MS, type Admission, type Request, type Verdict } from './policy.ts';
import type { Standing } from './standing.ts';

/** What somebody wants to do. */
export interface Ask {
  /** Whoever asks, such as `droplet default/shop-web1`. */
  asker: string;
  /** What a person would confirm together, such as `default/shop`. */
  group: string;
  effects: readonly Effect[];
  /** Those that may carry the confirmation, as last read; the first is the one that people are told of. */
  objects: readonly (Project | Droplet)[];
  /** How long it must have been asked for to be believed, ms; long enough for what comes with it unless told. */
  believedAfterMs?: number;
}

/** What the gate says to it. */
export type Answer =
  | { type: 'pass' }
  | { type: 'wait'; ms: number }
  /** `message` says all that a person needs: why, what, and how to let it through. */
  | { type: 'hold'; reason: string; message: string; confirmation: string };

/** Something that is held. */
export interface Hold extends HeldEntry {
  askers: readonly string[];
}

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

/** A request that is not let through yet. */
interface Pending extends Ask {
  askedAt: number;
}

class LedgerGate implements Gate {
  readonly #options: GateOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #holds = new Map<string, Hold & { keys: ReadonlySet<string>; until: number }>();
  readonly #handlers = new Set<(askers: readonly string[]) => void>();
  /** One is answered after the other: what the one is given, the next must know of. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: GateOptions) {
    this.#options = options;
  }

  holds(): readonly Hold[] {
    return [...this.#holds.values()];
  }

  subscribe(handler: (askers: readonly string[]) => void): () => void {
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  }

  async hasPassed(effects: readonly Effect[], signal: AbortSignal): Promise<boolean> {
    await this.#options.ledger.load(signal);
    return this.#unadmitted(effects).length === 0;
  }

  async ask(ask: Ask, run: Run): Promise<Answer> {
    if (ask.effects.length === 0 && !this.#pending.has(ask.asker)) return { type: 'pass' };
    const answer = this.#turn.then(() => this.#answer(ask, run));
    this.#turn = answer.catch(() => undefined);
    return await answer;
  }

  async #answer(ask: Ask, run: Run): Promise<Answer> {
    run.signal.throwIfAborted();
    const { ledger, standing } = this.#options;
    await ledger.load(run.signal);
    const problem = await standing.problem(run.signal);
    this.#register(ask);
    const requests = [...this.#pending.values()].map(pending => this.#requestOf(pending));
    const verdicts = judge({
      requests,
      admitted: ledger.admitted(),
      held: this.#keysHeld(),
      droplets: this.#dropletsBy(requests),
      fleetSize: this.#options.droplets.list().length,
      ...(problem && { standing: problem }),
    });
    const before = new Map([...this.#holds].map(([group, { confirmation }]) => [group, confirmation]));
    this.#noteHolds(verdicts);
    const verdict = verdicts.get(ask.group) ?? { type: 'pass' };
    await this.#writeDown(ask.group, verdict, run);
    this.#tell(before, ask.asker);
    return this.#answerTo(ask.group, verdict);
  }

  #register(ask: Ask): void {
    const before = this.#pending.get(ask.asker);
    if (ask.effects.length === 0) return void this.#pending.delete(ask.asker);
    const known = new Set(before?.effects.map(keyOfEffect));
    const isSame = before?.group === ask.group && ask.effects.every(effect => known.has(keyOfEffect(effect)));
    const askedAt = isSame ? before.askedAt : this.#options.clock.monotonic();
    this.#pending.set(ask.asker, { ...ask, askedAt });
  }

  #requestOf({ asker, group, effects, believedAfterMs, askedAt }: Pending): Request {
    const { clock, settleMs } = this.#options;
    return {
      asker,
      group,
      effects,
      ageMs: clock.monotonic() - askedAt,
      believedAfterMs: believedAfterMs ?? settleMs,
      confirmed: this.#isConfirmed(group),
    };
  }

  /** By anyone of the objects that may carry the word, as it is said of all that the group asks for. */
  #isConfirmed(group: string): boolean {
    const { texts, effects } = this.#groupOf(group);
    const asked = this.#unadmitted(effects);
    return texts.some(text => confirms(text, asked, this.#options.clock.now()));
  }

  #groupOf(group: string): {
    effects: Effect[];
    objects: (Project | Droplet)[];
    texts: string[];
    askers: string[];
  } {
    const members = [...this.#pending.values()].filter(pending => pending.group === group);
    const objects = members.flatMap(member => member.objects);
    return {
      effects: members.flatMap(({ effects }) => effects),
      objects: [...new Map(objects.map(object => [object.metadata.uid, object])).values()],
      texts: objects.flatMap(({ metadata }) => metadata.annotations?.[CONFIRM_ANNOTATION] ?? []),
      askers: members.map(({ asker }) => asker),
    };
  }

  #unadmitted(effects: readonly Effect[]): Effect[] {
    const admitted = new Set(this.#options.ledger.admitted().map(({ key }) => key));
    return effects.filter(effect => !admitted.has(keyOfEffect(effect)));
  }

  /** What was held stays so while all of it is still asked for; a part that was taken back changes the question. */
  #keysHeld(): ReadonlySet<string> {
    const asked = new Set([...this.#pending.values()].flatMap(({ effects }) => effects.map(keyOfEffect)));
    const holds = [...this.#holds.values()].filter(({ keys }) => [...keys].every(key => asked.has(key)));
    return new Set(holds.flatMap(({ keys }) => [...keys]));
  }

  #dropletsBy(requests: readonly Request[]): Map<ObjectKey, readonly string[]> {
    const recent = this.#options.ledger.admitted();
    const projects = new Set(
      [...requests.flatMap(({ effects }) => effects), ...recent].map(({ project }) => project),
    );
    return new Map([...projects].map(project => [project, this.#options.dropletsOf(project)]));
  }

  #noteHolds(verdicts: ReadonlyMap<string, Verdict>): void {
    for (const group of this.#holds.keys())
      if (verdicts.get(group)?.type !== 'hold') this.#holds.delete(group);
    for (const [group, verdict] of verdicts) if (verdict.type === 'hold') this.#noteHold(group, verdict);
  }

  #noteHold(group: string, verdict: Doubt): void {
    const now = this.#options.clock.now();
    const { effects, objects, askers } = this.#groupOf(group);
    const asked = this.#unadmitted(effects);
    const before = this.#holds.get(group);
    // What was said first stays true: the reason why it was held may be over, and the hold is not.
    const why = verdict.reason === HELD && before !== undefined ? before : verdict;
    const until = before !== undefined && before.until > now ? before.until : now + OFFER_MS;
    this.#holds.set(group, {
      group,
      reason: why.reason,
      message: why.message,
      effects: describeEffects(asked),
      confirmation: confirmationOf(asked, until),
      objects: objects.map(placeOf),
      askers,
      keys: new Set(asked.map(keyOfEffect)),
      until,
    });
  }

  /** What passes is on record before anybody is told so. */
  async #writeDown(group: string, verdict: Verdict, run: Run): Promise<void> {
    const { ledger } = this.#options;
    const { effects, objects, texts } = this.#groupOf(group);
    const asked = this.#unadmitted(effects);
    const confirmed = this.#isConfirmed(group);
    const admit =
      verdict.type === 'pass' ? asked.filter(isKept).map(effect => ({ ...entryOf(effect), confirmed })) : [];
    const held = [...this.#holds.values()].map(
      ({ askers: _askers, keys: _keys, until: _until, ...entry }): HeldEntry => entry,
    );
    const isNews = JSON.stringify(held) !== JSON.stringify(ledger.held());
    if (admit.length > 0 || isNews) {
      const change: LedgerChange = { admit, held, isOver: admission => this.#isOver(admission) };
      await ledger.write(change, run.signal);
    }
    if (verdict.type !== 'pass') return;
    for (const [asker, pending] of this.#pending) if (pending.group === group) this.#pending.delete(asker);
    if (confirmed && texts.length > 0) await this.#useUp(objects, run);
  }

  /** An entry that nothing is left of, or that was never carried out. */
  #isOver({ uid, verb, ageMs }: Admission): boolean {
    if (ageMs < WINDOW_MS) return false;
    if (verb !== 'destroy' || uid === '') return true;
    const droplet = this.#options.droplets.list().find(({ metadata }) => metadata.uid === uid);
    return droplet?.metadata.deletionTimestamp === undefined;
  }

  /** A confirmation that was used, and one that came too late, is taken off. It could allow nothing again anyway. */
  async #useUp(objects: readonly (Project | Droplet)[], run: Run): Promise<void> {
    for (const object of objects) {
      if (object.metadata.annotations?.[CONFIRM_ANNOTATION] === undefined) continue;
      await takeOffConfirmation(this.#options.kubernetes, object, run);
    }
  }

  #tell(before: ReadonlyMap<string, string>, asker: string): void {
    for (const [group, hold] of this.#holds) if (before.get(group) === undefined) this.#announce(hold);
    const changed = [...new Set([...before.keys(), ...this.#holds.keys()])].filter(
      group => before.get(group) !== this.#holds.get(group)?.confirmation,
    );
    const askers = [...this.#pending.values()].filter(({ group }) => changed.includes(group));
    const others = askers.map(pending => pending.asker).filter(other => other !== asker);
    if (others.length > 0) for (const handler of this.#handlers) handler(others);
  }

  #announce({ group, reason, message, effects }: Hold): void {
    const text = `held: ${effects}; ${message}`;
    this.#options.log.warn(`${text}. "dropfleet confirm" lets it through`);
    const object = this.#groupOf(group).objects[0];
    if (object !== undefined) this.#options.events.record(object, 'Warning', reason, text);
  }

  #answerTo(group: string, verdict: Verdict): Answer {
    if (verdict.type !== 'hold') return verdict;
    const hold = this.#holds.get(group)!;
    return {
      type: 'hold',
      reason: hold.reason,
      message: explainHold(hold),
      confirmation: hold.confirmation,
    };
  }
}

/** The reason that the policy gives for what was held before. */
const HELD = 'Held';

/** Everything that counts later, or that must be known of when it is asked for again. */
const isKept = ({ verb, cause }: Effect): boolean =>
  verb === 'destroy' || (verb === 'buy' && cause === 'vanished');

const entryOf = (effect: Effect) => ({
  key: keyOfEffect(effect),
  verb: effect.verb,
  cause: effect.cause,
  project: effect.project,
  uid: effect.uid,
});

const placeOf = ({ kind, metadata }: KubernetesObject): HeldEntry['objects'][number] => ({
  kind,
  namespace: metadata.namespace ?? '',
  name: metadata.name,
});

/** Why it is held, what it is, and how to let it through. */
export function explainHold({ message, effects, confirmation, objects }: HeldEntry): string {
  const [object] = objects;
  const kubectl =
    object === undefined
      ? ''
      : ` or "kubectl annotate -n ${object.namespace} ${object.kind.toLowerCase()} ${object.name} --overwrite ${CONFIRM_ANNOTATION}='${confirmation}'"`;
  return `held: ${effects}; ${message}. To let it through, run "dropfleet confirm"${kubectl}`;
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
    // The next look takes it off.
    if (!isConflict(error) && !isNotFound(error)) throw error;
  }
}

/** Takes off a confirmation whose time is over. Whoever looks at the object calls it. */
export async function takeOffExpired(
  kubernetes: GateOptions['kubernetes'],
  object: Project | Droplet,
  now: number,
  run: Run,
): Promise<void> {
  const text = object.metadata.annotations?.[CONFIRM_ANNOTATION];
  if (text !== undefined && isExpired(text, now)) await takeOffConfirmation(kubernetes, object, run);
}
