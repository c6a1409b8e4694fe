import { drillUidOf, nonceOf } from '../../crds/cloud-tags.ts';
import type { CloudDroplet } from '../../clients/digitalocean/cloud.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { DROPLETS_BY_UID } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import type { Run } from '../run.ts';
import type { Context } from './concern.ts';
import { isUnderWay } from './plan.ts';
import { destroyDrillServers, drillAsk, isDrillServer } from './server.ts';

/** How often a server is looked at whose drill goes on: its Droplet may be gone without a word of the cloud. */
const AGAIN_MS = 60_000;

/**
 * Destroys the server of a drill that nobody looks after: its Droplet is gone, or its drill is over, or it came late, after
 * another was asked for.
 *
 * @param key DigitalOcean's id of the server.
 */
export async function sweepDrillServer(context: Context, key: string, run: Run): Promise<Outcome> {
  const asker = `drill-server ${key}`;
  const server = context.servers.get(Number(key));
  const uid = server && drillUidOf(server.tags);
  if (server === undefined || uid === undefined || !isDrillServer(context, uid, server.tags)) {
    await context.gate.ask({ asker, group: asker, effects: [], objects: [] }, run);
    return undefined;
  }
  const [droplet] = context.droplets.byIndex(DROPLETS_BY_UID, uid);
  if (droplet !== undefined && looksAfter(droplet, server)) return { requeueAfterMs: AGAIN_MS };
  const ask = drillAsk(context, asker, droplet, [{ verb: 'destroy', server: server.id }]);
  await destroyDrillServers(context, ask, uid, run);
  return { requeueAfterMs: context.timings.retryMs };
}

const looksAfter = ({ status }: Droplet, { tags }: CloudDroplet): boolean =>
  status?.drill !== undefined && isUnderWay(status.drill) && status.drill.nonce === nonceOf(tags);
