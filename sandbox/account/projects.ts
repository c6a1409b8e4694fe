import type { ProjectRecord } from './records/records.ts';
import { uuid } from './stamp.ts';
import type { World } from './world.ts';

/** The project that new resources go to; made when it is first needed. */
export function defaultProject(world: World, now: number): ProjectRecord {
  for (const project of world.state.all('projects')) if (project.default) return project;
  const project: ProjectRecord = {
    id: uuid(world.random),
    name: 'first-project',
    description: 'Update your project information under Settings',
    purpose: 'Just trying out DigitalOcean',
    environment: 'Development',
    default: true,
    createdAt: now,
    updatedAt: now,
  };
  world.state.put('projects', project.id, project);
  return project;
}

/** Puts a resource into a project, and so takes it out of the one that it was in. */
export function assign({ state }: World, urn: string, projectId: string, now: number): void {
  state.put('assignments', urn, { urn, projectId, assignedAt: now });
}

/** Of a resource that goes. */
export function unassign({ state }: World, urn: string): void {
  if (state.get('assignments', urn) !== undefined) state.remove('assignments', urn);
}

/** The project that a resource is in. */
export const projectOf = (world: World, urn: string, now: number): string =>
  world.state.get('assignments', urn)?.projectId ?? defaultProject(world, now).id;
