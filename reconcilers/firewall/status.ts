import { findCondition, type ConditionValue } from '../../crds/conditions.ts';
import type { Project } from '../../crds/project.ts';
import type { Context } from '../context.ts';
import type { Run } from '../run.ts';
import { writeProjectStatus } from '../status/write.ts';

/** The condition on a Project; absent until there is something to protect. */
export const FIREWALL_READY = 'FirewallReady';

/** How many addresses a message names; the cloud shows them all. */
const NAMED_SOURCES = 5;

/** The condition when everything is as it should be. */
export function applied(sources: readonly string[]): ConditionValue {
  const more = sources.length - NAMED_SOURCES;
  const named = sources.slice(0, NAMED_SOURCES).join(', ');
  const from = more > 0 ? `${named} and ${more} more` : named;
  return {
    status: 'True',
    reason: 'Applied',
    message: `SSH is open to ${from} and the fleet's own droplets`,
  };
}

/** Says in the Project's status how its firewalls are. */
export async function reportFirewalls(
  context: Context,
  project: Project,
  condition: ConditionValue,
  run: Run,
): Promise<void> {
  const before = findCondition(project.status?.conditions, FIREWALL_READY);
  await writeProjectStatus(
    context,
    'firewall',
    project,
    { conditions: { [FIREWALL_READY]: condition } },
    run,
  );
  if (before?.reason === condition.reason) return;
  run.log.info(`firewall: ${condition.message}`);
  if (condition.status === 'False')
    context.events.record(project, 'Warning', `Firewall${condition.reason}`, condition.message);
}
