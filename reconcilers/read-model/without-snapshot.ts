import type { Droplet } from '../../crds/droplet.ts';
import type { Project } from '../../crds/project.ts';
import { holdsData } from '../last-snapshot/data-plan.ts';

/** A server that holds data, of which there is no snapshot at all. */
export interface Unsaved {
  namespace: string;
  project: string;
  droplet: string;
  /** How old it is, ms. */
  ageMs: number;
}

/** Those of projects that are to have snapshots; the first is due when a server is a day old. */
export function withoutSnapshot(
  droplets: readonly Droplet[],
  projects: readonly Project[],
  now: number,
): Unsaved[] {
  return droplets.filter(isUnsaved).flatMap(droplet => {
    const { metadata, spec, status } = droplet;
    const namespace = metadata.namespace!;
    const owner = projects.find(
      other => other.metadata.namespace === namespace && other.metadata.name === spec.project,
    );
    const madeAt = Date.parse(status?.server?.launchedAt ?? metadata.creationTimestamp ?? '');
    if (owner === undefined || !takesSnapshots(owner) || Number.isNaN(madeAt)) return [];
    return [{ namespace, project: spec.project, droplet: metadata.name, ageMs: now - madeAt }];
  });
}

const isUnsaved = ({ metadata, status }: Droplet): boolean =>
  metadata.deletionTimestamp === undefined &&
  status?.snapshot === undefined &&
  holdsData({ status }, status?.server?.id);

/** Whether any are to be taken of the project's servers. */
export const takesSnapshots = ({ spec }: Pick<Project, 'spec'>): boolean =>
  spec.snapshots !== 'off' && spec.suspend !== true;

/** After so long somebody should look why there is none yet, ms: a day until it is due, and two hours to be taken. */
export const UNSAVED_MS = 26 * 3_600_000;
