import type { SshHost } from '../../clients/ssh/ssh.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { ACCEPT_HOST_KEY_ANNOTATION } from '../../crds/names.ts';
import type { Hosts } from '../context.ts';
import { HOST_USER } from './desired.ts';

/** The fingerprints that a host may show: the pinned one, the one that is to follow, the one a person vouches for. */
export function acceptedHostKeys({ metadata, status }: Droplet): string[] {
  const keys = [
    status?.hostKeyFingerprint,
    status?.nextHostKeyFingerprint,
    metadata.annotations?.[ACCEPT_HOST_KEY_ANNOTATION]?.trim(),
  ];
  return [...new Set(keys.filter(key => key !== undefined).filter(key => key !== ''))];
}

/** The SSH connection to a Droplet's host; undefined while it has no address. */
export function hostOf(hosts: Hosts, droplet: Droplet): SshHost | undefined {
  const address = droplet.status?.publicAddress;
  if (address === undefined) return undefined;
  return hosts.ssh.host({
    address,
    port: hosts.port,
    user: HOST_USER,
    privateKey: hosts.privateKey,
    hostKeys: acceptedHostKeys(droplet),
  });
}
