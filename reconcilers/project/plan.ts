import { isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet, DropletSpec } from '../../crds/droplet.ts';
import {
  ADOPT_ANNOTATION,
  PROJECT_FINALIZER,
  PROJECT_LABEL,
  dropletNames,
  masterName,
} from '../../crds/names.ts';
import type { Project, ProjectSpec } from '../../crds/project.ts';

export type ProjectStep =
  | { type: 'add-finalizer' }
  | { type: 'create-droplet'; name: string; spec: DropletSpec }
  | { type: 'own-droplet'; droplet: Droplet }
  | { type: 'resize-droplet'; droplet: Droplet; size: string }
  | { type: 'delete-droplet'; droplet: Droplet }
  | { type: 'remove-finalizer' };

/** What new droplets get when the Project leaves it open; equal to the CRD's defaults. */
export const DEFAULT_REGION = 'nyc3';
export const DEFAULT_IMAGE = 'debian-13-x64';

/**
 * What makes a Project's Droplets equal to its spec. Newest webs go first when it shrinks. Sizes change one
 * droplet at a time, webs first, and only while all others are Ready, so that visitors always find servers.
 *
 * @param droplets all Droplets that name this project, those being deleted too.
 */
export function planProject(project: Project, droplets: readonly Droplet[]): ProjectStep[] {
  if (project.metadata.deletionTimestamp !== undefined) return planDeletion(project, droplets);
  const steps: ProjectStep[] = hasFinalizer(project) ? [] : [{ type: 'add-finalizer' }];
  if (project.spec.suspend) return steps;
  return [
    ...steps,
    ...unownedDroplets(project, droplets).map(droplet => ({ type: 'own-droplet' as const, droplet })),
    ...missingDroplets(project, droplets).map(spec => ({ type: 'create-droplet' as const, ...spec })),
    ...surplusDroplets(project, droplets).map(droplet => ({ type: 'delete-droplet' as const, droplet })),
    ...nextResizes(project, droplets),
  ];
}

function planDeletion(project: Project, droplets: readonly Droplet[]): ProjectStep[] {
  if (!hasFinalizer(project)) return [];
  if (droplets.length === 0) return [{ type: 'remove-finalizer' }];
  return newestFirst(droplets)
    .filter(droplet => !isDeleting(droplet))
    .map(droplet => ({ type: 'delete-droplet', droplet }));
}

function missingDroplets(
  project: Project,
  droplets: readonly Droplet[],
): { name: string; spec: DropletSpec }[] {
  const existing = new Set(droplets.map(droplet => droplet.metadata.name));
  return dropletNames(project.metadata.name, project.spec.servers)
    .filter(name => !existing.has(name))
    .map(name => ({ name, spec: dropletSpec(project, name, regionOf(project, droplets)) }));
}

/** A master and its webs reach each other over the private network of one region: who comes later goes where they are. */
function regionOf(project: Project, droplets: readonly Droplet[]): string {
  const there = droplets.find(droplet => isOwnedBy(droplet, project) && !isDeleting(droplet));
  return there?.spec.region ?? project.spec.region ?? DEFAULT_REGION;
}

/** The spec of a droplet that the project recreates. */
function dropletSpec({ metadata, spec }: Project, name: string, region: string): DropletSpec {
  const role = name === masterName(metadata.name) ? 'master' : 'web';
  return {
    project: metadata.name,
    role,
    size: sizeFor(spec, role),
    region,
    image: spec.image ?? DEFAULT_IMAGE,
  };
}

const sizeFor = (spec: ProjectSpec, role: DropletSpec['role']): string =>
  role === 'master' ? spec.masterSpec : spec.webSpec;

/** Those that were made for a place before the project had it: such as a server that was taken over. */
function unownedDroplets({ metadata, spec }: Project, droplets: readonly Droplet[]): Droplet[] {
  const wanted = new Set(dropletNames(metadata.name, spec.servers));
  return droplets.filter(
    droplet =>
      wanted.has(droplet.metadata.name) &&
      droplet.metadata.labels?.[PROJECT_LABEL] === metadata.name &&
      (droplet.metadata.ownerReferences ?? []).length === 0 &&
      !isDeleting(droplet),
  );
}

function surplusDroplets(project: Project, droplets: readonly Droplet[]): Droplet[] {
  const wanted = new Set(dropletNames(project.metadata.name, project.spec.servers));
  return newestFirst(droplets).filter(
    droplet => !wanted.has(droplet.metadata.name) && !isDeleting(droplet) && isOwnedBy(droplet, project),
  );
}

/** A droplet that was never asked for, or that a person must mend, can change at once; the others in turn. */
function nextResizes(project: Project, droplets: readonly Droplet[]): ProjectStep[] {
  const owned = droplets.filter(droplet => isOwnedBy(droplet, project) && !isDeleting(droplet));
  const outdated = newestFirst(owned).filter(
    droplet => droplet.spec.size !== sizeFor(project.spec, droplet.spec.role),
  );
  const free = outdated.filter(droplet => hasNoServer(droplet) || droplet.status?.phase === 'Failed');
  const next = outdated.find(droplet => owned.every(other => other === droplet || isReady(other)));
  const chosen = free.length > 0 ? free : next === undefined ? [] : [next];
  return chosen.map(droplet => ({
    type: 'resize-droplet',
    droplet,
    size: sizeFor(project.spec, droplet.spec.role),
  }));
}

/** One that is to take a server over, or did, may have it without ever having asked for it. */
const hasNoServer = ({ metadata, status }: Droplet): boolean =>
  status?.server?.nonce === undefined &&
  status?.server?.id === undefined &&
  metadata.annotations?.[ADOPT_ANNOTATION] === undefined;

/** Highest web number first, the master last. */
function newestFirst(droplets: readonly Droplet[]): Droplet[] {
  return droplets.toSorted((a, b) => webNumber(b) - webNumber(a));
}

const webNumber = (droplet: Droplet): number =>
  droplet.spec.role === 'master' ? 0 : Number(/-web(\d+)$/.exec(droplet.metadata.name)?.[1] ?? 0);

const isReady = (droplet: Droplet): boolean =>
  isConditionTrue(droplet.status?.conditions, 'Ready') &&
  droplet.status?.observedGeneration === droplet.metadata.generation;

const isDeleting = (droplet: Droplet): boolean => droplet.metadata.deletionTimestamp !== undefined;

const isOwnedBy = (droplet: Droplet, project: Project): boolean =>
  droplet.metadata.ownerReferences?.some(owner => owner.uid === project.metadata.uid) ?? false;

const hasFinalizer = (project: Project): boolean =>
  project.metadata.finalizers?.includes(PROJECT_FINALIZER) ?? false;
