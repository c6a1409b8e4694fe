import type { ObjectKey } from '../../crds/meta.ts';

/**
 * Something that is about to be done to what costs money or holds data, as data: what, of whom, and why. Whoever
 * plans such a thing describes it so, and asks the gate (gate.ts) before doing it.
 */
export interface Effect {
  verb: Verb;
  cause: Cause;
  /** `namespace/name` of the Project that it is about. */
  project: ObjectKey;
  /** The name of the Droplet, or of what else it is done to. */
  name: string;
  /** The uid of the Droplet or ServiceDeployment; empty for what belongs to no object. */
  uid: string;
  /** DigitalOcean's id of the server that is there, or was. */
  server?: number;
  /** DigitalOcean's id of the snapshot that goes. */
  snapshot?: string;
  /** What a confirmation must name besides: such as `9 to 2`. */
  change?: string;
  /** A server that holds data: a last snapshot of it is taken first, unless that is forgone. */
  data?: true;
  /** Why it must not be done by itself, however little it is. One sentence. */
  doubt?: Doubt;
}

/** What a hold is reported with: a condition's reason, and a sentence without what to do. */
export interface Doubt {
  reason: string;
  message: string;
}

/**
 *     verb       | what is lost or gained
 *     -----------+-----------------------------------------------
 *     destroy    | a server and its disk
 *     power-off  | service for a while: a shutdown, a cut, a resize
 *     buy        | money: a server is asked for
 *     take-over  | a server that this object did not have so far
 *     remove     | a service: its containers, never its volumes
 *     prune      | a snapshot, while newer ones stay, or its server is long gone
 *     forgo      | what is on the disk of a server that is destroyed, for want of a last snapshot
 *     detach     | what a server has of a volume or an address, for as long as no other has it
 */
export type Verb = 'destroy' | 'power-off' | 'buy' | 'take-over' | 'remove' | 'prune' | 'forgo' | 'detach';

/** Why it is to be done. */
export type Cause =
  | 'row removed'
  | 'row shrank'
  | 'scaled down'
  | 'deleted'
  | 'vanished'
  | 'duplicate'
  | 'orphan'
  | 'resize'
  | 'power'
  | 'recovery'
  | 'retired'
  | 'new'
  | 'adopted'
  | 'left the file'
  | 'old snapshot'
  | 'drill'
  | 'data volume'
  | 'reserved IP';

/**
 * What the gate remembers an effect by. A Droplet's end is one effect, whichever of its servers are destroyed in its
 * course and whoever decided it; what belongs to no object goes by the server, and a snapshot by itself.
 */
export function keyOfEffect({ verb, cause, uid, server, snapshot, change }: Effect): string {
  if (verb === 'prune') return `prune snapshot ${snapshot}`;
  if (NOUNS_BY_CAUSE[cause] !== undefined) return `${verb} ${cause} ${uid} ${change}`;
  const isEnd = verb === 'destroy' || verb === 'forgo';
  if (isEnd && ONE_SERVER.has(cause)) return `${verb} server ${server}`;
  const key = isEnd ? `${verb} ${uid}` : `${verb} ${uid} ${server ?? ''}`;
  // It is bought for another reason if it vanishes meanwhile, and by other limits; a drill's never is the Droplet's own.
  return cause === 'recovery' || cause === 'drill' ? `${key} ${cause}` : key;
}

/** The causes by which one server ends, and not its Droplet. */
const ONE_SERVER: ReadonlySet<Cause> = new Set(['duplicate', 'orphan', 'retired', 'drill']);

/** That it is destroyed without a last snapshot: allowed by a confirmation that says so, and by nothing else. */
export function forgoing({ data: _data, doubt: _doubt, ...destroy }: Effect, doubt?: Doubt): Effect {
  return { ...destroy, verb: 'forgo', ...(doubt && { doubt }) };
}

/** What the gate keeps of an effect that it let through. */
export const entryOf = (effect: Effect) => ({
  key: keyOfEffect(effect),
  verb: effect.verb,
  cause: effect.cause,
  project: effect.project,
  uid: effect.uid,
});

/** All that a confirmation of it names; another server, another size or another object is another thing. */
export const contentOfEffect = ({ verb, name, uid, server, snapshot, change }: Effect): string =>
  [verb, name, uid, server ?? snapshot ?? '-', change ?? '-'].join(' ');

/** Such as `destroy 7 droplets of shop (9 to 2): shop-web2, shop-web3 and 5 more`. */
export function describeEffects(effects: readonly Effect[]): string {
  const groups = Map.groupBy(effects, ({ verb, cause, project, change }) =>
    [verb, NOUNS_BY_CAUSE[cause], project, change].join(' '),
  );
  return [...groups.values()].map(describeGroup).join('; ');
}

const MOST_NAMES = 5;

function describeGroup(effects: readonly Effect[]): string {
  const { verb, cause, project, change } = effects[0]!;
  const names = effects.map(({ name }) => name);
  const shown = names.slice(0, MOST_NAMES).join(', ');
  const rest = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  const of = project.slice(project.indexOf('/') + 1);
  const fromTo = change === undefined ? '' : ` (${change})`;
  const noun = NOUNS_BY_CAUSE[cause] ?? NOUNS[verb] ?? 'droplet';
  const without = verb === 'forgo' ? ` ${WITHOUT_SNAPSHOT}` : '';
  return `${WORDS[verb]} ${count(names.length, noun)} of ${of}${fromTo}${without}: ${shown}${rest}`;
}

/** What a confirmation says by which no last snapshot is taken. */
export const WITHOUT_SNAPSHOT = 'without a last snapshot';

const WORDS: Record<Verb, string> = {
  destroy: 'destroy',
  'power-off': 'power off',
  buy: 'create',
  'take-over': 'take over',
  remove: 'remove',
  prune: 'destroy',
  forgo: 'destroy',
  detach: 'detach',
};

const NOUNS: Partial<Record<Verb, string>> = { remove: 'service', prune: 'snapshot' };

const NOUNS_BY_CAUSE: Partial<Record<Cause, string>> = {
  'data volume': 'data volume',
  'reserved IP': 'reserved IP',
};

/** `1 droplet`, `2 droplets`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
