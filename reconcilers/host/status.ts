import type { ConditionValue } from '../../crds/conditions.ts';
import type { Droplet, DropletStatus } from '../../crds/droplet.ts';
import type { Context } from '../context.ts';
import type { Run } from '../run.ts';
import { writeDropletStatus } from '../status/write.ts';

/** What is known of a host; what is left out stays as it was. */
export interface HostConditions {
  reachable?: ConditionValue;
  configured?: ConditionValue;
}

/** Writes how the host of the Droplet's server is. */
export function reportHost(
  context: Context,
  droplet: Droplet,
  { reachable, configured }: HostConditions,
  run: Run,
): Promise<Droplet> {
  const conditions = {
    ...(reachable && { Reachable: reachable }),
    ...(configured && { Configured: configured }),
  };
  const change = { fields: { host: hostOf(droplet) }, conditions };
  return writeDropletStatus(context, 'host', droplet, change, run);
}

/** Writes which host keys are accepted from now on. */
export const pin = (context: Context, droplet: Droplet, keys: HostKeys, run: Run): Promise<Droplet> =>
  writeDropletStatus(context, 'host', droplet, { fields: { host: withKeys(droplet, keys) } }, run);

type Host = NonNullable<DropletStatus['host']>;
export type HostKeys = Pick<Host, 'keyFingerprint' | 'nextKeyFingerprint'>;

/** The host's part of the status, about the server that the Droplet has now, with those keys. */
export function withKeys({ status }: Pick<Droplet, 'status'>, keys: HostKeys): Host {
  const id = status?.server?.id;
  return { ...(id !== undefined && { serverID: id }), ...keys };
}

/** The same with the keys that are pinned; those of a former server are not. */
function hostOf(droplet: Droplet): Host {
  const { host, server } = droplet.status ?? {};
  return host !== undefined && host.serverID === server?.id ? host : withKeys(droplet, {});
}
