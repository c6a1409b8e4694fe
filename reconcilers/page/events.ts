import type { Event } from '../../clients/kubernetes/kinds.ts';

/** As many are shown; `kubectl get events` has the rest. */
const SHOWN = 40;

/** One Event as a line. */
export interface EventLine {
  /** When it was seen last, RFC 3339. */
  at: string;
  type: 'Normal' | 'Warning';
  reason: string;
  /** What it is about, such as `Droplet shop-web1`. */
  about: string;
  message: string;
  /** How often it was seen. */
  count: number;
}

/** What is read of an Event: others write Events, too, and leave out what they like. */
type Written = Pick<Event, 'involvedObject' | 'metadata'> & Partial<Event>;

/** The newest Events, newest first. */
export const aboutFleet = (events: readonly Written[]): EventLine[] =>
  events
    .map(({ involvedObject, type, reason, message, lastTimestamp, firstTimestamp, metadata, count = 1 }) => ({
      at: lastTimestamp ?? firstTimestamp ?? metadata.creationTimestamp ?? '',
      type: type === 'Warning' ? ('Warning' as const) : ('Normal' as const),
      reason: reason ?? '',
      about: `${involvedObject.kind} ${involvedObject.name ?? ''}`,
      message: message ?? '',
      count,
    }))
    .toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
    .slice(0, SHOWN);
