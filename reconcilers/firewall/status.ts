import { PROJECTS } from '../../clients/kubernetes/kinds.ts';
import { patchStatus } from '../../clients/kubernetes/status.ts';
import { findCondition, setCondition } from '../../crds/conditions.ts';
import type { Condition } from '../../crds/meta.ts';
import type { Project } from '../../crds/project.ts';
import type { Context, Run } from '../context.ts';

/** What is said of a project's firewalls. */
export type Saying = Pick<Condition, 'status' | 'reason' | 'message'>;

/** The condition on a Project; absent until there is something to protect. */
export const FIREWALL_READY = 'FirewallReady';

/** How many addresses a message names; the cloud shows them all. */
const NAMED_SOURCES = 5;

/** Everything is as it should be. */
export function applied(sources: readonly string[]): Saying {
  const more = sources.length - NAMED_SOURCES;
  const named = sources.slice(0, NAMED_SOURCES).join(', ');
  const from = more > 0 ? `${named} and ${more} more` : named;
  return {
    status: 'True',
    reason: 'Applied',
    message: `SSH is open to ${from} and the fleet's own droplets`,
  };
}

/** Says so in the Project's status, by version: what looks after its Droplets writes the same list. */
export async function tell(
  { kubernetes, clock, events }: Context,
  project: Project,
  said: Saying,
  run: Run,
): Promise<void> {
  const { generation } = project.metadata;
  const before = findCondition(project.status?.conditions, FIREWALL_READY);
  const condition = {
    type: FIREWALL_READY,
    ...said,
    ...(generation !== undefined && { observedGeneration: generation }),
  };
  const conditions = setCondition(project.status?.conditions, condition, new Date(clock.now()));
  await patchStatus(kubernetes, PROJECTS, project, { ...project.status, conditions }, run, 'version');
  if (before?.reason === said.reason) return;
  run.log.info(`firewall: ${said.message}`);
  if (said.status === 'False') events.record(project, 'Warning', `Firewall${said.reason}`, said.message);
}
