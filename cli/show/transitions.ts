import type { DropletSummary, FleetSummary } from '../../reconcilers/read-model/fleet-summary.ts';
import type { ServiceSummary } from '../../reconcilers/read-model/services.ts';
import { namesIn } from './names.ts';

/** One line for everything that is otherwise in `after` than it was in `before`. */
export function transitions(before: FleetSummary | undefined, after: FleetSummary): string[] {
  const old = stateByName(before);
  const now = stateByName(after);
  const changed = [...now].flatMap(([name, state]) => (old.get(name) === state ? [] : `${name}: ${state}`));
  const gone = [...old.keys()].filter(name => !now.has(name)).map(name => `${name}: gone`);
  return [...changed, ...gone];
}

function stateByName(fleet: FleetSummary | undefined): Map<string, string> {
  if (fleet === undefined) return new Map();
  const named = namesIn(fleet);
  const droplets = [...fleet.projects.flatMap(project => project.droplets), ...fleet.strays];
  const projects = fleet.projects.map((project): [string, string] => [
    `project ${named(project)}`,
    project.ready ? `Ready, ${project.readyDroplets} of ${project.servers} droplets` : project.reason,
  ]);
  return new Map([
    ...droplets.map((d): [string, string] => [`droplet ${named(d)}`, stateOf(d)]),
    ...projects,
  ]);
}

function stateOf({ address, message, state, degraded }: DropletSummary): string {
  if (degraded) return `${state}: ${message}`;
  return state === 'Ready' && address !== undefined ? `${state} at ${address}` : state;
}

/** The same of services. One that was never deployed is none of it. */
export function serviceTransitions(
  before: readonly ServiceSummary[],
  after: readonly ServiceSummary[],
): string[] {
  const old = new Map(before.map(service => [service.name, serviceState(service)]));
  const now = after.filter(({ isDeployed, reason }) => isDeployed || reason === 'Stopped');
  const changed = now.filter(service => old.get(service.name) !== serviceState(service));
  const gone = before.filter(({ name }) => !after.some(service => service.name === name));
  return [
    ...changed.map(service => `service ${service.name}: ${serviceState(service)}`),
    ...gone.map(({ name }) => `service ${name}: gone`),
  ];
}

const serviceState = ({ reason, message }: ServiceSummary): string => `${reason}: ${message}`;
