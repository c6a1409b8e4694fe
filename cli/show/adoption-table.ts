import type { Adoption, AdoptionPlan } from '../../reconcilers/adoption/plan.ts';
import { formatDollars, type Prices } from '../../reconcilers/read-model/cost.ts';
import type { ShownKey } from '../world/adoption.ts';
import { alignColumns } from './columns.ts';

/** What would be taken over, what is left alone and why, and what else a person should know. */
export function adoptionTable(
  { adoptions, leftAlone, notes }: AdoptionPlan,
  prices: Prices,
  now: number,
): string[] {
  const rows = adoptions.map(({ project, name, role, server }) => [
    project,
    name,
    role,
    String(server.id),
    server.size,
    server.region,
    ageOf(server.createdAt, now),
    server.publicAddress ?? '',
    priceOf(server.size, prices),
  ]);
  return [
    ...(rows.length === 0 ? [] : alignColumns([HEADER, ...rows])),
    ...leftAlone.map(({ server, reason }) => `left alone: droplet ${server.id} (${server.name}): ${reason}`),
    ...notes.map(note => `note: ${note}`),
  ];
}

const HEADER = ['PROJECT', 'NAME', 'ROLE', 'ID', 'SIZE', 'REGION', 'AGE', 'ADDRESS', 'MONTHLY'];

const priceOf = (size: string, prices: Prices): string => {
  const price = prices.get(size);
  return price === undefined ? '?' : formatDollars(price);
};

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

/** As kubectl has it: `5m`, `3h`, `12d`. */
function ageOf(createdAt: string, now: number): string {
  const ms = now - Date.parse(createdAt);
  if (!(ms >= 0)) return '?';
  if (ms < 2 * HOUR) return `${Math.floor(ms / MINUTE)}m`;
  return ms < 2 * DAY ? `${Math.floor(ms / HOUR)}h` : `${Math.floor(ms / DAY)}d`;
}

/** The keys that hosts show, for a person to compare with what their consoles say. */
export function hostKeyTable(adoptions: readonly Adoption[], keys: ReadonlyMap<number, ShownKey>): string[] {
  return alignColumns(
    adoptions.flatMap(({ name, server }) => {
      const key = keys.get(server.id);
      if (key === undefined) return [];
      return [
        [
          name,
          server.publicAddress ?? '',
          'fingerprint' in key ? key.fingerprint : `not shown: ${key.problem}`,
        ],
      ];
    }),
  );
}
