import { nonceOf } from '../../crds/cloud-tags.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { ADOPT_ANNOTATION } from '../../crds/names.ts';
import type { Doubt, Effect } from '../gate/effect.ts';
import { holdsData } from '../last-snapshot/data-plan.ts';
import type { CloudView, DropletPlan, DropletStep, Server } from './model.ts';
import { isKept, KEPT, MISSING } from './plan.ts';
import { POWER_CYCLING, REPLACING } from './recovery-plan.ts';

/** What the gate must let through before a plan is carried out. */
export interface DropletEffects {
  /** What becomes of the object's own server. */
  own: Effect[];
  /** The other servers that carry its tags. */
  duplicates: Effect[];
}

/**
 * What of a plan destroys, stops, buys or takes over; from the moment when that is the aim, though it may have to wait
 * for requests to end or for an absence to be believed.
 *
 *     the plan                                   | effect
 *     -------------------------------------------+--------------------------------------------------------
 *     the object goes, and there may be a server | destroy: its end, whatever servers there turn out to be
 *     its server is missing, or gone             | buy another in its place
 *     it never had one                           | buy; doubted where there may be one already
 *     others carry its tags                      | destroy each; doubted unless it surely is a second answer
 *                                                |   to one request
 *     its server is to be replaced, and is on    | power off, and buy another in its place; doubted as the first
 *     its place is free                          | buy another
 *     its power is to be cut and given back      | power off
 *     shut down, power off, resize               | power off
 *     take over                                  | take over
 */
export function effectsOf(
  droplet: Droplet,
  view: CloudView,
  plan: Pick<DropletPlan, 'steps' | 'reason'>,
): DropletEffects {
  const { metadata, spec, status } = droplet;
  const base = { project: `${metadata.namespace}/${spec.project}`, name: metadata.name, uid: metadata.uid! };
  const id = status?.server?.id ?? view.server?.id;
  const own = (effect: Pick<Effect, 'verb' | 'cause'> & Partial<Effect>): Effect[] => [
    { ...base, ...(id !== undefined && { server: id }), ...effect },
  ];
  if (metadata.deletionTimestamp !== undefined) {
    const mayHaveOne =
      view.server !== undefined || view.duplicates.length > 0 || status?.server?.nonce !== undefined;
    return {
      own:
        isKept(droplet) && mayHaveOne
          ? own({
              verb: 'destroy',
              cause: 'deleted',
              ...(hasData(droplet, view) && { data: true }),
              ...(plan.reason === KEPT && { doubt: WANTED }),
            })
          : [],
      duplicates: [],
    };
  }
  const doubt = doubtOfFirst(view);
  const has = (...types: DropletStep['type'][]): boolean =>
    plan.steps.some(({ type }) => types.includes(type));
  const effects: Effect[] = [
    ...(plan.reason === MISSING || (view.notFound && has('launch'))
      ? own({ verb: 'buy', cause: 'vanished' })
      : []),
    ...(!view.notFound && has('launch') && view.retired === undefined
      ? own({ verb: 'buy', cause: 'new', ...(doubt && { doubt }) })
      : []),
    ...ofRecovery(view, plan).flatMap(effect =>
      own({ ...effect, ...(effect.verb === 'buy' && doubt && { doubt }) }),
    ),
    ...(plan.reason !== REPLACING && has('shut-down', 'power-off', 'resize')
      ? own({ verb: 'power-off', cause: 'resize', change: `${status?.server?.size ?? '?'} to ${spec.size}` })
      : []),
    ...(has('take-over')
      ? own({ verb: 'take-over', cause: 'adopted', ...(view.claim && { server: view.claim.id }) })
      : []),
  ];
  const doomed = new Set(plan.steps.flatMap(step => (step.type === 'destroy' ? [step.id] : [])));
  const duplicates = view.duplicates
    .filter(server => doomed.has(server.id))
    .map((server): Effect => {
      const doubt = doubtOfDuplicate(droplet, view.server, server);
      return {
        ...base,
        verb: 'destroy',
        cause: 'duplicate',
        server: server.id,
        ...(holdsData(droplet, server.id) && { data: true }),
        ...(doubt && { doubt }),
      };
    });
  return { own: effects, duplicates };
}

/** Whether the disk of one of those that go with the object holds data. */
const hasData = (droplet: Droplet, { server, duplicates }: CloudView): boolean =>
  [...(server ? [server] : []), ...duplicates].some(({ id }) => holdsData(droplet, id));

