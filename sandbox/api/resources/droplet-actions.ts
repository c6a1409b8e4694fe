import { DEFAULT_BACKUPS } from '../../account/actions/backups.ts';
import { startAction } from '../../account/actions/lifecycle.ts';
import { sizeBySlug } from '../../account/catalog.ts';
import type { ActionRecord, DropletRecord, Effect } from '../../account/records/records.ts';
import { nextNumber } from '../../account/context.ts';
import { pendingEvent, unprocessable } from '../errors.ts';
import { optionalFlag, optionalString, optionalText, requiredString } from '../input.ts';
import { listReply } from '../pagination.ts';
import { created, ok, type Call, type Route } from '../route.ts';
import { actionOf, actionView, newestFirst } from './actions.ts';
import { readBackupPolicy } from './backup-policy.ts';
import { checkHostname, checkImageFits } from './droplet-request.ts';
import { dropletsTagged, readableDroplet } from './droplets.ts';
import { findImage, isUsable } from './images.ts';

/** What can be done to droplets that exist. */
export const dropletActionRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v2/droplets/:droplet/actions',
    operation: 'dropletActions.list',
    handle: call => listReply(call, 'actions', actionsOf(call), actionView),
  },
  {
    method: 'POST',
    path: '/v2/droplets/:droplet/actions',
    operation: 'dropletActions.create',
    handle: createAction,
  },
  {
    method: 'POST',
    path: '/v2/droplets/actions',
    operation: 'dropletActions.createByTag',
    handle: createActionsByTag,
  },
  {
    method: 'GET',
    path: '/v2/droplets/:droplet/actions/:action',
    operation: 'dropletActions.get',
    handle: getAction,
  },
];

function actionsOf(call: Call): ActionRecord[] {
  const { id } = readableDroplet(call);
  return newestFirst(call).filter(action => action.dropletId === id);
}

function getAction(call: Call) {
  const { id } = readableDroplet(call);
  return ok({ action: actionView(actionOf(call, action => action.dropletId === id)) });
}

function createAction(call: Call) {
  const droplet = readableDroplet(call);
  const type = requiredString(call.body, 'type');
  if (droplet.actionId !== undefined || call.context.faults.take('pendingEvent', call.operation))
    throw pendingEvent();
  return created({ action: actionView(start(call, droplet, type)) });
}

const BY_TAG: ReadonlySet<string> = new Set([
  'power_cycle',
  'power_on',
  'power_off',
  'shutdown',
  'enable_ipv6',
  'enable_backups',
  'disable_backups',
  'snapshot',
]);

/** All or none: one droplet that is busy, or to which the action does not apply, stops the whole request. */
function createActionsByTag(call: Call) {
  const type = requiredString(call.body, 'type');
  if (!BY_TAG.has(type)) throw invalidType();
  // Of no droplets, too.
  optionalString(call.body, 'name');
  const targets = dropletsTagged(call, call.query.get('tag_name') ?? '');
  const busy = targets.some(droplet => droplet.actionId !== undefined);
  if (busy || call.context.faults.take('pendingEvent', call.operation))
    throw unprocessable('there are currently blocking events processing for one or more of the droplets');
  const actions = targets.map(droplet => start(call, droplet, type));
  return created({ actions: actions.map(actionView) });
}

function start(call: Call, droplet: DropletRecord, type: string): ActionRecord {
  const { id: dropletId, region } = droplet;
  const effect = effectOf(type, droplet, call);
  return startAction(call.context, call.operation, { type, region, effect, dropletId }, call.now);
}

const invalidType = () => unprocessable('You specified an invalid action type.');

/** Checks that the action applies to the droplet as it is, and says what it will do. */
type Rule = (droplet: DropletRecord, call: Call) => Effect;

