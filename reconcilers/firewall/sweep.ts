import { projectRoleTag } from '../../crds/cloud-tags.ts';
import { firewallNamed } from '../../crds/firewall-name.ts';
import type { Context } from '../context.ts';
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
    const whose = firewallNamed(context.fleetId, name);
    if (whose === undefined) continue;
    const tag = projectRoleTag(context.fleetId, whose.project, whose.role);
    if (projects.has(whose.project) || context.servers.byTag(tag).length > 0) continue;
    await applyStep({ type: 'delete', id, name }, firewalls, context, run, (_reason, message) =>
      run.log.info(message),
    );
  }
  return undefined;
}
