import { startAction } from '../../account/actions/lifecycle.ts';
import { removeReservedIp } from '../../account/actions/removal.ts';
import { regionBySlug } from '../../account/catalog.ts';
import { ACCOUNT_LIMITS } from '../../account/limits.ts';
import { publicAddress } from '../../account/network/networks.ts';
import { releaseReservedIp } from '../../account/network/reserved-ips.ts';
import { assign, defaultProject, projectOf } from '../../account/projects.ts';
import type { ActionRecord, DropletRecord, ReservedIpRecord } from '../../account/records/records.ts';
import { pendingEvent, unprocessable } from '../errors.ts';
import { found, optionalText, requiredChoice, requiredInteger, requiredString } from '../input.ts';
import { listReply } from '../pagination.ts';
import { accepted, created, noContent, ok, type Call, type Route } from '../route.ts';
import { actionOf, actionView, newestFirst } from './actions.ts';
import { regionViewOf } from './catalog.ts';
import { dropletView } from './droplet-view.ts';

/** Reserved IPs, and the same addresses under their older name. */
export const reservedIpRoutes: readonly Route[] = [
  ...routesNamed('reserved_ip', 'reservedIp'),
  ...routesNamed('floating_ip', 'floatingIp'),
];

/** The seven routes of an address. `key` is its name in JSON and paths, `name` in operations. */
function routesNamed(key: 'reserved_ip' | 'floating_ip', name: string): Route[] {
  const path = `/v2/${key}s`;
  const one = `${path}/:ip`;
  const reply = (call: Call, reserved: ReservedIpRecord) => ({ [key]: reservedIpView(call, reserved) });
  return [
    {
      method: 'GET',
      path,
      operation: `${name}s.list`,
      handle: call =>
        listReply(call, `${key}s`, [...call.context.state.all('reservedIps')], reserved =>
          reservedIpView(call, reserved),
        ),
    },
    {
      method: 'POST',
      path,
      operation: `${name}s.create`,
      handle(call) {
        const { ip, links } = reserve(call);
        return accepted({ ...reply(call, call.context.state.get('reservedIps', ip)!), links });
      },
    },
    { method: 'GET', path: one, operation: `${name}s.get`, handle: call => ok(reply(call, ipOf(call))) },
    { method: 'DELETE', path: one, operation: `${name}s.delete`, handle: release },
    {
      method: 'GET',
      path: `${one}/actions`,
      operation: `${name}Actions.list`,
      handle: call => listReply(call, 'actions', newestFirst(call).filter(isOf(ipOf(call))), actionView),
    },
    { method: 'POST', path: `${one}/actions`, operation: `${name}Actions.create`, handle: createAction },
    {
      method: 'GET',
      path: `${one}/actions/:action`,
      operation: `${name}Actions.get`,
      handle: call => ok({ action: actionView(actionOf(call, isOf(ipOf(call)))) }),
    },
  ];
}

const ipOf = (call: Call): ReservedIpRecord =>
  found(call.context.state.get('reservedIps', call.params['ip'] ?? ''));

const isOf =
  ({ ip }: ReservedIpRecord) =>
  (action: ActionRecord): boolean =>
    action.reservedIp === ip;

const urnOf = (ip: string): string => `do:floatingip:${ip}`;

function reservedIpView({ context, now }: Call, reserved: ReservedIpRecord) {
  const droplet =
    reserved.dropletId === undefined ? undefined : context.state.get('droplets', reserved.dropletId);
  return {
    ip: reserved.ip,
    region: regionViewOf(reserved.region),
    droplet: droplet === undefined ? null : dropletView(context, droplet),
    locked: reserved.actionId !== undefined,
    project_id: projectOf(context, urnOf(reserved.ip), now),
  };
}

/** For a droplet, which it will lead to after a moment; or for a region. */
function reserve(call: Call): { ip: string; links: object } {
  const { context, body } = call;
  const forDroplet = body['droplet_id'] !== undefined && body['droplet_id'] !== null;
  if (forDroplet && optionalText(body, 'region') !== undefined)
    throw unprocessable('only one of droplet_id and region can be given');
  const limitReached = context.state.count('reservedIps') >= ACCOUNT_LIMITS.reservedIps;
  if (limitReached || context.faults.take('quota', call.operation))
    throw unprocessable('You have reached your reserved IP limit.');
  return forDroplet ? reserveForDroplet(call) : { ip: reserveForRegion(call), links: {} };
}

