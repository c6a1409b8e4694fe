// A vouch is a Lease: the word of the monitor that acts for a server that this very server answers it, by SSH, with the
// host key that is pinned. It is written only while somebody votes against the server, so that a healthy fleet writes
// nothing. A vote beside a fresh vouch speaks of an asymmetric partition, and not of a dead server.
import type { Lease } from '../../clients/kubernetes/kinds.ts';
import { toMicroTime } from '../../clients/kubernetes/micro-time.ts';
import { splitKey, type ObjectKey } from '../../crds/meta.ts';
import { API_VERSION, GROUP, PROJECT_LABEL } from '../../crds/names.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { TARGET_LABEL, TARGET_NAMESPACE_LABEL } from './vote.ts';

/** On every vouch: DigitalOcean's id of the server that it is about. */
export const VOUCH_LABEL = `${GROUP}/vouches-for`;

/** How long a vouch counts after its renewal was seen. */
export const VOUCH_SECONDS = 30;

/** The word that a server answers. */
export interface Vouch {
  /** `namespace/name` of the Droplet. */
  target: ObjectKey;
  project: string;
  dropletID: number;
  /** The monitor that has it from the server itself. */
  monitor: string;
  /** When the server last answered, by the monitor's clock; ms since the epoch. */
  renewedAt: number;
}

/** The name of the Lease: one for each server. */
export const vouchName = ({ dropletID }: Pick<Vouch, 'dropletID'>): string => `vouch-${dropletID}`;

/**
 * The Lease that says it.
 *
 * @param namespace the operator's own, where alone it may write Leases.
 * @param droplet the server's, which takes the Lease along when it goes, where both are in one namespace.
 */
export function vouchLease(vouch: Vouch, namespace: string, droplet: Droplet): Lease {
  const { namespace: targetNamespace = '', name } = splitKey(vouch.target);
  const isOwner = targetNamespace === namespace && droplet.metadata.uid !== undefined;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: vouchName(vouch),
      namespace,
      labels: {
        [PROJECT_LABEL]: vouch.project,
        [TARGET_LABEL]: name,
        [TARGET_NAMESPACE_LABEL]: targetNamespace,
        [VOUCH_LABEL]: String(vouch.dropletID),
      },
      ...(isOwner && {
        ownerReferences: [{ apiVersion: API_VERSION, kind: 'Droplet', name, uid: droplet.metadata.uid! }],
      }),
    },
    spec: {
      holderIdentity: vouch.monitor,
      leaseDurationSeconds: VOUCH_SECONDS,
      renewTime: toMicroTime(vouch.renewedAt),
    },
  };
}

/** The vouch that a Lease is; undefined for any other Lease, and for one that somebody wrote by hand and got wrong. */
export function readVouch({ metadata, spec = {} }: Lease): Vouch | undefined {
  const { labels = {} } = metadata;
  const [project, target, namespace] = [PROJECT_LABEL, TARGET_LABEL, TARGET_NAMESPACE_LABEL].map(
    label => labels[label],
  );
  const [dropletID, renewedAt] = [Number(labels[VOUCH_LABEL]), Date.parse(spec.renewTime ?? '')];
  if (!project || !target || !namespace || !spec.holderIdentity) return undefined;
  if (!Number.isSafeInteger(dropletID) || Number.isNaN(renewedAt)) return undefined;
  const monitor = spec.holderIdentity;
  const vouch: Vouch = { target: `${namespace}/${target}`, project, dropletID, monitor, renewedAt };
  return metadata.name === vouchName(vouch) ? vouch : undefined;
}
