import type { ProjectRecord } from './records/records.ts';
import { uuid } from './stamp.ts';
import type { AccountContext } from './context.ts';

/** The project that new resources go to; made when it is first needed. */
export function defaultProject(context: AccountContext, now: number): ProjectRecord {
  for (const project of context.state.all('projects')) if (project.default) return project;
  const project: ProjectRecord = {
    id: uuid(context.random),
    name: 'first-project',
    description: 'Update your project information under Settings',
    purpose: 'Just trying out DigitalOcean',
    environment: 'Development',
    default: true,
    createdAt: now,
    updatedAt: now,
  };
  context.state.put('projects', project.id, project);
  return project;
}

/** Puts a resource into a project, and so takes it out of the one that it was in. */
export function assign({ state }: AccountContext, urn: string, projectId: string, now: number): void {
  state.put('assignments', urn, { urn, projectId, assignedAt: now });
}

/** Of a resource that goes. */
export function unassign({ state }: AccountContext, urn: string): void {
  if (state.get('assignments', urn) !== undefined) state.remove('assignments', urn);
}

/** The project that a resource is in. */
export const projectOf = (context: AccountContext, urn: string, now: number): string =>
  context.state.get('assignments', urn)?.projectId ?? defaultProject(context, now).id;
