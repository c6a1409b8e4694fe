import type { Clock } from '../../clients/clock.ts';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isNotFound } from '../../clients/kubernetes/errors.ts';
import { EVENTS, type Event } from '../../clients/kubernetes/kinds.ts';
import { describeError } from '../../clients/log/describe-error.ts';
import type { Logger } from '../../clients/log.ts';
import { toKubernetesTime } from '../../crds/conditions.ts';
import { keyOf, type KubernetesObject } from '../../crds/meta.ts';
import type { EventRecorder } from '../../reconcilers/run.ts';
import { EventCorrelator, REMEMBERED, type Correlated } from './event-correlator.ts';
import { RecentMap } from './recent-map.ts';

/** What the operator's Events say that they come from. */
export const EVENT_COMPONENT = 'dropfleet';

/** What a recorder needs. */
export interface EventRecorderOptions {
  client: Pick<KubernetesClient, 'create' | 'patch'>;
  clock: Clock;
  log: Logger;
  /** 0 up to but not including 1. */
  random: () => number;
  /** What the Events say that they come from. */
  component: string;
}

/** An EventRecorder whose writes can be waited for. */
export interface SendingEventRecorder extends EventRecorder {
  /** Resolves when everything recorded so far was written, or has failed to be. */
  flushed(): Promise<void>;
}

/** Events that wait to be written; what comes on top is dropped, as an outage must not fill the memory. */
const WAITING_AT_MOST = 1000;
/** Characters of a message: it is a line and no dump. The newer events.k8s.io API takes no more than 1024. */
const MESSAGE_AT_MOST = 1000;

/** A recorder that writes one after the other, behind the back of whoever records. */
export function createEventRecorder(options: EventRecorderOptions): SendingEventRecorder {
  const { clock, log } = options;
  const correlator = new EventCorrelator();
  /** The keys of the Events that were written, by the correlator's ids. */
  const written = new RecentMap<string>(REMEMBERED);
  let waiting = 0;
  let sending: Promise<void> = Promise.resolve();

  async function send(event: Event, correlated: Correlated): Promise<void> {
    try {
      written.set(correlated.id, await write(options.client, event, correlated, written.get(correlated.id)));
    } catch (error) {
      correlator.forget(correlated.id);
      log.debug('an Event was not written', { reason: event.reason, error: describeError(error) });
    } finally {
      waiting--;
    }
  }

  return {
    record(object, type, reason, message) {
      const subject = `${object.kind} ${keyOf(object)} ${object.metadata.uid}`;
      const correlated = correlator.correlate({ subject, type, reason, message }, clock.monotonic());
      if (correlated === undefined || waiting >= WAITING_AT_MOST) return;
      waiting++;
      const event = eventAbout(object, type, reason, correlated, options);
      sending = sending.then(() => send(event, correlated));
    },
    flushed: () => sending,
  };
}

/** Returns the key of the Event as it now is in the API. */
async function write(
  client: EventRecorderOptions['client'],
  event: Event,
  correlated: Correlated,
  existing: string | undefined,
): Promise<string> {
  if (correlated.do === 'count' && existing !== undefined) {
    const { lastTimestamp, message } = event;
    try {
      await client.patch(EVENTS, existing, { count: correlated.count, lastTimestamp, message });
      return existing;
    } catch (error) {
      // The API server lets Events expire, after an hour by default.
      if (!isNotFound(error)) throw error;
    }
  }
  return keyOf(await client.create(EVENTS, event));
}

function eventAbout(
  object: KubernetesObject,
  type: Event['type'],
  reason: string,
  correlated: Correlated,
  { clock, component, random }: EventRecorderOptions,
): Event {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  const now = toKubernetesTime(new Date(clock.now()));
  const suffix = Math.floor(random() * 2 ** 48).toString(16);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name}.${suffix}`, namespace: namespace ?? 'default' },
    involvedObject: {
      apiVersion: object.apiVersion,
      kind: object.kind,
      name,
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
    type,
    reason,
    message: correlated.message.slice(0, MESSAGE_AT_MOST),
    source: { component },
    // Selectors know this one; a current client of Kubernetes writes both.
    reportingComponent: component,
    firstTimestamp: now,
    lastTimestamp: now,
    count: correlated.do === 'count' ? correlated.count : 1,
  };
}
