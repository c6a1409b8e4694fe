import type { Clock } from '../../clients/clock.ts';
import type { BalancedService } from '../read-model/balancing.ts';
import { unitOf } from './render-service.ts';

/** How long a service that nginx refused is left out before it is tried again as it is. */
const RETRY_MS = 600_000;

/**
 * Finds the services that nginx refuses: those without which it takes the rest. What nginx names is looked at
 * last; where it names nothing (hash sizes, limits), halves are tried.
 *
 * @param test what nginx says to a configuration with these services alone; undefined when it takes it.
 * @returns the complaint by unit; undefined when nginx refuses even the configuration without any service.
 */
export async function findRefused(
  units: readonly string[],
  test: (units: readonly string[]) => Promise<string | undefined>,
): Promise<Map<string, string> | undefined> {
  const taken: string[] = [];
  const refused = new Map<string, string>();

  async function admit(group: readonly string[]): Promise<void> {
    if (group.length === 0) return;
    const complaint = await test([...taken, ...group]);
    if (complaint === undefined) return void taken.push(...group);
    if (group.length === 1) return void refused.set(group[0]!, complaint);
    const suspect = group.filter(unit => complaint.includes(`/services/${unit}.`));
    const suspects = suspect.length > 0 ? suspect : group.slice(group.length / 2);
    const others = group.filter(unit => !suspects.includes(unit));
    if (others.length > 0) await admit(others);
    for (const part of others.length > 0 ? [suspects] : suspects.map(unit => [unit])) await admit(part);
  }

  if ((await test([])) !== undefined) return undefined;
  await admit(units);
  return refused;
}

/** The services that nginx refused, remembered until they change or a while has passed. */
export interface Quarantine {
  /** The complaints about the services that are to be left out of the master's configuration, by unit. */
  of(master: string, services: readonly BalancedService[]): Map<string, string>;
  add(master: string, service: BalancedService, complaint: string): void;
  /** How many ms until one of the master's is to be tried again; Infinity when it has none. */
  remaining(master: string): number;
}

/** A quarantine that holds nothing. */
export function createQuarantine(clock: Pick<Clock, 'monotonic'>): Quarantine {
  const held = new Map<string, { master: string; complaint: string; until: number }>();
  const keyOf = (master: string, service: BalancedService): string => `${master} ${JSON.stringify(service)}`;
  return {
    of(master, services) {
      for (const [key, { until }] of held) if (until <= clock.monotonic()) held.delete(key);
      const found = services.map(service => [unitOf(service), held.get(keyOf(master, service))] as const);
      return new Map(found.flatMap(([unit, entry]) => (entry ? [[unit, entry.complaint]] : [])));
    },
    add(master, service, complaint) {
      held.set(keyOf(master, service), { master, complaint, until: clock.monotonic() + RETRY_MS });
    },
    remaining(master) {
      const own = [...held.values()].filter(entry => entry.master === master);
      return Math.max(0, Math.min(...own.map(({ until }) => until)) - clock.monotonic());
    },
  };
}
