import type { ObjectKey } from '../../crds/meta.ts';
import { byNumber } from '../health/topology.ts';

/** A monitor that lives. */
export interface LiveMonitor {
  readonly name: string;
  /** The Droplets that a person told it to act for, and no others; undefined when it takes its share. */
  readonly pinned: readonly ObjectKey[] | undefined;
}

/** A server that somebody has to observe from. */
export interface Vantage {
  readonly droplet: ObjectKey;
  /** `namespace/name` of its Project. */
  readonly project: ObjectKey;
  readonly role: 'master' | 'web';
}

/** A monitor's weight for a vantage: the highest wins. Text of one length, the same in every process. */
export type Weigh = (monitor: string, droplet: ObjectKey) => string;

/**
 * Which monitor acts for which server, by Droplet; the same in every process that knows the same monitors.
 *
 * The highest weight wins (rendezvous hashing), so that a monitor that comes or goes moves what it takes or leaves, and
 * little else. Within a project the observers of one target are kept on different processes as far as there are some:
 * nobody else acts for the master, which observes every web, and the webs, which all observe the master, are spread
 * over the others. A Droplet that a monitor was told to act for is left to it.
 */
export function shareVantages(
  vantages: readonly Vantage[],
  monitors: readonly LiveMonitor[],
  weigh: Weigh,
): Map<ObjectKey, string> {
  const shares = new Map<ObjectKey, string>();
  const projects = Map.groupBy(vantages, ({ project }) => project);
  for (const members of projects.values()) shareProject(members, monitors, weigh, shares);
  return shares;
}

function shareProject(
  members: readonly Vantage[],
  monitors: readonly LiveMonitor[],
  weigh: Weigh,
  shares: Map<ObjectKey, string>,
): void {
  const masters = members.filter(({ role }) => role === 'master');
  const webs = members
    .filter(({ role }) => role === 'web')
    .toSorted((a, b) => byNumber(a.droplet, b.droplet));
  const ofMasters = new Set<string>();
  for (const { droplet } of masters) {
    const monitor = heaviest(candidatesFor(droplet, monitors), droplet, weigh);
    if (monitor === undefined) continue;
    shares.set(droplet, monitor);
    ofMasters.add(monitor);
  }
  const load = new Map<string, number>();
  for (const { droplet } of webs) {
    const candidates = unless(candidatesFor(droplet, monitors), name => ofMasters.has(name));
    const most = Math.ceil(webs.length / Math.max(candidates.length, 1));
    const free = unless(candidates, name => (load.get(name) ?? 0) >= most);
    const monitor = heaviest(free, droplet, weigh);
    if (monitor === undefined) continue;
    shares.set(droplet, monitor);
    load.set(monitor, (load.get(monitor) ?? 0) + 1);
  }
}

/** Those who were told to act for it, else those who take their share. */
function candidatesFor(droplet: ObjectKey, monitors: readonly LiveMonitor[]): string[] {
  const told = monitors.filter(({ pinned }) => pinned?.includes(droplet));
  const willing = told.length > 0 ? told : monitors.filter(({ pinned }) => pinned === undefined);
  return willing.map(({ name }) => name);
}

/** Those that are not excluded; all, where that would leave none. */
function unless(names: readonly string[], isExcluded: (name: string) => boolean): readonly string[] {
  const rest = names.filter(name => !isExcluded(name));
  return rest.length > 0 ? rest : names;
}

function heaviest(names: readonly string[], droplet: ObjectKey, weigh: Weigh): string | undefined {
  const weighed = names.map(name => ({ name, weight: `${weigh(name, droplet)} ${name}` }));
  return weighed.toSorted((a, b) => (a.weight < b.weight ? 1 : -1))[0]?.name;
}
