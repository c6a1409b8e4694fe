// A vote is a Lease: one observer's word that it cannot reach one server, good for as long as it is renewed. There is no
// vote for a server that is well, so that a healthy fleet writes nothing, and votes expire when nobody can write them.
import type { Lease } from '../../clients/kubernetes/kinds.ts';
import { toMicroTime } from '../../clients/kubernetes/micro-time.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { GROUP } from '../../crds/names.ts';
import { serverLease, subjectOf, type Subject } from './server-lease.ts';

/** On every vote: DigitalOcean's id of the server. A replacement has another, for which old votes are void. */
export const DROPLET_ID_LABEL = `${GROUP}/droplet-id`;
/** On every vote: who cast it, the name of a Droplet or `witness`. */
export const OBSERVER_LABEL = `${GROUP}/observer`;

/** How long a vote counts after its renewal was seen. */
export const VOTE_SECONDS = 30;

/** One observer's word that it cannot reach a server. */
export interface Vote extends Subject {
  dropletID: number;
  /** The name of a Droplet of the project, or WITNESS. */
  observer: string;
  /** When the first probe of this failure failed; ms since the epoch, by the observer's clock. */
  failingSince: number;
  /** When it was last renewed; likewise, and never compared with another machine's clock. */
  renewedAt: number;
  /** How many times this observer found the server failing, and well again, before. */
  flaps: number;
}

/** The name of the Lease: one for each server and observer. */
export const voteName = ({ dropletID, observer }: Pick<Vote, 'dropletID' | 'observer'>): string =>
  `vote-${dropletID}-${observer}`;

/**
 * The Lease that says it.
 *
 * @param namespace the operator's own, where alone it may write Leases.
 * @param droplet the target, which takes the vote along when it goes, where both are in one namespace.
 */
export function voteLease(vote: Vote, namespace: string, droplet: Droplet): Lease {
  const word = {
    name: voteName(vote),
    namespace,
    labels: { [DROPLET_ID_LABEL]: String(vote.dropletID), [OBSERVER_LABEL]: vote.observer },
    spec: {
      holderIdentity: vote.observer,
      leaseDurationSeconds: VOTE_SECONDS,
      acquireTime: toMicroTime(vote.failingSince),
      renewTime: toMicroTime(vote.renewedAt),
      leaseTransitions: vote.flaps,
    },
  };
  return serverLease(vote, word, droplet);
}

/** The vote that a Lease is; undefined for any other Lease, and for one that somebody wrote by hand and got wrong. */
export function readVote(lease: Lease): Vote | undefined {
  const { metadata, spec = {} } = lease;
  const subject = subjectOf(lease);
  const observer = metadata.labels?.[OBSERVER_LABEL];
  const dropletID = Number(metadata.labels?.[DROPLET_ID_LABEL]);
  const failingSince = Date.parse(spec.acquireTime ?? '');
  const renewedAt = Date.parse(spec.renewTime ?? '');
  if (subject === undefined || !observer || !Number.isSafeInteger(dropletID)) return undefined;
  if (Number.isNaN(failingSince) || Number.isNaN(renewedAt)) return undefined;
  const flaps = spec.leaseTransitions ?? 0;
  const vote: Vote = { ...subject, dropletID, observer, failingSince, renewedAt, flaps };
  return metadata.name === voteName(vote) && spec.holderIdentity === observer ? vote : undefined;
}
