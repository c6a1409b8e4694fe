import { assign, defaultProject } from '../../account/projects.ts';
import type { AssignmentRecord } from '../../account/records/records.ts';
import { stamp } from '../../account/stamp.ts';
import type { AccountContext } from '../../account/context.ts';
import { unprocessable } from '../errors.ts';
import { stringList } from '../input.ts';
import { listReply } from '../pagination.ts';
import { ok, type Call, type Route } from '../route.ts';
import { projectNamed } from './projects.ts';

/** What is in a project: droplets, volumes and reserved IPs. */
export const projectResourceRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v2/projects/:project/resources',
    operation: 'projects.resources',
    handle: listResources,
  },
  {
    method: 'POST',
    path: '/v2/projects/:project/resources',
    operation: 'projects.assign',
    handle: assignResources,
  },
];

function listResources(call: Call) {
  const { id } = projectNamed(call);
  const resources = [...call.context.state.all('assignments')].filter(({ projectId }) => projectId === id);
  return listReply(call, 'resources', resources, assignment => resourceView(call, assignment, 'ok'));
}

function resourceView({ baseUrl }: Call, { urn, assignedAt }: AssignmentRecord, status: string) {
  const [kind, id] = partsOf(urn);
  return {
    urn,
    assigned_at: stamp(assignedAt),
    links: { self: `${baseUrl}/v2/${PATHS[kind] ?? `${kind}s`}/${id}` },
    status,
  };
}

const PATHS: Readonly<Record<string, string>> = { floatingip: 'floating_ips' };

/** The kind and the id of `do:droplet:412000001`; an id may have colons. */
function partsOf(urn: string): [kind: string, id: string] {
  const [, kind, id] = /^do:([a-z]+):(.*)$/.exec(urn)!;
  return [kind!, id!];
}

const URN = /^do:(dbaas|domain|droplet|floatingip|reservedip|loadbalancer|space|volume|kubernetes|vpc):.*/;

/** All or none. What is no resource of the account is answered as not found, and not assigned. */
function assignResources(call: Call) {
  const project = projectNamed(call);
  const urns = stringList(call.body, 'resources').map(urn => {
    if (!URN.test(urn)) throw unprocessable(`"${urn}" is no valid URN`);
    return urn.replace(/^do:reservedip:/, 'do:floatingip:');
  });
  return ok({ resources: urns.map(urn => assignResource(call, urn, project.id)) });
}

function assignResource(call: Call, urn: string, projectId: string) {
  const { context, now } = call;
  if (!exists(context, urn)) return resourceView(call, { urn, projectId, assignedAt: now }, 'not_found');
  const before = context.state.get('assignments', urn) ?? {
    urn,
    projectId: defaultProject(context, now).id,
    assignedAt: now,
  };
  if (before.projectId === projectId) return resourceView(call, before, 'already_assigned');
  assign(context, urn, projectId, now);
  return resourceView(call, context.state.get('assignments', urn)!, 'assigned');
}

const COLLECTIONS = { droplet: 'droplets', volume: 'volumes', floatingip: 'reservedIps' } as const;

function exists({ state }: AccountContext, urn: string): boolean {
  const [kind, id] = partsOf(urn);
  if (!Object.hasOwn(COLLECTIONS, kind)) return false;
  return state.get(COLLECTIONS[kind as keyof typeof COLLECTIONS], id) !== undefined;
}
