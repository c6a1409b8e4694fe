import type { Droplet } from '../../crds/droplet.ts';
import type { KubernetesObject, ObjectKey, ObjectMeta } from '../../crds/meta.ts';
import { CONFIRM_ANNOTATION } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import { confirmationOf, confirms, hashIn, OFFER_MS, saysWithoutSnapshot } from './confirmation.ts';
import {
  contentOfEffect,
  describeEffects,
  entryOf,
  forgoing,
  keyOfEffect,
  type Doubt,
  type Effect,
} from './effect.ts';
import { judge, WINDOW_MS, type Admission, type Request, type Verdict } from './policy.ts';

/** What somebody wants to do. */
export interface Ask {
  /** Whoever asks, such as `droplet default/shop-web1`. */
  asker: string;
  /** What a person would confirm together, such as `default/shop`. */
  group: string;
  effects: readonly Effect[];
  /** Those that may carry the confirmation, as last read; the first is the one that a hold is reported on. */
  objects: readonly (Project | Droplet)[];
  /** How long it must have been asked for to be believed, ms; long enough for what comes with it by default. */
  believedAfterMs?: number;
  /**
   * What is held of it is judged again when a part is taken back: for a file, which a person mends as a whole. A deletion
   * stays held until it is confirmed, whatever becomes of those that came with it.
   */
  isRevocable?: true;
}

/** What the gate says to it. */
export type Answer =
  | { type: 'pass' }
  | { type: 'wait'; ms: number }
  /** `message` says all that a person needs: why, what, and how to let it through. */
  | { type: 'hold'; reason: string; message: string; confirmation: string };

/** What is held, as it is kept for `dropfleet confirm` and `dropfleet status`. */
export interface HeldEntry {
  group: string;
  reason: string;
  /** Why it is held. */
  message: string;
  /** What it is. */
  effects: string;
  /** What CONFIRM_ANNOTATION must say on one of the objects to let it through. */
  confirmation: string;
  /**
   * What it must say for no last snapshot to be taken of the servers of it that hold data; the same as `confirmation`
   * where that is all that is held. None where no server of it does.
   */
  withoutSnapshot?: string;
  /** Kind, namespace and name of objects that may carry the confirmation: the first few. */
  objects: { kind: string; namespace: string; name: string }[];
}

/** Something that is held. */
export interface Hold extends HeldEntry {
  askers: readonly string[];
}

/** What there is when something is judged. */
export interface Scene {
  /** What was let through, as the ledger has it. */
  admitted: readonly Admission[];
  /** The hashes of the confirmations that were used. */
  used: readonly string[];
  droplets: readonly Droplet[];
  /** The uids of the Droplets of a project that have a server: a project that has none left is at its end. */
  dropletsOf: (project: ObjectKey) => readonly string[];
  /** Why nothing at all may be done, if so. */
  standing?: Doubt;
  /** Wall time, ms. */
  now: number;
  monotonic: number;
}

/** What a judgement comes to. Before the answer is given, the rest must be on record. */
export interface Judgement {
  answer: Answer;
  admit: Omit<Admission, 'ageMs'>[];
  /** The keys of what was let through before, and is about to be done now: its time starts over. */
  renew: string[];
  /** The hash of the confirmation that it takes; it allows nothing again. */
  used?: string;
  /** The objects of the group that carry a confirmation which was used, now or earlier. */
  spent: (Project | Droplet)[];
  held: HeldEntry[];
}

/** What became of the holds since some moment. */
export interface News {
  /** Those that are held for the first time. */
  holds: Hold[];
  /** Whose answer may be another now. */
  askers: string[];
}

/** A request that is not let through yet. */
interface Pending extends Ask {
  keys: readonly string[];
  askedAt: number;
}

interface NotedHold extends Hold {
  keys: ReadonlySet<string>;
  /** What its confirmation stands for. */
  contents: string;
  /** Until when its confirmation may be given, wall time. */
  until: number;
  /** What was first said of a limit: it stays held when the limit would allow it, so that it does not trickle through. */
  lasting?: Doubt;
  isRevocable: boolean;
}

interface Group {
  /** What of it was not let through yet. */
  asked: Effect[];
  /** What was. */
  done: Effect[];
  objects: (Project | Droplet)[];
  askers: string[];
  isRevocable: boolean;
  requests: Request[];
  /** The confirmation of all that is asked, when one of the objects carries it. */
  text?: string;
}

/** What one judgement goes by. */
interface Situation {
  admitted: Admission[];
  groups: Map<string, Group>;
  /** The keys of all that is asked for; none are gathered while nothing is held. */
  asked: ReadonlySet<string>;
}

