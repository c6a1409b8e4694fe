import { setCondition } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Project } from '../../crds/project.ts';
import { settleDroplet, settleProject } from './readiness.ts';

interface Objects {
  projects: readonly Project[];
  droplets: readonly Droplet[];
}

/** The fleet's servers by their id, as the cloud lists them. */
export type Servers = ReadonlyMap<number, { status: string }>;

/**
 * The objects as they would say it if an operator had just written them: where none is at work, or before its first look,
 * a server may be gone or off that its Droplet still calls Ready.
 */
export function asInCloud({ projects, droplets }: Objects, servers: Servers, now: Date): Objects {
  const losers = new Set(droplets.filter(droplet => lossOf(droplet, servers)).map(projectKeyOf));
  return {
    projects: projects.map(project => {
      const { namespace, name } = project.metadata;
      if (!losers.has(`${namespace}/${name}`)) return project;
      return withLosses(project, now);
    }),
    droplets: droplets.map(droplet => {
      const loss = lossOf(droplet, servers);
      return loss === undefined ? droplet : withLoss(droplet, loss, now);
    }),
  };
}

/** The names of the Droplets that call themselves active and are not. */
export const lostDroplets = (droplets: readonly Droplet[], servers: Servers): string[] =>
  droplets.filter(droplet => lossOf(droplet, servers)).map(({ metadata }) => metadata.name);

interface Loss {
  reason: string;
  message: string;
}

function lossOf({ status }: Droplet, servers: Servers): Loss | undefined {
  if (status?.phase !== 'Active' || status.server?.id === undefined) return undefined;
  const server = servers.get(status.server?.id);
  const name = `droplet ${status.server?.id}`;
  if (server === undefined) return { reason: 'Vanished', message: `${name} no longer exists` };
  return server.status === 'active'
    ? undefined
    : { reason: 'NotRunning', message: `${name} is ${server.status}` };
}

const projectKeyOf = ({ metadata, spec }: Droplet): string => `${metadata.namespace}/${spec.project}`;

const withLoss = ({ status = {}, ...droplet }: Droplet, loss: Loss, now: Date): Droplet => ({
  ...droplet,
  status: settleDroplet({ ...status, conditions: without(status, 'Provisioned', loss, now) }, [], now),
});

const withLosses = ({ status = {}, ...project }: Project, now: Date): Project => ({
  ...project,
  status: settleProject({ ...status, conditions: without(status, 'DropletsReady', NOT_ALL_RUN, now) }, now),
});

const NOT_ALL_RUN: Loss = { reason: 'Converging', message: 'not all of its droplets are running' };

const without = (
  { conditions }: NonNullable<(Droplet | Project)['status']>,
  type: string,
  loss: Loss,
  now: Date,
) => setCondition(conditions, { type, status: 'False', ...loss }, now);
