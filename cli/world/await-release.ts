import { systemClock, type Clock } from '../../clients/clock.ts';
import { createInformer } from '../../clients/kubernetes/informer.ts';
import { SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import type { Logger } from '../../clients/log.ts';
import { keyOf } from '../../crds/meta.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { releaseState, type ReleaseState } from '../../reconcilers/versions/release-plan.ts';
import { releaseTransitions } from '../show/release-transitions.ts';
import type { KubernetesWorld } from './world.ts';

/** How waiting for a release ended. */
export type ReleaseEnding =
  | { state: 'serving'; services: ServiceDeployment[] }
  | { state: 'failed'; messages: string[] }
  | { state: 'timeout'; waitingFor: string[] };

/** What is waited for: services as they were written. */
export interface ReleaseWait {
  written: readonly ServiceDeployment[];
  /** How far a service is with what was written of it; without it, with its version. */
  stateOf?: StateOf;
  /** Gets a line for everything that happens. */
  tell: (line: string) => void;
  log: Logger;
  /** Its abort counts as a timeout. */
  signal: AbortSignal;
}

/** How far a service is, seeing what it was when it was written. */
export type StateOf = (service: ServiceDeployment, written: ServiceDeployment) => ReleaseState;

/** A failure may be an old one that is about to be tried again: it is believed when it has stayed for so long. */
const FAILURE_STAYS_MS = 5_000;

/** Waits until each of the services runs the version that was written, or one of them has failed. */
export async function awaitRelease(
  { kubernetes }: Pick<KubernetesWorld, 'kubernetes'>,
  wait: ReleaseWait,
): Promise<ReleaseEnding> {
  const stop = new AbortController();
  const informer = createInformer(kubernetes, SERVICE_DEPLOYMENTS, {
    clock: systemClock,
    random: Math.random,
    log: wait.log,
  });
  const seen = (): ServiceDeployment[] =>
    wait.written.map(service => informer.get(keyOf(service)) ?? withoutStatus(service));
  const ended = followRelease(wait, seen, handler => informer.onChange(handler), systemClock);
  informer.start(stop.signal);
  try {
    return await ended;
  } finally {
    stop.abort();
  }
}

/** One that is not seen yet, or not any more. */
const withoutStatus = ({ apiVersion, kind, metadata, spec }: ServiceDeployment): ServiceDeployment => ({
  apiVersion,
  kind,
  metadata,
  spec,
});

function followRelease(
  { written, tell, signal, stateOf = versionState }: ReleaseWait,
  seen: () => ServiceDeployment[],
  onChange: (handler: () => void) => void,
  clock: Clock,
): Promise<ReleaseEnding> {
  let before = new Map(written.map(service => [service.metadata.name, service]));
  const failedBefore = new Set(written.map(({ status }) => status?.rejected?.release));
  return new Promise(resolve => {
    let forgetFailure: (() => void) | undefined;
    const end = (ending: ReleaseEnding): void => {
      forgetFailure?.();
      resolve(ending);
    };
    const check = (): void => {
      const services = seen();
      for (const line of releaseTransitions(before, services)) tell(line);
      before = new Map(services.map(service => [service.metadata.name, service]));
      const ending = endingOf(
        services,
        services.map((service, i) => stateOf(service, written[i]!)),
      );
      if (ending.state === 'serving') return end(ending);
      if (ending.state === 'timeout') {
        forgetFailure?.();
        forgetFailure = undefined;
        return signal.aborted ? end(ending) : undefined;
      }
      const isNews = services.some(({ status }) => !failedBefore.has(status?.rejected?.release));
      if (isNews || signal.aborted) return end(ending);
      forgetFailure ??= clock.after(FAILURE_STAYS_MS, () => end(ending));
    };
    onChange(check);
    signal.addEventListener('abort', check, { once: true });
    if (signal.aborted) check();
  });
}

const versionState: StateOf = (service, { metadata }) => releaseState(service, metadata.generation ?? 0);

/** `timeout` is what it is called while there is something to wait for. */
function endingOf(services: ServiceDeployment[], states: readonly ReleaseState[]): ReleaseEnding {
  const messages = states.flatMap(each => (each.state === 'failed' ? [each.message] : []));
  if (messages.length > 0) return { state: 'failed', messages };
  const waitingFor = states.flatMap(each => (each.state === 'waiting' ? [each.for] : []));
  return waitingFor.length > 0 ? { state: 'timeout', waitingFor } : { state: 'serving', services };
}
