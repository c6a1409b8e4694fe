import type { Event } from '../../clients/kubernetes/kinds.ts';
import { findCondition } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type Condition } from '../../crds/meta.ts';
import type { Project } from '../../crds/project.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { Hold } from '../gate/book.ts';
import { suspicionsOf, type Suspicion } from '../health/suspicions.ts';
import type { Vote } from '../health/vote.ts';
import type { Prices } from '../read-model/cost.ts';
import { fleetLine } from '../read-model/fleet-line.ts';
import { summarizeFleet, type DropletSummary, type ProjectSummary } from '../read-model/fleet-summary.ts';
import { summarizeServices, type ServiceSummary } from '../read-model/services.ts';
import { aboutFleet, type EventLine } from './events.ts';

/** What the page is made from. */
export interface ViewInput {
  fleet: string;
  projects: readonly Project[];
  droplets: readonly Droplet[];
  services: readonly ServiceDeployment[];
  votes: readonly Vote[];
  /** What the gate holds, as far as this process knows. */
  holds: readonly Pick<Hold, 'effects' | 'message'>[];
  /** Why nothing at all is done, if so. */
  problem?: string;
  events: readonly Event[];
  prices: Prices;
  /** Wall time, ms. */
  now: number;
}

/** The fleet as the page shows it: what `status` says, and how the parts hang together. */
export interface FleetView {
  fleet: string;
  /** All of it is Ready, and nothing is held. */
  ready: boolean;
  /** The line that `status` ends with. */
  line: string;
  /** Why nothing at all is done, if so. */
  problem?: string;
  /** What waits for a person. */
  held: { effects: string; message: string }[];
  suspected: Suspicion[];
  projects: ProjectView[];
  /** Droplets whose Project is not there. */
  strays: DropletView[];
  /** The newest first. */
  events: EventLine[];
}

/** One project, with what runs on it. */
export interface ProjectView extends Omit<ProjectSummary, 'droplets'> {
  droplets: DropletView[];
  services: Omit<ServiceSummary, 'conditions'>[];
}

/** What is said of something, and how it is. */
type Word = Pick<Condition, 'status' | 'reason' | 'message'>;

/** One server, and those that it has to do with. */
export interface DropletView extends DropletSummary {
  /** What its observers find. */
  health?: Word;
  /** A master's: how its nginx is. */
  balancer?: Word;
  /** The names of the Droplets that it observes. */
  monitors: readonly string[];
  /** When its newest snapshot was taken, RFC 3339. */
  snapshotAt?: string;
  /** What is being done to it because it was found dead. */
  recovery?: 'PowerCycle' | 'Replace';
}

/** The same for the same objects, whatever the time: who looks is told of changes only. */
export function viewFleet(input: ViewInput): FleetView {
  const { projects, droplets, prices, holds, problem } = input;
  const summary = summarizeFleet(projects, droplets, prices);
  const services = Map.groupBy(
    summarizeServices(input.services, droplets),
    ({ namespace, project }) => `${namespace}/${project}`,
  );
  const byKey = new Map(droplets.map(droplet => [keyOf(droplet), droplet]));
  const view = (droplet: DropletSummary): DropletView => ({
    ...droplet,
    ...more(byKey.get(`${droplet.namespace}/${droplet.name}`)!),
  });
  const all = [...services.values()].flat();
  return {
    fleet: input.fleet,
    ready:
      summary.ready &&
      holds.length === 0 &&
      problem === undefined &&
      all.every(({ isDeployed, ready }) => ready || !isDeployed),
    line: fleetLine(summary),
    ...(problem !== undefined && { problem }),
    held: holds.map(({ effects, message }) => ({ effects, message })),
    suspected: suspicionsOf(input.votes, droplets, input.now),
    projects: summary.projects.map(project => ({
      ...project,
      droplets: project.droplets.map(view),
      services: (services.get(`${project.namespace}/${project.name}`) ?? []).map(
        ({ conditions: _conditions, ...service }) => service,
      ),
    })),
    strays: summary.strays.map(view),
    events: aboutFleet(input.events),
  };
}

function more({ spec, status }: Droplet): Omit<DropletView, keyof DropletSummary> {
  const { conditions, monitors = [], recovery, server, snapshot } = status ?? {};
  const health = wordOf(findCondition(conditions, 'Healthy'));
  const balancer =
    spec.role === 'master' ? wordOf(findCondition(conditions, 'LoadBalancerReady')) : undefined;
  return {
    monitors,
    ...(health && { health }),
    ...(balancer && { balancer }),
    ...(snapshot && { snapshotAt: snapshot.createdAt }),
    ...(recovery && recovery.serverID === server?.id && { recovery: recovery.step }),
  };
}

const wordOf = (condition: Condition | undefined): Word | undefined =>
  condition && { status: condition.status, reason: condition.reason, message: condition.message };
