// A vote is a Lease: one observer's word that it cannot reach one server, good for as long as it is renewed. There is no
// vote for a server that is well, so that a healthy fleet writes nothing, and votes expire when nobody can write them.
import type { Lease } from '../../clients/kubernetes/kinds.ts';
import { toMicroTime } from '../../clients/kubernetes/micro-time.ts';
import { splitKey, type ObjectKey } from '../../crds/meta.ts';
import { API_VERSION, GROUP, PROJECT_LABEL } from '../../crds/names.ts';
import type { Droplet } from '../../crds/droplet.ts';

/** On every vote: the name of the Droplet that it is about. */
export const TARGET_LABEL = `${GROUP}/target`;
/** On every vote: the namespace of that Droplet; the Lease itself is in the operator's. */
export const TARGET_NAMESPACE_LABEL = `${GROUP}/target-namespace`;
/** On every vote: DigitalOcean's id of the server. A replacement has another, for which old votes are void. */
export const DROPLET_ID_LABEL = `${GROUP}/droplet-id`;
/** On every vote: who cast it, the name of a Droplet or `witness`. */
export const OBSERVER_LABEL = `${GROUP}/observer`;

/** How long a vote counts after its renewal was seen. */
export const VOTE_SECONDS = 30;

/** One observer's word that it cannot reach a server. */
export interface Vote {
  /** `namespace/name` of the Droplet. */
  target: ObjectKey;
  project: string;
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
  const { namespace: targetNamespace = '', name } = splitKey(vote.target);
  const isOwner = targetNamespace === namespace && droplet.metadata.uid !== undefined;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: voteName(vote),
      namespace,
      labels: {
        [PROJECT_LABEL]: vote.project,
        [TARGET_LABEL]: name,
        [TARGET_NAMESPACE_LABEL]: targetNamespace,
        [DROPLET_ID_LABEL]: String(vote.dropletID),
        [OBSERVER_LABEL]: vote.observer,
      },
      ...(isOwner && {
        ownerReferences: [{ apiVersion: API_VERSION, kind: 'Droplet', name, uid: droplet.metadata.uid! }],
      }),
    },
    spec: {
      holderIdentity: vote.observer,
      leaseDurationSeconds: VOTE_SECONDS,
      acquireTime: toMicroTime(vote.failingSince),
      renewTime: toMicroTime(vote.renewedAt),
      leaseTransitions: vote.flaps,
    },
  };
}

/** The vote that a Lease is; undefined for any other Lease, and for one that somebody wrote by hand and got wrong. */
export function readVote({ metadata, spec = {} }: Lease): Vote | undefined {
  const { labels = {} } = metadata;
  const [project, target, namespace] = [PROJECT_LABEL, TARGET_LABEL, TARGET_NAMESPACE_LABEL].map(
    label => labels[label],
  );
  const [observer, dropletID] = [labels[OBSERVER_LABEL], Number(labels[DROPLET_ID_LABEL])];
  const [failingSince, renewedAt] = [spec.acquireTime, spec.renewTime].map(time => Date.parse(time ?? ''));
  if (!project || !target || !namespace || !observer || !Number.isSafeInteger(dropletID)) return undefined;
  if (Number.isNaN(failingSince) || Number.isNaN(renewedAt)) return undefined;
  const vote: Vote = {
    target: `${namespace}/${target}`,
    project,
    dropletID,
    observer,
    failingSince: failingSince!,
    renewedAt: renewedAt!,
    flaps: spec.leaseTransitions ?? 0,
  };
  return metadata.name === voteName(vote) && spec.holderIdentity === observer ? vote : undefined;
}