const RULES: Readonly<Record<string, Rule>> = {
  power_on(droplet) {
    if (droplet.status === 'active') throw unprocessable('Droplet is already powered on');
    return { kind: 'status', status: 'active' };
  },
  power_off: turnOff,
  shutdown: turnOff,
  power_cycle: restart('hard'),
  reboot: restart('graceful'),
  password_reset: () => ({ kind: 'none' }),
  resize,
  rename: (_, { body }) => ({ kind: 'rename', name: checkHostname(requiredString(body, 'name')) }),
  snapshot: (droplet, { body, now, context }) => ({
    kind: 'snapshot',
    name: optionalText(body, 'name') ?? `${droplet.name}-${now}`,
    id: nextNumber(context.state, 'image'),
  }),
  rebuild,
  restore,
  enable_ipv6(droplet) {
    if (droplet.isPrivate) throw unprocessable('Droplet was created without public networking.');
    if (droplet.features.includes('ipv6')) throw unprocessable('Droplet already has IPv6 enabled.');
    return { kind: 'ipv6' };
  },
  enable_private_networking() {
    throw unprocessable('Droplet already has private networking enabled.');
  },
  enable_backups(droplet, { body }) {
    const policy = readBackupPolicy(body) ?? DEFAULT_BACKUPS;
    if (hasBackups(droplet)) throw unprocessable('Droplet already has backups enabled.');
    return { kind: 'backups', policy };
  },
  disable_backups(droplet) {
    if (!hasBackups(droplet)) throw unprocessable('Droplet does not have backups enabled.');
    return { kind: 'backups', policy: null };
  },
  change_backup_policy(droplet, { body }) {
    const policy = readBackupPolicy(body);
    if (policy === undefined) throw unprocessable('backup_policy is required');
    if (!hasBackups(droplet)) throw unprocessable('Droplet does not have backups enabled.');
    return { kind: 'backups', policy };
  },
  change_kernel() {
    throw unprocessable("The Droplet's kernel is managed internally and cannot be changed.");
  },
};

function effectOf(type: string, droplet: DropletRecord, call: Call): Effect {
  if (!Object.hasOwn(RULES, type)) throw invalidType();
  return RULES[type]!(droplet, call);
}

const hasBackups = (droplet: DropletRecord): boolean => droplet.features.includes('backups');

function turnOff(droplet: DropletRecord): Effect {
  if (droplet.status === 'off') throw unprocessable('Droplet is already powered off');
  return { kind: 'status', status: 'off' };
}

function restart(how: 'graceful' | 'hard'): Rule {
  return droplet => {
    if (droplet.status === 'off')
      throw unprocessable('Droplet is currently off. Please power it on to run this event.');
    return { kind: 'restart', how };
  };
}

/** The droplet stays off afterwards. A disk that grew can never shrink, so smaller sizes are out for good. */
function resize(droplet: DropletRecord, { body }: Call): Effect {
  const size = sizeBySlug(body['size']);
  if (size === undefined) throw unprocessable('You specified an invalid size for Droplet resize.');
  if (droplet.status === 'active')
    throw unprocessable('Droplet is currently on. Please power it off to run this event.');
  const withDisk = optionalFlag(body, 'disk') ?? false;
  if (size.disk < droplet.disk)
    throw unprocessable('This size is not available because it has a smaller disk.');
  if (size.slug === droplet.size && (!withDisk || size.disk === droplet.disk))
    throw unprocessable('Droplet already has this size.');
  return { kind: 'resize', size: size.slug, disk: withDisk ? size.disk : droplet.disk };
}

/** Takes any image; the droplet keeps its id and addresses. */
function rebuild(droplet: DropletRecord, { context, body }: Call): Effect {
  const image = findImage(context, body['image'] ?? droplet.image.id);
  if (image === undefined || !isUsable(image, droplet.region))
    throw unprocessable('You specified an invalid image for Droplet rebuild.');
  checkImageFits(image, droplet.disk);
  return { kind: 'rebuild', image };
}

/** Takes only a backup of the same droplet. */
function restore(droplet: DropletRecord, { context, body }: Call): Effect {
  const image = findImage(context, body['image']);
  if (image?.kind !== 'backup' || image.dropletId !== droplet.id)
    throw unprocessable('You specified an invalid image: only a backup of this Droplet can be restored.');
  checkImageFits(image, droplet.disk);
  return { kind: 'rebuild', image };
}
