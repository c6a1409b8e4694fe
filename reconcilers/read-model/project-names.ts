import type { ObjectKey } from '../../crds/meta.ts';
import { keyOf } from '../../crds/meta.ts';
import type { Project } from '../../crds/project.ts';

// What a project has in the cloud (tags, firewalls) and in files goes by its name alone, so that a name belongs to one
// Project of the fleet, whatever the namespace.

/** The reason of the Ready condition of a Project whose name another has. */
export const NAME_TAKEN = 'NameTaken';

/**
 * Who has the name that all of these Projects bear: the first that was made, by namespace when several were made in
 * one second; one that is not made yet comes last. One that is being deleted has it until it is gone.
 */
export const holderAmong = (namesakes: readonly Project[]): Project | undefined =>
  namesakes.reduce<Project | undefined>(
    (first, other) => (first === undefined || isBefore(other, first) ? other : first),
    undefined,
  );

function isBefore({ metadata: a }: Project, { metadata: b }: Project): boolean {
  const [madeA, madeB] = [a, b].map(({ creationTimestamp = 'not yet' }) => creationTimestamp);
  return madeA === madeB ? (a.namespace ?? '') < (b.namespace ?? '') : madeA! < madeB!;
}

/**
 * The Project that has this one's name; undefined when this one has it itself.
 *
 * @param namesakes all Projects of that name, this one too.
 */
export function nameTakenBy(project: Project, namesakes: readonly Project[]): Project | undefined {
  const holder = holderAmong(namesakes);
  return holder === undefined || keyOf(holder) === keyOf(project) ? undefined : holder;
}

/** What a person reads who gave a Project a name that another has. */
export const nameTakenMessage = ({ metadata: { name, namespace } }: Project): string =>
  `project ${name} exists in namespace ${namespace} already; project names are unique in a fleet: delete this one or give it another name`;

/** Who has which name in the whole fleet, by name. */
export function namesOf(projects: readonly Project[]): ReadonlyMap<string, Project> {
  const groups = Map.groupBy(projects, ({ metadata }) => metadata.name);
  return new Map([...groups].map(([name, namesakes]) => [name, holderAmong(namesakes)!]));
}

/** Whether the Project of that key has the name that it bears. */
export const hasItsName = (key: ObjectKey, name: string, names: ReadonlyMap<string, Project>): boolean => {
  const holder = names.get(name);
  return holder !== undefined && keyOf(holder) === key;
};
