import { drillTag, projectRoleTag } from '../../crds/cloud-tags.ts';
import { drillFirewallNamed, firewallNamed } from '../../crds/firewall-name.ts';
import { DROPLETS_BY_UID, type Context } from '../context.ts';
import type { Run } from '../run.ts';
import { Waiting, type Outcome } from '../outcome.ts';
import { applyStep } from './apply.ts';
import type { Firewalls } from './firewalls.ts';

/** Removes the fleet's firewalls that protect nothing and belong to no project, as of the newest list. */
export async function sweepFirewalls(context: Context, firewalls: Firewalls, run: Run): Promise<Outcome> {
  if (context.servers.lastListStartedAt() === undefined)
    throw new Waiting('the droplets have not been listed yet', firewalls.timings.pollMs);
  await firewalls.list.refresh(firewalls.timings.maxAgeMs);
  const names = context.projects.list().map(({ metadata }) => metadata.name);
  const projects = new Set([...names, ...context.droplets.list().map(({ spec }) => spec.project)]);
  for (const { id, name } of firewalls.list.list()) {
    if (isInUse(context, projects, name)) continue;
    await applyStep({ type: 'delete', id, name }, firewalls, context, run, (_reason, message) =>
      run.log.info(message),
    );
  }
  return undefined;
}

/** Whatever is none of ours is somebody else's. That of a drill goes with its end; here goes what a drill could not remove. */
function isInUse(context: Context, projects: ReadonlySet<string>, name: string): boolean {
  const { fleetId, servers, droplets } = context;
  const whose = firewallNamed(fleetId, name);
  if (whose !== undefined)
    return (
      projects.has(whose.project) ||
      servers.byTag(projectRoleTag(fleetId, whose.project, whose.role)).length > 0
    );
  const uid = drillFirewallNamed(fleetId, name);
  if (uid === undefined || servers.byTag(drillTag(uid)).length > 0) return true;
  const drill = droplets.byIndex(DROPLETS_BY_UID, uid)[0]?.status?.drill;
  return drill !== undefined && drill.step !== 'Done';
}
