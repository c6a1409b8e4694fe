import type { HostAccess, SshHost } from '../../clients/ssh/ssh.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { ACCEPT_HOST_KEY_ANNOTATION } from '../../crds/names.ts';
import type { Hosts } from '../context.ts';
import { pinnedHostKeys } from '../read-model/host-keys.ts';
import { HOST_USER } from './desired.ts';

/** The fingerprints that a host may show: the pinned one, the one that is to follow, the one a person vouches for. */
export function acceptedHostKeys(droplet: Droplet): string[] {
  const { current, next } = pinnedHostKeys(droplet);
  const keys = [current, next, droplet.metadata.annotations?.[ACCEPT_HOST_KEY_ANNOTATION]?.trim()];
  return [...new Set(keys.filter(key => key !== undefined).filter(key => key !== ''))];
}

/** What it takes to reach a Droplet's host; undefined while it has no address. */
export function accessOf(
  { port, privateKey }: Pick<Hosts, 'port' | 'privateKey'>,
  droplet: Droplet,
): HostAccess | undefined {
  const address = droplet.status?.server?.publicAddress;
  if (address === undefined) return undefined;
  return { address, port, user: HOST_USER, privateKey, hostKeys: acceptedHostKeys(droplet) };
}

/** The SSH connection to a Droplet's host; undefined while it has no address. */
export function hostOf(
  hosts: Pick<Hosts, 'ssh' | 'port' | 'privateKey'>,
  droplet: Droplet,
): SshHost | undefined {
  const access = accessOf(hosts, droplet);
  return access && hosts.ssh.host(access);
}
