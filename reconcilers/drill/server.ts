import { isCloudNotFound } from '../../clients/digitalocean/errors.ts';
import { apiOf, drillUidOf, fleetTag } from '../../crds/cloud-tags.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { projectKeyOf, type Context } from '../context.ts';
import type { Effect } from '../gate/effect.ts';
import type { Answer, Ask } from '../gate/gate.ts';
import type { Run } from '../run.ts';

/** What the gate is asked, in the name of a Droplet that may be gone. */
export function drillAsk(
  { projects }: Pick<Context, 'projects'>,
  asker: string,
  droplet: Droplet | undefined,
  effects: readonly Pick<Effect, 'verb' | 'server'>[],
): Ask {
  const project = droplet && projects.get(projectKeyOf(droplet));
  return {
    asker,
    group: asker,
    effects: effects.map(effect => ({
      ...effect,
      cause: 'drill',
      change: 'restore drill',
      project: droplet ? projectKeyOf(droplet) : '/',
      name: droplet?.metadata.name ?? `droplet ${effect.server}`,
      uid: droplet?.metadata.uid ?? '',
    })),
    objects: [...(droplet ? [droplet] : []), ...(project ? [project] : [])],
    // A person asked for it, or it is the end of what he asked for.
    believedAfterMs: 0,
  };
}

/** By which the gate wakes the drill of a Droplet. */
export const askerOf = (droplet: Droplet): string => `drill ${keyOf(droplet)}`;

/** Whether the tags say that it is the server of a drill of that object, of this fleet, and of this Kubernetes API. */
export const isDrillServer = (
  { fleetId, apiId }: Pick<Context, 'fleetId' | 'apiId'>,
  uid: string,
  tags: readonly string[],
): boolean =>
  drillUidOf(tags) === uid && tags.includes(fleetTag(fleetId)) && (apiOf(tags) ?? apiId) === apiId;

/**
 * Destroys the servers of drills, once the gate lets it pass. Each is read again before, and left alone when its tags do
 * not say any more that it is a drill's.
 *
 * @param ended is told the id of each whose end the cloud has accepted, or of which it says that it is gone.
 */
export async function destroyDrillServers(
  context: Pick<Context, 'cloud' | 'fleetId' | 'apiId' | 'gate' | 'servers'>,
  ask: Ask,
  uid: string,
  run: Run,
  ended: (id: number) => void = () => undefined,
): Promise<Answer> {
  const answer = await context.gate.ask(ask, run);
  if (answer.type !== 'pass') return answer;
  for (const { server: id } of ask.effects)
    try {
      const { tags } = await context.cloud.getDroplet(id!, run.signal);
      if (!isDrillServer(context, uid, tags)) continue;
      await run.fenced(signal => context.cloud.deleteDroplet(id!, signal));
      ended(id!);
      run.log.info(`destroyed droplet ${id}, which a restore drill had made`);
    } catch (error) {
      if (!isCloudNotFound(error)) throw error;
    }
  context.servers.wake();
  return answer;
}
