import { splitKey } from '../../crds/meta.ts';
import type { Transition } from '../../controllers/monitor/pairs.ts';
import type { Pair } from '../../reconcilers/monitor/watch-plan.ts';

const nameOf = (key: string): string => splitKey(key).name;

/** Who observes whom from this process, a line for each observer. */
export function shareLines(pairs: readonly Pair[]): string[] {
  if (pairs.length === 0)
    return ['Acts for no droplet yet: others do, or none with a neighbour has been reached so far.'];
  const byObserver = Map.groupBy(pairs, ({ observer }) => observer);
  return [...byObserver].map(
    ([observer, own]) => `${nameOf(observer)} watches ${own.map(({ target }) => nameOf(target)).join(', ')}`,
  );
}

/** What an observer says from now on. */
export function transitionLine({ pair, stance }: Transition): string {
  const [observer, target] = [nameOf(pair.observer), nameOf(pair.target)];
  switch (stance) {
    case 'fails':
      return `${observer} cannot reach ${target} (${pair.place.address}, ${pair.place.ports.length === 1 ? 'port' : 'ports'} ${pair.place.ports.join(' and ')}): votes against it`;
    case 'well':
      return `${observer} reaches ${target}: no vote`;
    case 'abstains':
      return `${observer} abstains about ${target}: it cannot be reached itself, or reaches nobody else either`;
  }
}
