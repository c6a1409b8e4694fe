import type { Droplet } from '../../crds/droplet.ts';

/** The host keys that connections to a Droplet's server are pinned to: what its host has, else what it first boots with. */
export function pinnedHostKeys({ status }: Pick<Droplet, 'status'>): { current?: string; next?: string } {
  const { host, server } = status ?? {};
  const { keyFingerprint, nextKeyFingerprint } = host?.serverID === server?.id ? (host ?? {}) : {};
  const current = keyFingerprint ?? server?.firstKeyFingerprint;
  return {
    ...(current !== undefined && { current }),
    ...(nextKeyFingerprint !== undefined && { next: nextKeyFingerprint }),
  };
}
