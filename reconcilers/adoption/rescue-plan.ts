import { isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import { ADOPT_ANNOTATION, CONFIRM_ANNOTATION, CONFIRMATION_REQUIRED } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import { count } from '../gate/effect.ts';
import { pinnedHostKeys } from '../read-model/host-keys.ts';
import { placeNamed } from './place-plan.ts';
import { stepFor, type Adoption, type AdoptionPlan, type AdoptionInput, type Candidate } from './plan.ts';

/** What takes the end back of objects that are being deleted, before they are recreated. */
export type RescueStep =
  /** From when an operator has seen this, nothing destroys the server any more. */
  | { type: 'keep'; droplet: Droplet }
  /** Else it would go with its Project. */
  | { type: 'disown'; droplet: Droplet }
  /** Lets the object go, without what its end would have cost. */
  | { type: 'release'; object: Project | Droplet };

export interface RescuePlan extends AdoptionPlan {
  /** What must be done, and for `keep` be seen by the operator, before anything else; in this order. */
  rescue: RescueStep[];
  /** The host keys that the old objects had pinned, by the servers' ids: they are as good for the new ones. */
  hostKeys: Map<number, string>;
}

/**
 * What keeps the servers of Projects and Droplets that are being deleted while the gate holds their end: somebody
 * deleted them by mistake. The objects cannot be brought back, so that they are released and recreated:
 *
 *     Droplet, being deleted and held             | its server is kept, it goes, and another takes the server over
 *     Droplet that is not, of a Project that is   | loses its owner; the new Project makes it its own
 *     Project, being deleted and held             | goes, and is recreated as it was
 */
export function planRescue({
  projects,
  droplets,
  servers,
}: Pick<AdoptionInput, 'projects' | 'droplets' | 'servers'>): RescuePlan {
  const byId = new Map(servers.map(server => [server.id, server]));
  const held = droplets.filter(droplet => isHeldBack(droplet) || isBeingKept(droplet));
  const concerned = new Set(held.map(projectOf));
  const doomed = projects.filter(
    project =>
      isHeldBack(project) ||
      (project.metadata.deletionTimestamp !== undefined && concerned.has(keyOf(project))),
  );
  const keys = new Set(doomed.map(keyOf));
  const members = droplets.filter(droplet => keys.has(projectOf(droplet)));
  const staying = members.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const leaving = held.flatMap(droplet => adoptionOf(droplet, byId) ?? []);
  return {
    rescue: [
      ...leaving.map(({ droplet }) => ({ type: 'keep' as const, droplet })),
      ...staying.map(droplet => ({ type: 'disown' as const, droplet })),
      ...leaving.map(({ droplet }) => ({ type: 'release' as const, object: droplet })),
      ...doomed.map(project => ({ type: 'release' as const, object: project })),
    ],
    adoptions: leaving.map(({ adoption }) => adoption),
    hostKeys: new Map(
      leaving.flatMap(({ droplet }): [number, string][] => {
        const id = droplet.status?.server?.id;
        const { current } = pinnedHostKeys(droplet);
        return id === undefined || current === undefined ? [] : [[id, current]];
      }),
    ),
    leftAlone: [],
    steps: [
      ...doomed.map(({ metadata, spec }) => ({
        type: 'create-project' as const,
        project: {
          metadata: {
            name: metadata.name,
            namespace: metadata.namespace!,
            ...(metadata.labels && { labels: metadata.labels }),
            ...(metadata.annotations && { annotations: withoutWord(metadata.annotations) }),
          },
          spec,
        },
      })),
      ...leaving.map(({ adoption }) => stepFor(adoption, undefined, true)),
    ],
    notes: [
      ...doomed.map(project => {
        const n = staying.filter(droplet => projectOf(droplet) === keyOf(project));
        return `the Project ${keyOf(project)} is being deleted, which is on hold: it is recreated, and keeps ${count(n.length, 'Droplet')}`;
      }),
      ...leaving.map(
        ({ droplet }) =>
          `the Droplet ${keyOf(droplet)} is being deleted, which is on hold: its server is kept for a new Droplet of that name`,
      ),
    ],
  };
}

const isHeldBack = ({ metadata, status }: Project | Droplet): boolean =>
  metadata.deletionTimestamp !== undefined && isConditionTrue(status?.conditions, CONFIRMATION_REQUIRED);

/** One that an earlier call was cut off at: its end is held no more, as nothing would be lost by it. */
const isBeingKept = ({ metadata, status }: Droplet): boolean =>
  metadata.deletionTimestamp !== undefined &&
  status?.server?.id !== undefined &&
  metadata.annotations?.[ADOPT_ANNOTATION] === String(status.server.id);

const projectOf = ({ metadata, spec }: Droplet): ObjectKey => `${metadata.namespace}/${spec.project}`;

function adoptionOf(
  droplet: Droplet,
  servers: ReadonlyMap<number, Candidate>,
): { droplet: Droplet; adoption: Adoption } | undefined {
  const { metadata, spec, status } = droplet;
  const server = servers.get(status?.server?.id ?? 0);
  const place = placeNamed(metadata.name);
  if (server === undefined || place?.project !== spec.project) return undefined;
  return { droplet, adoption: { ...place, server, namespace: metadata.namespace! } };
}

/** What somebody may have confirmed was the end of the old one. */
const withoutWord = ({ [CONFIRM_ANNOTATION]: _word, ...rest }: Record<string, string>) => rest;
