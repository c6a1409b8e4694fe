import type { DropletSummary, FleetSummary } from '../../reconcilers/read-model/fleet-summary.ts';
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