/** What a recovery does, asked for as a whole before any of it: a server is not stopped for another that must not be bought. */
function ofRecovery(
  { server: own, retired }: CloudView,
  { steps, reason }: Pick<DropletPlan, 'steps' | 'reason'>,
): Pick<Effect, 'verb' | 'cause' | 'server' | 'change'>[] {
  const server = own ?? retired?.server;
  if (server === undefined) return [];
  const base = { cause: 'recovery', server: server.id } as const;
  const isCycled = reason === POWER_CYCLING;
  const isReplaced =
    reason === REPLACING || (retired !== undefined && steps.some(({ type }) => type === 'launch'));
  const isStopped = isCycled || (isReplaced && server.status !== 'off');
  return [
    ...(isStopped
      ? [{ ...base, verb: 'power-off', change: isCycled ? 'power cycle' : 'for good' } as const]
      : []),
    ...(isReplaced ? [{ ...base, verb: 'buy', change: `in place of ${server.id}` } as const] : []),
  ];
}

/** Whether what speaks against a first server must be looked for. */
export const buysFirst = (
  view: CloudView,
  { steps, reason }: Pick<DropletPlan, 'steps' | 'reason'>,
): boolean => reason === REPLACING || (!view.notFound && steps.some(({ type }) => type === 'launch'));

/**
 * It goes on being asked for, though nothing is done: who else goes with it would be let through if it were taken
 * back, as less is left then, and that one may be about to be kept too.
 */
const WANTED: Doubt = { reason: 'Wanted', message: `the annotation ${ADOPT_ANNOTATION} keeps some of it` };

function doubtOfFirst({ orphans = [], otherFleet }: CloudView): Doubt | undefined {
  if (orphans.length > 0) {
    const names = orphans
      .map(({ id, name }) => `${name} (${id})`)
      .slice(0, 5)
      .join(', ');
    return {
      reason: 'Orphans',
      message: `the account has servers of this project that belong to no Droplet: ${names}. Run "dropfleet adopt" to keep them, or "dropfleet cleanup" to destroy them`,
    };
  }
  if (otherFleet !== undefined)
    return {
      reason: 'OtherFleet',
      message: `the account has servers of a project of this name that belong to the fleet ${otherFleet}. If that is this one, whose state was lost, run "dropfleet adopt --fleet ${otherFleet}"`,
    };
  return undefined;
}

/**
 * Why a second server is not surely the answer to a request whose reply was lost. Such a one is younger than the one
 * that is kept, was never this object's, and both carry nonces of their own: each is sent but once. Nor is it the one
 * that was asked for last, while the status names another: somebody wrote that there.
 */
function doubtOfDuplicate(
  { metadata, status }: Droplet,
  kept: Server | undefined,
  { id, tags }: Server,
): Doubt | undefined {
  const nonce = nonceOf(tags);
  const why =
    kept === undefined || id < kept.id
      ? 'it is the older one'
      : status?.server?.formerIDs?.includes(id)
        ? `it was ${metadata.name}'s server before`
        : nonce === undefined || nonce === nonceOf(kept.tags)
          ? 'somebody else created it, with copied tags'
          : nonceOf(kept.tags) === undefined
            ? `somebody else created ${kept.id}, with copied tags`
            : status?.server?.id === kept.id && nonce === status.server?.nonce
              ? `it is the one created last`
              : undefined;
  if (why === undefined) return undefined;
  return {
    reason: 'Duplicate',
    message: `droplet ${id} carries the tags of ${metadata.name} as well, whose server is ${kept?.id}: ${why}. Remove its tags at DigitalOcean to keep it`,
  };
}

/**
 * All that would be confirmed together: a project's droplets that go, or those of it that vanished. A recovery that buys
 * nothing does not wait for what speaks against the purchase of another.
 */
export function groupOf(
  part: keyof DropletEffects,
  { metadata, spec }: Droplet,
  effects: readonly Effect[],
): string {
  if (part === 'duplicates') return `duplicates of ${metadata.namespace}/${metadata.name}`;
  const cause = effects[0]?.cause ?? 'nothing';
  const isPowerCycle = cause === 'recovery' && effects.every(({ verb }) => verb === 'power-off');
  return `${isPowerCycle ? POWER_CYCLING : cause} ${metadata.namespace}/${spec.project}`;
}
