import { isCloudUnreachable, isUnauthorized, isUnprocessable } from '../../clients/digitalocean/errors.ts';
import { projectRoleTag } from '../../crds/cloud-tags.ts';
import { findCondition, isConditionTrue, type ConditionValue } from '../../crds/conditions.ts';
import { splitKey, type ObjectKey } from '../../crds/meta.ts';
import { firewallName } from '../../crds/firewall-name.ts';
import type { Project } from '../../crds/project.ts';
import { DROPLETS_BY_PROJECT_NAME, type Context } from '../context.ts';
import type { Run } from '../run.ts';
import { Waiting, isWaiting, type Outcome } from '../outcome.ts';
import { applyStep } from './apply.ts';
import type { Firewalls } from './firewalls.ts';
import { keeperOf } from './keeper.ts';
import { planFirewalls, type FirewallPlan, type RoleView } from './plan.ts';
import type { Role } from './render.ts';
import { applied, FIREWALL_READY, reportFirewalls } from './status.ts';

const ROLES: readonly Role[] = ['master', 'web'];

/**
 * Makes the firewalls of one project as they should be. The key need not be a Project's: Droplets that name a
 * project which is not there are protected all the same, and firewalls outlive a project only until its servers
 * are gone. A name's firewalls protect the servers of that name in every namespace, and one key alone keeps them.
 */
export async function reconcileFirewalls(
  context: Context,
  firewalls: Firewalls,
  key: ObjectKey,
  project: Project | undefined,
  run: Run,
): Promise<Outcome> {
  if (context.servers.lastListStartedAt() === undefined)
    throw new Waiting('the droplets have not been listed yet', firewalls.timings.pollMs);
  const keeper = keeperOf(context, splitKey(key).name);
  if (keeper !== undefined && keeper !== key) return undefined;
  const roles = observeRoles(context, key);
  if (project !== undefined && isYetToCome(project, roles)) return undefined;
  try {
    const plan = await converge(context, firewalls, key, project, roles, run);
    return plan.waitsForServers ? { requeueAfterMs: firewalls.timings.pollMs } : undefined;
  } catch (error) {
    run.signal.throwIfAborted();
    const failure = describeError(error, firewalls);
    // Firewalls that were right when they were last seen are not said to be otherwise because the cloud is silent.
    const isSilent = failure.condition.reason === 'CloudUnreachable' && isReady(project);
    if (project !== undefined && !isWaiting(error) && !isSilent)
      await reportFirewalls(context, project, failure.condition, run);
    if (failure.requeueAfterMs === undefined) throw error;
    throw new Waiting(failure.condition.message, failure.requeueAfterMs);
  }
}

/** Nothing was asked of the cloud for this project: a list would tell nothing. */
const isYetToCome = (project: Project, roles: readonly RoleView[]): boolean =>
  findCondition(project.status?.conditions, FIREWALL_READY) === undefined &&
  roles.every(role => !role.hasServers && !role.isTagInUse);

const isReady = (project: Project | undefined): boolean =>
  isConditionTrue(project?.status?.conditions, FIREWALL_READY);

function observeRoles({ droplets, servers, fleetId }: Context, key: ObjectKey): RoleView[] {
  const { name } = splitKey(key);
  const mine = droplets.byIndex(DROPLETS_BY_PROJECT_NAME, name);
  return ROLES.map(role => {
    const ofRole = mine.filter(({ spec }) => spec.role === role);
    return {
      role,
      droplets: ofRole.length,
      hasServers: ofRole.some(({ status }) => status?.server?.id !== undefined),
      isTagInUse: servers.byTag(projectRoleTag(fleetId, name, role)).length > 0,
    };
  });
}

async function converge(
  context: Context,
  firewalls: Firewalls,
  key: ObjectKey,
  project: Project | undefined,
  roles: readonly RoleView[],
  run: Run,
): Promise<FirewallPlan> {
  const { list, adminAccess, sshPort, timings } = firewalls;
  if (!needsNoList(context, firewalls, project)) await list.refresh(timings.maxAgeMs);
  const access = await adminAccess(run.signal);
  const plan = planFirewalls({
    fleetId: context.fleetId,
    project: splitKey(key).name,
    roles,
    firewalls: list.list(),
    sshPort,
    admins: access.isKnown ? access.sources : undefined,
    suspended: project?.spec.suspend ?? false,
  });
  const announce = (reason: string, message: string): void => {
    run.log.info(message);
    if (project !== undefined) context.events.record(project, 'Normal', reason, message);
  };
  for (const step of plan.steps) await applyStep(step, firewalls, context, run, announce);
  if (plan.needsAdmins && !access.isKnown) throw new AddressUnknown(access.problem);
  const isDone = project !== undefined && !project.spec.suspend && access.isKnown;
  if (isDone && project.metadata.deletionTimestamp === undefined)
    await reportFirewalls(context, project, applied(access.sources), run);
  return plan;
}

/**
 * A project whose first servers are being made has no firewall to find but those that this process has made; if it
 * has, the cloud says so.
 */
function needsNoList(
  { fleetId }: Context,
  { list, timings }: Firewalls,
  project: Project | undefined,
): boolean {
  if (project === undefined || !list.isUntouched(timings.maxAgeMs)) return false;
  const isFirst = findCondition(project.status?.conditions, FIREWALL_READY) === undefined;
  const names = ROLES.map(role => firewallName(fleetId, project.metadata.name, role));
  return isFirst || list.list().some(({ name }) => names.includes(name));
}

/** It is not known whom SSH lets in. */
class AddressUnknown extends Error {
  override readonly name = 'AddressUnknown';
}

/** What the status says when something failed, and when to try again; an error backs off when that is left out. */
function describeError(
  error: unknown,
  { timings }: Firewalls,
): { condition: ConditionValue; requeueAfterMs?: number } {
  const message = error instanceof Error ? error.message : String(error);
  const not = (reason: string): ConditionValue => ({ status: 'False', reason, message });
  if (isWaiting(error)) return { condition: not('Waiting'), requeueAfterMs: error.afterMs };
  if (error instanceof AddressUnknown)
    return { condition: not('AddressUnknown'), requeueAfterMs: timings.addressRetryMs };
  if (isUnprocessable(error)) return { condition: not('Refused'), requeueAfterMs: timings.refusedMs };
  if (isUnauthorized(error)) return { condition: not('Unauthorized') };
  return { condition: not(isCloudUnreachable(error) ? 'CloudUnreachable' : 'Error') };
}
