import type { FleetSummary } from '../read-model/fleet-summary.ts';
import type { ServiceSummary } from '../read-model/services.ts';

/** What a heartbeat tells. */
export interface Heartbeat {
  isWell: boolean;
  /** `7 of 7 droplets, 5 of 5 services`: how many are Ready. */
  headline: string;
  /** What is not well: a name and a sentence each. */
  problems: readonly HeartbeatLine[];
  /** What is watched: a project and how much of it is Ready each. */
  watched: readonly HeartbeatLine[];
  /** Nothing of it is so: somebody tries whether it arrives. */
  isTest?: true;
}

/** One thing of it. */
export interface HeartbeatLine {
  name: string;
  text: string;
}

/** What it is made from, all as of one moment. */
export interface HeartbeatInput {
  fleet: FleetSummary;
  services: readonly ServiceSummary[];
  /** Why nothing is done in the fleet at all, if so. */
  standing?: string | undefined;
  /** The ways to people that fail: which, and why. */
  failing: readonly HeartbeatLine[];
}

/**
 * In which of the day's slots of so many minutes that time is; undefined when there are none. A heartbeat goes out when
 * the slot is another than the one before. So a new leader, which does not know when the last one went out, waits for
 * the next slot: nothing need be written down, and a process that is restarted again and again sends no more of them.
 */
export const slotOf = (now: number, minutes: number): number | undefined =>
  minutes === 0 ? undefined : Math.floor(now / (minutes * 60_000));

/** In how many ms the next slot begins. */
export const untilNextSlot = (now: number, minutes: number): number => {
  const ms = minutes * 60_000;
  return ms - (now % ms);
};

/** So many problems are told by name. */
const MOST_PROBLEMS = 30;

/** What there is to tell. */
export function planHeartbeat({ fleet, services, standing, failing }: HeartbeatInput): Heartbeat {
  const wanted = fleet.projects.reduce((sum, { servers }) => sum + servers, 0);
  const ready = fleet.projects.reduce((sum, { readyDroplets }) => sum + readyDroplets, 0);
  const deployed = services.filter(({ isDeployed }) => isDeployed);
  const serving = deployed.filter(service => service.ready);
  const problems = [
    ...(standing === undefined ? [] : [{ name: 'the fleet', text: `nothing is done: ${standing}` }]),
    ...fleet.projects.flatMap(projectProblems),
    ...fleet.strays.map(({ name }) => ({ name, text: 'it belongs to no Project' })),
    ...deployed
      .filter(service => !service.ready || service.rejected !== undefined)
      .map(({ name, rejected, message }) => ({ name, text: rejected?.message ?? message })),
    ...failing,
  ];
  const more = problems.length - MOST_PROBLEMS;
  return {
    isWell: problems.length === 0,
    headline: `${ready} of ${wanted} droplets${deployed.length === 0 ? '' : `, ${serving.length} of ${deployed.length} services`}`,
    problems: [
      ...problems.slice(0, MOST_PROBLEMS),
      ...(more > 0 ? [{ name: `${more} more`, text: '"dropfleet status" shows all of them' }] : []),
    ],
    watched: fleet.projects.map(project => watchedOf(project, deployed)),
  };
}

type ProjectSummary = FleetSummary['projects'][number];

function projectProblems(project: ProjectSummary): HeartbeatLine[] {
  const droplets = project.droplets
    .filter(({ ready, held }) => !ready || held !== undefined)
    .map(({ name, held, message }) => ({ name, text: held ?? message }));
  const { name, held, rowHeld, ready, message } = project;
  const own = [held, rowHeld].flatMap(text => (text === undefined ? [] : [{ name, text }]));
  if (own.length > 0) return [...own, ...droplets];
  return ready || droplets.length > 0 ? droplets : [{ name, text: message }];
}

function watchedOf(project: ProjectSummary, services: readonly ServiceSummary[]): HeartbeatLine {
  const { name, namespace, readyDroplets, servers } = project;
  const own = services.filter(service => service.project === name && service.namespace === namespace);
  const serving = own.filter(({ ready }) => ready).length;
  const of = own.length === 0 ? '' : `, ${serving} of ${own.length} services`;
  return { name, text: `${readyDroplets} of ${servers} droplets${of}` };
}