function reserveForDroplet(call: Call): { ip: string; links: object } {
  const droplet = assignable(call);
  const ip = publicAddress(call.context, false);
  keep(call, { ip, region: droplet.region }, defaultProject(call.context, call.now).id);
  const action = startAssignment(call, ip, droplet);
  return {
    ip,
    links: {
      droplets: [{ id: droplet.id, rel: 'droplet', href: `${call.baseUrl}/v2/droplets/${droplet.id}` }],
      actions: [{ id: action.id, rel: 'assign_ip', href: `${call.baseUrl}/v2/actions/${action.id}` }],
    },
  };
}

function reserveForRegion(call: Call): string {
  const region = regionBySlug(requiredString(call.body, 'region'));
  if (region === undefined) throw unprocessable('region is invalid');
  const projectId = optionalText(call.body, 'project_id') ?? defaultProject(call.context, call.now).id;
  if (call.context.state.get('projects', projectId) === undefined)
    throw unprocessable('project_id: no such project');
  const ip = publicAddress(call.context, false);
  keep(call, { ip, region: region.slug }, projectId);
  return ip;
}

/** An address leads nowhere at first. */
function keep({ context, now }: Call, reserved: ReservedIpRecord, projectId: string): void {
  context.state.put('reservedIps', reserved.ip, reserved);
  assign(context, urnOf(reserved.ip), projectId, now);
  releaseReservedIp(context, reserved.ip, now);
}

/** The droplet that the body names, which must be there, idle, and without an address of this kind. */
function assignable(call: Call, self?: ReservedIpRecord): DropletRecord {
  const { state, faults } = call.context;
  const droplet = state.get('droplets', requiredInteger(call.body, 'droplet_id'));
  if (droplet === undefined) throw unprocessable('droplet_id: no such Droplet');
  if (droplet.isPrivate) throw unprocessable('droplet_id: the Droplet has no public networking');
  if (self !== undefined && self.region !== droplet.region)
    throw unprocessable('The reserved IP and the Droplet must be in the same region.');
  for (const other of state.all('reservedIps'))
    if (other.dropletId === droplet.id)
      throw unprocessable('The Droplet already has a reserved IP assigned to it.');
  if (droplet.actionId !== undefined || faults.take('pendingEvent', call.operation)) throw pendingEvent();
  return droplet;
}

const startAssignment = (call: Call, ip: string, { id, region }: DropletRecord): ActionRecord =>
  startAction(
    call.context,
    call.operation,
    { type: 'assign_ip', region, effect: { kind: 'assign-ip' }, dropletId: id, reservedIp: ip },
    call.now,
  );

function createAction(call: Call) {
  const reserved = ipOf(call);
  const type = requiredChoice(call.body, 'type', ['assign', 'unassign']);
  if (reserved.actionId !== undefined) throw unprocessable('The reserved IP already has a pending event.');
  const action =
    type === 'assign'
      ? startAssignment(call, reserved.ip, assignable(call, reserved))
      : unassignIp(call, reserved);
  return created({
    action: { ...actionView(action), project_id: projectOf(call.context, urnOf(reserved.ip), call.now) },
  });
}

/** The droplet need not be idle: it is left as it is. */
function unassignIp(
  { context, operation, now }: Call,
  { ip, region, dropletId }: ReservedIpRecord,
): ActionRecord {
  if (dropletId === undefined) throw unprocessable('The reserved IP is not assigned to a Droplet.');
  const effect = { kind: 'unassign-ip' } as const;
  return startAction(context, operation, { type: 'unassign_ip', region, effect, reservedIp: ip }, now);
}

function release(call: Call) {
  const reserved = ipOf(call);
  if (reserved.actionId !== undefined) throw unprocessable('The reserved IP already has a pending event.');
  removeReservedIp(call.context, reserved.ip, call.now);
  return noContent();
}
