import { defaultProject } from '../../account/projects.ts';
import type { ProjectRecord } from '../../account/records/records.ts';
import { stamp, uuid } from '../../account/stamp.ts';
import { accountOf, type AccountContext } from '../../account/context.ts';
import { conflict, preconditionFailed, unprocessable } from '../errors.ts';
import {
  found,
  optionalChoice,
  optionalFlag,
  optionalString,
  optionalText,
  requiredChoice,
  requiredString,
} from '../input.ts';
import { listReply } from '../pagination.ts';
import { created, noContent, ok, type Call, type Route } from '../route.ts';

/** Projects; what they hold is in project-resources.ts. `default` stands for the id of the default one. */
export const projectRoutes: readonly Route[] = [
  { method: 'GET', path: '/v2/projects', operation: 'projects.list', handle: listProjects },
  { method: 'POST', path: '/v2/projects', operation: 'projects.create', handle: createProject },
  {
    method: 'GET',
    path: '/v2/projects/:project',
    operation: 'projects.get',
    handle: call => ok({ project: projectView(call.context, projectNamed(call)) }),
  },
  {
    method: 'PUT',
    path: '/v2/projects/:project',
    operation: 'projects.update',
    handle: call => change(call, replacement(call)),
  },
  {
    method: 'PATCH',
    path: '/v2/projects/:project',
    operation: 'projects.patch',
    handle: call => change(call, patch(call)),
  },
  {
    method: 'DELETE',
    path: '/v2/projects/:project',
    operation: 'projects.delete',
    handle: deleteProject,
  },
];

export function projectNamed(call: Call): ProjectRecord {
  const id = call.params['project'] ?? '';
  return id === 'default'
    ? defaultProject(call.context, call.now)
    : found(call.context.state.get('projects', id));
}

const projectView = ({ state }: AccountContext, project: ProjectRecord) => ({
  id: project.id,
  owner_uuid: accountOf(state).uuid,
  owner_id: 1,
  name: project.name,
  description: project.description,
  purpose: project.purpose,
  environment: project.environment,
  is_default: project.default,
  created_at: stamp(project.createdAt),
  updated_at: stamp(project.updatedAt),
});

function listProjects(call: Call) {
  defaultProject(call.context, call.now);
  const projects = [...call.context.state.all('projects')];
  return listReply(call, 'projects', projects, project => projectView(call.context, project));
}

const ENVIRONMENTS = ['Development', 'Staging', 'Production'] as const;
const PURPOSES: ReadonlySet<string> = new Set([
  'Just trying out DigitalOcean',
  'Class project / Educational purposes',
  'Website or blog',
  'Web Application',
  'Service or API',
  'Mobile Application',
  'Machine learning / AI / Data processing',
  'IoT',
  'Operational / Developer tooling',
]);
const OTHER = 'Other: ';

/** One of its own is marked as such. */
const purposeOf = (text: string): string =>
  PURPOSES.has(text) || text.startsWith(OTHER) ? text : `${OTHER}${text}`;

const MAX_NAME = 175;
const MAX_TEXT = 255;

function createProject(call: Call) {
  const { context, body, now } = call;
  // The account has its first project before any other.
  defaultProject(context, now);
  const project: ProjectRecord = {
    id: uuid(context.random),
    name: checkName(call, requiredString(body, 'name')),
    description: checkLength('description', optionalString(body, 'description') ?? ''),
    purpose: checkLength('purpose', purposeOf(requiredString(body, 'purpose'))),
    environment: optionalChoice(body, 'environment', ENVIRONMENTS) ?? '',
    default: false,
    createdAt: now,
    updatedAt: now,
  };
  context.state.put('projects', project.id, project);
  return created({ project: projectView(context, project) });
}

function checkName({ context }: Call, name: string, self?: ProjectRecord): string {
  if (name.length > MAX_NAME) throw unprocessable(`name may have at most ${MAX_NAME} characters`);
  for (const other of context.state.all('projects'))
    if (other.name === name && other.id !== self?.id) throw conflict('name is already in use');
  return name;
}

function checkLength(field: string, text: string): string {
  if (text.length > MAX_TEXT) throw unprocessable(`${field} may have at most ${MAX_TEXT} characters`);
  return text;
}

/** Everything must be said. */
function replacement({ body }: Call): Partial<ProjectRecord> {
  const isDefault = optionalFlag(body, 'is_default');
  if (isDefault === undefined) throw unprocessable('is_default is required');
  const description = optionalString(body, 'description');
  if (description === undefined) throw unprocessable('description is required');
  return {
    name: requiredString(body, 'name'),
    description,
    purpose: purposeOf(requiredString(body, 'purpose')),
    environment: requiredChoice(body, 'environment', ENVIRONMENTS),
    default: isDefault,
  };
}

/** What is left out stays. */
function patch({ body }: Call): Partial<ProjectRecord> {
  const name = optionalText(body, 'name');
  const description = optionalString(body, 'description');
  const purpose = optionalText(body, 'purpose');
  const environment = optionalChoice(body, 'environment', ENVIRONMENTS);
  const isDefault = optionalFlag(body, 'is_default');
  return {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(purpose !== undefined && { purpose: purposeOf(purpose) }),
    ...(environment !== undefined && { environment }),
    ...(isDefault !== undefined && { default: isDefault }),
  };
}

/** There is always one default: another can become it, but none can cease to be it. */
function change(call: Call, changes: Partial<ProjectRecord>) {
  const { state } = call.context;
  const before = projectNamed(call);
  const project = { ...before, ...changes, updatedAt: call.now };
  checkName(call, project.name, project);
  checkLength('description', project.description);
  checkLength('purpose', project.purpose);
  if (before.default && !project.default)
    throw unprocessable('a project stops being the default when another becomes it');
  for (const other of state.all('projects'))
    if (project.default && other.default && other.id !== project.id)
      state.put('projects', other.id, { ...other, default: false });
  state.put('projects', project.id, project);
  return ok({ project: projectView(call.context, project) });
}

function deleteProject(call: Call) {
  const { state } = call.context;
  const project = found(state.get('projects', call.params['project'] ?? ''));
  if (project.default) throw preconditionFailed('cannot delete the default project');
  for (const { projectId } of state.all('assignments'))
    if (projectId === project.id)
      throw preconditionFailed('cannot delete a project with resources. move or remove the resources first');
  state.remove('projects', project.id);
  return noContent();
}
