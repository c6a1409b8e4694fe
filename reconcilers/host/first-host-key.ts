import { deriveKeyPair } from '../../clients/ssh/derived-key.ts';
import { fingerprintOfLine } from '../../clients/ssh/fingerprint.ts';
import type { SshKeyPair } from '../../clients/ssh/key-pair.ts';
import { nonceOf } from '../../crds/cloud-tags.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Hosts } from '../context.ts';
import { pinnedHostKeys } from '../read-model/host-keys.ts';

/**
 * The host key that a server first boots with, known before it is asked for. It follows from the fleet's own key
 * and the nonce of the request, so it is kept nowhere, lives through every crash, and belongs to a server that
 * turns up late as well. It stands in the user data at the cloud: the host makes itself another one at the first
 * contact.
 */
export const firstHostKey = ({ privateKey }: Pick<Hosts, 'privateKey'>, nonce: string): SshKeyPair =>
  deriveKeyPair(privateKey.reveal(), `dropfleet: first host key of ${nonce}`);

/** Whether the pinned host key is still the one that the cloud knows too. */
export const isFirstHostKey = (droplet: Pick<Droplet, 'status'>): boolean => {
  const first = droplet.status?.server?.firstKeyFingerprint;
  return first !== undefined && pinnedHostKeys(droplet).current === first;
};

/** What the status must say of a server with these tags before it can be connected to. */
export function pinOf(
  hosts: Hosts | undefined,
  tags: readonly string[],
): { nonce: string; firstKeyFingerprint: string } | undefined {
  const nonce = nonceOf(tags);
  if (hosts === undefined || nonce === undefined) return undefined;
  return { nonce, firstKeyFingerprint: fingerprintOfLine(firstHostKey(hosts, nonce).publicKey) };
}
