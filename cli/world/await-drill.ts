import type { Droplet, DropletStatus } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import { drillProgress } from '../show/drill-lines.ts';
import type { FleetWatch } from './fleet-watch.ts';

type Drill = NonNullable<DropletStatus['drill']>;

/** How the wait for a drill ended. */
export type DrillEnding =
  | { state: 'over'; drill: Drill; droplet: Droplet }
  | { state: 'gone' }
  | { state: 'timeout'; waitingFor: string };

/**
 * Waits until nothing is left of the drill that was asked for by that word.
 *
 * @param show gets each line of how it goes.
 * @param signal its abort counts as a timeout.
 */
export function awaitDrill(
  fleet: Pick<FleetWatch, 'droplets' | 'onChange'>,
  key: ObjectKey,
  request: string,
  show: (line: string) => void,
  signal: AbortSignal,
): Promise<DrillEnding> {
  return new Promise(resolve => {
    let said = '';
    let isOver = false;
    const end = (ending: DrillEnding): void => {
      isOver = true;
      resolve(ending);
    };
    const check = (): void => {
      if (isOver) return;
      const droplet = fleet.droplets().find(one => keyOf(one) === key);
      if (droplet === undefined) return end({ state: 'gone' });
      const { drill } = droplet.status ?? {};
      const isIt = drill?.request === request;
      const line = isIt ? drillProgress(drill) : 'waiting for the operator to begin';
      if (line !== said) show(`${droplet.metadata.name}: ${line}`);
      said = line;
      if (isIt && drill.step === 'Done') end({ state: 'over', drill, droplet });
      else if (signal.aborted) end({ state: 'timeout', waitingFor: line });
    };
    fleet.onChange(check);
    signal.addEventListener('abort', check, { once: true });
    check();
  });
}
