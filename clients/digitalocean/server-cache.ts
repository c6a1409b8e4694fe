import { isDeepStrictEqual } from 'node:util';
import type { CloudDroplet } from './cloud.ts';

/** One droplet appeared (no `before`), changed, or went (no `after`). */
export interface ServerChange {
  before?: CloudDroplet;
  after?: CloudDroplet;
}

/** The droplets of the newest list, by id and by tag. */
export interface ServerCache {
  /** Takes in a whole list, and says what it changed. Droplets that did not change stay the same objects. */
  replace(listed: readonly CloudDroplet[]): ServerChange[];
  list(): readonly CloudDroplet[];
  get(id: number): CloudDroplet | undefined;
  byTag(tag: string): readonly CloudDroplet[];
  hasBeenSeen(id: number): boolean;
}

/** An empty cache. */
export function createServerCache(): ServerCache {
  let byId: ReadonlyMap<number, CloudDroplet> = new Map();
  let sorted: readonly CloudDroplet[] = [];
  /** Made when it is first asked for after a change. */
  let tagIndex: Map<string, CloudDroplet[]> | undefined;
  const seen = new Set<number>();

  return {
    replace(listed) {
      const before = byId;
      const after = new Map(listed.map(droplet => [droplet.id, sameOrNew(before.get(droplet.id), droplet)]));
      const changes = changesBetween(before, after);
      if (changes.length === 0) return changes;
      byId = after;
      sorted = [...after.values()].sort((a, b) => a.id - b.id);
      tagIndex = undefined;
      for (const id of after.keys()) seen.add(id);
      return changes;
    },
    list: () => sorted,
    get: id => byId.get(id),
    byTag(tag) {
      tagIndex ??= indexByTag(sorted);
      return tagIndex.get(tag) ?? [];
    },
    hasBeenSeen: id => seen.has(id),
  };
}

const sameOrNew = (known: CloudDroplet | undefined, listed: CloudDroplet): CloudDroplet =>
  known !== undefined && isDeepStrictEqual(known, listed) ? known : listed;

function changesBetween(
  before: ReadonlyMap<number, CloudDroplet>,
  after: ReadonlyMap<number, CloudDroplet>,
): ServerChange[] {
  const changes: ServerChange[] = [];
  for (const [id, droplet] of before) if (!after.has(id)) changes.push({ before: droplet });
  for (const [id, droplet] of after) {
    const known = before.get(id);
    if (known === undefined) changes.push({ after: droplet });
    else if (known !== droplet) changes.push({ before: known, after: droplet });
  }
  return changes;
}

function indexByTag(droplets: readonly CloudDroplet[]): Map<string, CloudDroplet[]> {
  const index = new Map<string, CloudDroplet[]>();
  for (const droplet of droplets)
    for (const tag of droplet.tags) {
      const tagged = index.get(tag);
      if (tagged === undefined) index.set(tag, [droplet]);
      else tagged.push(droplet);
    }
  return index;
}
