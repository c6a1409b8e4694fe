import { keyOf } from '../../crds/meta.ts';
import { RESTARTED_ANNOTATION } from '../../crds/names.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { Run } from '../run.ts';
import type { Rollout } from './progress.ts';

/** What a person may change of an object, in a word that changes with it. */
export const wishOf = ({ metadata }: ServiceDeployment): string =>
  [metadata.generation, metadata.deletionTimestamp, metadata.annotations?.[RESTARTED_ANNOTATION]].join();

/** What it takes to know whether something else is wanted by now. */
type Wishing = Pick<Rollout, 'service' | 'wish' | 'run'> & {
  context: Pick<Rollout['context'], 'services' | 'clock'>;
};

/** Whether something else is wanted by now: who fixes a bad release does not wait until it was watched to its end. */
export function isOvertaken({ context, service, wish }: Wishing): boolean {
  const now = context.services.get(keyOf(service));
  return now !== undefined && wishOf(now) !== wish;
}

/** How soon a newer wish cuts off what waits for the health of an older one. */
const LOOK_MS = 500;

/** Does something that may take minutes, in a run whose signal aborts as soon as something else is wanted, too. */
export async function untilOvertaken<T>(wishing: Wishing, act: (run: Run) => Promise<T>): Promise<T> {
  const { run, context } = wishing;
  const cut = new AbortController();
  const stop = (): void => cut.abort(run.signal.reason);
  let cancel: () => void;
  const look = (): void => {
    if (isOvertaken(wishing)) cut.abort(new Error('something else is wanted'));
    else cancel = context.clock.after(LOOK_MS, look);
  };
  cancel = context.clock.after(LOOK_MS, look);
  run.signal.addEventListener('abort', stop, { once: true });
  if (run.signal.aborted) stop();
  try {
    return await act({ ...run, signal: cut.signal });
  } finally {
    cancel();
    run.signal.removeEventListener('abort', stop);
  }
}
