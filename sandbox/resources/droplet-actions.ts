import { sizeBySlug } from '../catalog.ts';
import { unprocessable } from '../errors.ts';
import { found, isObject, numericId, optionalFlag, optionalString, requiredString } from '../input.ts';
import { startAction } from '../lifecycle.ts';
import { listReply } from '../pagination.ts';
import type { ActionRecord, DropletRecord, Effect } from '../records.ts';
import { created, ok, type Call, type Route } from '../route.ts';
import { nextNumber } from '../world.ts';
import { actionView, newestFirst } from './actions.ts';
import { checkHostname, checkImageFits } from './droplet-request.ts';
import { dropletsTagged, readableDroplet } from './droplets.ts';
import { findImage } from './images.ts';

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
  const action = found(call.world.state.get('actions', numericId(call.params['action'])));
  const ofDroplet = action.dropletId === readableDroplet(call).id ? action : undefined;
  return ok({ action: actionView(found(ofDroplet)) });
}

function createAction(call: Call) {
  const droplet = readableDroplet(call);
  const type = requiredString(call.body, 'type');
  if (droplet.actionId !== undefined || call.world.faults.take('pendingEvent', call.operation))
    throw unprocessable('Droplet already has a pending event.');
  const effect = effectOf(type, droplet, call);
  return created({ action: actionView(startAction(call.world, droplet, type, effect, call.now)) });
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
  const targets = dropletsTagged(call, call.query.get('tag_name') ?? '');
  const busy = targets.some(droplet => droplet.actionId !== undefined);
  if (busy || call.world.faults.take('pendingEvent', call.operation))
    throw unprocessable('there are currently blocking events processing for one or more of the droplets');
  const actions = targets.map(droplet =>
    startAction(call.world, droplet, type, effectOf(type, droplet, call), call.now),
  );
  return created({ actions: actions.map(actionView) });
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
  snapshot: (droplet, { body, now, world }) => ({
    kind: 'snapshot',
    name: optionalString(body, 'name') ?? `${droplet.name}-${now}`,
    id: nextNumber(world.state, 'image'),
  }),
  rebuild,
  restore,
  enable_ipv6(droplet) {
    if (droplet.features.includes('ipv6')) throw unprocessable('Droplet already has IPv6 enabled.');
    return { kind: 'ipv6' };
  },
  enable_private_networking() {
    throw unprocessable('Droplet already has private networking enabled.');
  },
  enable_backups(droplet) {
    if (hasBackups(droplet)) throw unprocessable('Droplet already has backups enabled.');
    return { kind: 'backups', enabled: true };
  },
  disable_backups(droplet) {
    if (!hasBackups(droplet)) throw unprocessable('Droplet does not have backups enabled.');
    return { kind: 'backups', enabled: false };
  },
  change_backup_policy(droplet, { body }) {
    if (!hasBackups(droplet)) throw unprocessable('Droplet does not have backups enabled.');
    if (!isObject(body['backup_policy'])) throw unprocessable('backup_policy is required');
    return { kind: 'none' };
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
function rebuild(droplet: DropletRecord, { world, body }: Call): Effect {
  const image = findImage(world, body['image'] ?? droplet.image.id);
  if (image === undefined || !image.regions.includes(droplet.region))
    throw unprocessable('You specified an invalid image for Droplet rebuild.');
  checkImageFits(image, droplet.disk);
  return { kind: 'rebuild', image };
}

/** Takes only a backup of the same droplet, and the sandbox makes no backups: nothing will do. */
function restore(): Effect {
  throw unprocessable('You specified an invalid image: only a backup of this Droplet can be restored.');
}
