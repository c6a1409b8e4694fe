import type { CloudFirewall, FirewallRequest } from '../../clients/digitalocean/cloud.ts';
import { isCloudNotFound, isNameTaken } from '../../clients/digitalocean/errors.ts';
import { drillTag } from '../../crds/cloud-tags.ts';
import { drillFirewallName } from '../../crds/firewall-name.ts';
import type { Context } from '../context.ts';
import { isAsWanted } from '../firewall/plan.ts';
import { Waiting } from '../outcome.ts';
import type { Run } from '../run.ts';

type FirewallContext = Pick<Context, 'cloud' | 'fleetId'>;

/**
 * What is around the server of a drill: SSH from the admins, and nothing else in either direction. What runs on it must
 * reach nobody, and nobody it, as the original does the same work.
 */
export const drillFirewall = (
  fleetId: string,
  uid: string,
  sshPort: number,
  admins: readonly string[],
): FirewallRequest => ({
  name: drillFirewallName(fleetId, uid),
  tags: [drillTag(uid)],
  inbound: [{ protocol: 'tcp', ports: `${sshPort}`, addresses: admins, tags: [], others: 0 }],
  outbound: [],
});

/** Makes it, or makes it right. The tag that it goes by is there before the server, so that it holds from the first moment. */
export async function putDrillFirewall(
  { cloud, fleetId }: FirewallContext,
  wanted: FirewallRequest,
  run: Run,
): Promise<void> {
  const existing = await findFirewall({ cloud, fleetId }, wanted.name, run);
  if (existing !== undefined && isAsWanted(existing, wanted)) return;
  for (const tag of wanted.tags) await run.fenced(signal => cloud.createTag(tag, signal));
  try {
    await run.fenced(signal =>
      existing === undefined
        ? cloud.createFirewall(wanted, signal)
        : cloud.updateFirewall(existing.id, wanted, signal),
    );
  } catch (error) {
    // An earlier request of ours whose reply was lost, and that the list does not show yet.
    if (isNameTaken(error)) throw new Waiting(`firewall ${wanted.name} exists but is not listed yet`, 5_000);
    throw error;
  }
}

/** Removes it, if it is there. */
export async function removeDrillFirewall(context: FirewallContext, uid: string, run: Run): Promise<void> {
  const firewall = await findFirewall(context, drillFirewallName(context.fleetId, uid), run);
  if (firewall === undefined) return;
  try {
    await run.fenced(signal => context.cloud.deleteFirewall(firewall.id, signal));
  } catch (error) {
    if (!isCloudNotFound(error)) throw error;
  }
}

const findFirewall = async (
  { cloud }: FirewallContext,
  name: string,
  { signal }: Run,
): Promise<CloudFirewall | undefined> =>
  (await cloud.listFirewalls(signal)).find(firewall => firewall.name === name);