/**
 * Who asks the gate for what, and what of it is held. It is the gate without its I/O: all that it knows is told it, and
 * what it says counts only once it is written down.
 */
export class GateBook {
  readonly #settleMs: number;
  readonly #pending = new Map<string, Pending>();
  readonly #holds = new Map<string, NotedHold>();
  /**
   * What a limit held and would be let through now. It is held on until that is on record and was said: until then the
   * ledger may refuse it, and what is confirmed may become something else.
   */
  readonly #leaving = new Map<string, NotedHold>();

  /** @param settleMs how long a change is waited with for what comes with it. */
  constructor(settleMs: number) {
    this.#settleMs = settleMs;
  }

  holds(): readonly Hold[] {
    return [...this.#holds.values()];
  }

  /** Whether something of that asker's is not let through yet. */
  isAsking(asker: string): boolean {
    return this.#pending.has(asker);
  }

  /** Notes what somebody asks for, in place of what the same asker asked for before; no effects take that back. */
  register(ask: Ask, monotonic: number): void {
    const before = this.#pending.get(ask.asker);
    if (ask.effects.length === 0) return void this.#pending.delete(ask.asker);
    const keys = ask.effects.map(keyOfEffect);
    const known = new Set(before?.keys);
    const isSame = before?.group === ask.group && keys.every(key => known.has(key));
    this.#pending.set(ask.asker, { ...ask, keys, askedAt: isSame ? before.askedAt : monotonic });
  }

  /** Judges all that is asked for, and says what that means for the group. Repeated, it says the same. */
  judge(group: string, scene: Scene): Judgement {
    const situation = this.#situationAt(scene);
    const requests = [...situation.groups.values()].flatMap(({ requests }) => requests);
    const verdicts = judge({
      requests,
      admitted: situation.admitted,
      held: this.#keysHeld(situation),
      droplets: dropletsBy(requests, situation.admitted, scene),
      fleetSize: scene.droplets.length,
      ...(scene.standing && { standing: scene.standing }),
    });
    this.#noteHolds(verdicts, situation, scene.now);
    const held = [...this.#holds.values()].map(entryOfHold);
    const verdict = verdicts.get(group) ?? { type: 'pass' };
    const members = situation.groups.get(group);
    const passed = verdict.type === 'pass' && members ? letThrough(members) : { admit: [], renew: [] };
    const used = [...scene.used, ...(passed.used === undefined ? [] : [passed.used])];
    const answer = verdict.type === 'pass' ? verdict : this.#answerTo(group, verdict);
    return { answer, held, spent: members ? spentOf(members, used) : [], ...passed };
  }

  /** The offer that is made for each group that is held, to tell later what changed. */
  offers(): ReadonlyMap<string, string> {
    return new Map([...this.#holds].map(([group, { confirmation }]) => [group, confirmation]));
  }

  /** What changed since. */
  newsSince(before: ReadonlyMap<string, string>): News {
    const groups = new Set([...before.keys(), ...this.#holds.keys()]);
    const changed = [...groups].filter(group => before.get(group) !== this.#holds.get(group)?.confirmation);
    const concerned = [...this.#pending.values()].filter(({ group }) => changed.includes(group));
    return {
      holds: [...this.#holds.values()].filter(({ group }) => !before.has(group)),
      askers: concerned.map(({ asker }) => asker),
    };
  }

  /** The one that a hold is reported on. */
  firstObject(group: string): Project | Droplet | undefined {
    return [...this.#pending.values()].find(pending => pending.group === group)?.objects[0];
  }

  /** What was let through is asked for no more. */
  close(group: string): void {
    this.#leaving.delete(group);
    for (const [asker, pending] of this.#pending) if (pending.group === group) this.#pending.delete(asker);
  }

  /** What is asked for, by groups, and what of it was let through. */
  #situationAt(scene: Scene): Situation {
    const uids = new Map(scene.droplets.map(({ metadata }) => [metadata.uid!, metadata]));
    const admitted = scene.admitted
      // What is over was let through for what was asked for then, and not for the same words years later.
      .filter(admission => !isOver(admission, uids))
      // What is still under way happens now, however long ago it was let through.
      .map(admission => (admission.ageMs < WINDOW_MS ? admission : { ...admission, ageMs: 0 }));
    const passed = new Set(admitted.map(({ key }) => key));
    const groups = Map.groupBy(this.#pending.values(), ({ group }) => group);
    return {
      admitted,
      groups: new Map([...groups].map(([name, members]) => [name, this.#groupOf(members, passed, scene)])),
      asked: new Set(
        this.#holds.size + this.#leaving.size === 0
          ? []
          : [...this.#pending.values()].flatMap(({ keys }) => keys),
      ),
    };
  }

  #groupOf(members: readonly Pending[], passed: ReadonlySet<string>, scene: Scene): Group {
    const effects = members.flatMap(member => member.effects);
    const asked = effects.filter(effect => !passed.has(keyOfEffect(effect)));
    const objects = members.flatMap(member => member.objects);
    const text = objects.map(textOn).find(given => isGiven(given, asked, scene));
    return {
      asked,
      done: effects.filter(effect => passed.has(keyOfEffect(effect))),
      objects: [...new Map(objects.map(object => [object.metadata.uid, object])).values()],
      askers: members.map(({ asker }) => asker),
      isRevocable: members.every(member => member.isRevocable),
      requests: members.map(member => this.#requestOf(member, text !== undefined, scene)),
      ...(text !== undefined && { text }),
    };
  }

  #requestOf(pending: Pending, confirmed: boolean, { monotonic }: Scene): Request {
    const { asker, group, effects, believedAfterMs = this.#settleMs, askedAt } = pending;
    return { asker, group, effects, believedAfterMs, confirmed, ageMs: monotonic - askedAt };
  }

  /** What a limit held stays so while it is asked for. */
  #keysHeld({ asked }: Situation): ReadonlySet<string> {
    const holds = [...this.#holds.values(), ...this.#leaving.values()].filter(hold => lasts(hold, asked));
    return new Set(holds.flatMap(({ keys }) => [...keys]).filter(key => asked.has(key)));
  }

  #noteHolds(verdicts: ReadonlyMap<string, Verdict>, situation: Situation, now: number): void {
    for (const [group, hold] of this.#holds) {
      if (verdicts.get(group)?.type === 'hold') continue;
      this.#holds.delete(group);
      this.#leaving.set(group, hold);
    }
    for (const [group, hold] of this.#leaving)
      if (!verdicts.has(group) || !lasts(hold, situation.asked)) this.#leaving.delete(group);
    for (const [group, verdict] of verdicts)
      if (verdict.type === 'hold') this.#noteHold(group, verdict, situation, now);
  }

  #noteHold(
    group: string,
    verdict: Extract<Verdict, { type: 'hold' }>,
    situation: Situation,
    now: number,
  ): void {
    const { asked, objects, askers, isRevocable } = situation.groups.get(group)!;
    const before = this.#holds.get(group) ?? this.#leaving.get(group);
    this.#leaving.delete(group);
    const stayed = before !== undefined && lasts(before, situation.asked) ? before.lasting : undefined;
    const doubt: Doubt = { reason: verdict.reason, message: verdict.message };
    // What was said first stays true: the limit would allow it now, and the hold is not over.
    const why = verdict.wasHeld === true ? (stayed ?? doubt) : doubt;
    const lasting = stayed ?? (verdict.isLimit || verdict.wasHeld ? doubt : undefined);
    const contents = asked.map(contentOfEffect).join('\n');
    const isSame = before?.contents === contents && before.until > now;
    const until = before !== undefined && before.until > now ? before.until : now + OFFER_MS;
    this.#holds.set(group, {
      group,
      ...why,
      effects: isSame ? before.effects : describeEffects(asked),
      confirmation: isSame ? before.confirmation : confirmationOf(asked, until),
      ...withoutSnapshotOf(asked, until),
      objects: objects.slice(0, MOST_OBJECTS).map(placeOf),
      askers,
      keys: isSame ? before.keys : new Set(asked.map(keyOfEffect)),
      contents,
      until,
      isRevocable,
      ...(lasting && { lasting }),
    });
  }

  #answerTo(group: string, verdict: Exclude<Verdict, { type: 'pass' }>): Answer {
    if (verdict.type === 'wait') return verdict;
    const hold = this.#holds.get(group)!;
    const { reason, confirmation } = hold;
    return { type: 'hold', reason, message: explainHold(hold), confirmation };
  }
}

/** One is enough to carry a confirmation, and some may be gone when it is given. */
const MOST_OBJECTS = 10;

const lasts = ({ lasting, keys, isRevocable }: NotedHold, asked: ReadonlySet<string>): boolean => {
  const isAsked = (key: string): boolean => asked.has(key);
  return lasting !== undefined && (isRevocable ? [...keys].every(isAsked) : [...keys].some(isAsked));
};

/** What is offered besides where there are data to lose. */
function withoutSnapshotOf(asked: readonly Effect[], until: number): Pick<HeldEntry, 'withoutSnapshot'> {
  if (asked.some(({ data }) => data)) return { withoutSnapshot: confirmationOf(asked, until, true) };
  return asked.some(({ verb }) => verb === 'forgo') ? { withoutSnapshot: confirmationOf(asked, until) } : {};
}

const textOn = ({ metadata }: Project | Droplet): string | undefined =>
  metadata.annotations?.[CONFIRM_ANNOTATION];

/** Everything that counts later, or that must be known of when it is asked for again. */
const isKept = ({ verb, cause }: Effect): boolean =>
  isEnd({ verb }) || verb === 'prune' || (verb === 'buy' && (cause === 'vanished' || cause === 'recovery'));

const isEnd = ({ verb }: Pick<Effect, 'verb'>): boolean => verb === 'destroy' || verb === 'forgo';

/** Whether the text is a confirmation of just that, and none that was used. */
const isGiven = (text: string | undefined, asked: readonly Effect[], { used, now }: Scene): boolean =>
  text !== undefined && !used.includes(hashIn(text) ?? '') && confirms(text, asked, now);

function letThrough({ asked, done, text }: Group): Pick<Judgement, 'admit' | 'renew' | 'used'> {
  const confirmed = text !== undefined;
  const forgone = confirmed && saysWithoutSnapshot(text) ? asked.filter(({ data }) => data) : [];
  const admit = [...asked, ...forgone.map(effect => forgoing(effect))]
    .filter(effect => confirmed || isKept(effect))
    .map(effect => ({ ...entryOf(effect), confirmed }));
  return { admit, renew: done.map(keyOfEffect), ...(confirmed && { used: hashIn(text)! }) };
}

const spentOf = ({ objects }: Group, used: readonly string[]): (Project | Droplet)[] =>
  objects.filter(object => {
    const text = textOn(object);
    return text !== undefined && used.includes(hashIn(text) ?? '');
  });

/**
 * Whether nothing is left of an entry, or it was never carried out.
 *
 * @param droplets their metadata, by uid.
 */
export function isOver(
  { uid, verb, ageMs }: Admission,
  droplets: ReadonlyMap<string, Pick<ObjectMeta, 'deletionTimestamp'>>,
): boolean {
  if (ageMs < WINDOW_MS) return false;
  if (!isEnd({ verb }) || uid === '') return true;
  return droplets.get(uid)?.deletionTimestamp === undefined;
}

/** What a project has to lose: the uids of those of its Droplets that have a server, or may have one. */
export const uidsWithServers = (droplets: readonly Droplet[]): string[] =>
  droplets
    .filter(({ status }) => status?.server?.id !== undefined || status?.server?.nonce !== undefined)
    .map(({ metadata }) => metadata.uid!);

function dropletsBy(
  requests: readonly Request[],
  admitted: readonly Admission[],
  { dropletsOf }: Scene,
): Map<ObjectKey, readonly string[]> {
  const all = [...requests.flatMap(({ effects }) => effects), ...admitted];
  return new Map([...new Set(all.map(({ project }) => project))].map(key => [key, dropletsOf(key)]));
}

const entryOfHold = (hold: NotedHold): HeldEntry => {
  const { group, reason, message, effects, confirmation, withoutSnapshot, objects } = hold;
  return {
    group,
    reason,
    message,
    effects,
    confirmation,
    ...(withoutSnapshot !== undefined && { withoutSnapshot }),
    objects,
  };
};

const placeOf = ({ kind, metadata }: KubernetesObject): HeldEntry['objects'][number] => ({
  kind,
  namespace: metadata.namespace ?? '',
  name: metadata.name,
});

/** Why it is held, what it is, and how to let it through. */
function explainHold({ message, effects, confirmation, withoutSnapshot, objects }: HeldEntry): string {
  const [object] = objects;
  const kubectl =
    object === undefined
      ? ''
      : ` or "kubectl annotate -n ${object.namespace} ${object.kind.toLowerCase()} ${object.name} --overwrite ${CONFIRM_ANNOTATION}='${confirmation}'"`;
  const flag = withoutSnapshot === confirmation ? ' --without-snapshot' : '';
  const data = withoutSnapshot === undefined || flag !== '' ? '' : `. ${SNAPSHOT_FIRST}`;
  return `held: ${effects}; ${message}${data}. To allow it, run "dropfleet confirm${flag}"${kubectl}`;
}

/** What is said of the destruction of servers some of which hold data. */
export const SNAPSHOT_FIRST =
  'Takes a last snapshot first of what holds data, unless --without-snapshot is given';
