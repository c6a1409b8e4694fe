// A vouch is a Lease: the word of the monitor that acts for a server that this very server answers it, by SSH, with the
// host key that is pinned. It is written only while somebody votes against the server, so that a healthy fleet writes
// nothing. A vote beside a fresh vouch speaks of an asymmetric partition, and not of a dead server.
import type { Lease } from '../../clients/kubernetes/kinds.ts';
import { toMicroTime } from '../../clients/kubernetes/micro-time.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { GROUP } from '../../crds/names.ts';
import { serverLease, subjectOf, type Subject } from './server-lease.ts';

/** On every vouch: DigitalOcean's id of the server that it is about. */
export const VOUCH_LABEL = `${GROUP}/vouches-for`;

/** How long a vouch counts after its renewal was seen. */
export const VOUCH_SECONDS = 30;

/** The word that a server answers. */
export interface Vouch extends Subject {
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
  const word = {
    name: vouchName(vouch),
    namespace,
    labels: { [VOUCH_LABEL]: String(vouch.dropletID) },
    spec: {
      holderIdentity: vouch.monitor,
      leaseDurationSeconds: VOUCH_SECONDS,
      renewTime: toMicroTime(vouch.renewedAt),
    },
  };
  return serverLease(vouch, word, droplet);
}

/** The vouch that a Lease is; undefined for any other Lease, and for one that somebody wrote by hand and got wrong. */
export function readVouch(lease: Lease): Vouch | undefined {
  const { metadata, spec = {} } = lease;
  const subject = subjectOf(lease);
  const dropletID = Number(metadata.labels?.[VOUCH_LABEL]);
  const renewedAt = Date.parse(spec.renewTime ?? '');
  const monitor = spec.holderIdentity;
  if (subject === undefined || !monitor) return undefined;
  if (!Number.isSafeInteger(dropletID) || Number.isNaN(renewedAt)) return undefined;
  const vouch: Vouch = { ...subject, dropletID, monitor, renewedAt };
  return metadata.name === vouchName(vouch) ? vouch : undefined;
}
