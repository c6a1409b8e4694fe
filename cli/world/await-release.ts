import { systemClock } from '../../clients/clock.ts';
import { createInformer } from '../../clients/kubernetes/informer.ts';
import { SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import type { Logger } from '../../clients/log.ts';
import { keyOf } from '../../crds/meta.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { releaseState, type ReleaseState } from '../../reconcilers/versions/release-plan.ts';
import { untilOver, type Look } from './until-over.ts';
import type { KubernetesWorld } from './world.ts';

/** How waiting for a release ended. */
export type ReleaseEnding =
  | { state: 'serving'; services: ServiceDeployment[] }
  | { state: 'failed'; failures: ReleaseFailure[]; released: string[]; waitingFor: string[] }
  | { state: 'timeout'; waitingFor: string[] };

/** Why a service does not run what it should. */
export interface ReleaseFailure {
  service: ServiceDeployment;
  message: string;
}

/** What is waited for: services as they were written. */
export interface ReleaseWait {
  written: readonly ServiceDeployment[];
  /** How far a service is with what was written of it; without it, with its version. */
  stateOf?: StateOf;
  /** Gets them as they are, whenever something happens. */
  show: (services: readonly ServiceDeployment[]) => void;
  log: Logger;
  /** Its abort counts as a timeout. */
  signal: AbortSignal;
}

/** How far a service is, seeing what it was when it was written. */
export type StateOf = (service: ServiceDeployment, written: ServiceDeployment) => ReleaseState;

/** Waits until each of the services runs the version that was written, or one of them cannot go on by itself. */
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
  const ended = untilOver({
    look: lookOf(wait, seen),
    onChange: check => informer.onChange(check),
    clock: systemClock,
    signal: wait.signal,
  });
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

/** A release that was rejected just now is believed at once, when the others have come to their ends. */
function lookOf(
  { written, show, stateOf = versionState }: ReleaseWait,
  seen: () => ServiceDeployment[],
): () => Look<ReleaseEnding> {
  const rejectedBefore = new Set(written.map(({ status }) => status?.rejected?.release));
  const isNews = ({ status }: ServiceDeployment): boolean => !rejectedBefore.has(status?.rejected?.release);
  return () => {
    const services = seen();
    show(services);
    const states = services.map((service, i) => stateOf(service, written[i]!));
    const ending = endingOf(services, states);
    const isCertain =
      states.some((each, i) => each.state === 'failed' && each.isFinal && isNews(services[i]!)) &&
      states.every(({ state }) => state !== 'waiting');
    if (ending.state === 'serving' || isCertain) return { state: 'over', ending };
    return { state: ending.state === 'failed' ? 'failed' : 'waiting', ending };
  };
}

const versionState: StateOf = (service, { metadata }) => releaseState(service, metadata.generation ?? 0);

/** `timeout` is what it is called while there is something to wait for. */
function endingOf(services: ServiceDeployment[], states: readonly ReleaseState[]): ReleaseEnding {
  const failures = states.flatMap((each, i) =>
    each.state === 'failed' ? [{ service: services[i]!, message: each.message }] : [],
  );
  const waitingFor = states.flatMap(each => (each.state === 'waiting' ? [each.for] : []));
  const released = services
    .filter((_, i) => states[i]!.state === 'serving')
    .map(({ metadata }) => metadata.name);
  if (failures.length > 0) return { state: 'failed', failures, released, waitingFor };
  return waitingFor.length > 0 ? { state: 'timeout', waitingFor } : { state: 'serving', services };
}
