import { createHash } from 'node:crypto';
import type { ConditionValue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { projectKeyOf, type Context, type Hosts } from '../context.ts';
import type { Run } from '../run.ts';
import type { Outcome } from '../outcome.ts';
import { hostOf } from './access.ts';
import { applyStep, settlePins, type HostApply } from './apply.ts';
import type { DesiredHost } from './desired.ts';
import { desiredHostOf } from './engine.ts';
import type { HostFacts } from './facts.ts';
import { filesOf } from './files.ts';
import { isFirstHostKey } from './first-host-key.ts';
import { probeHost } from './observe.ts';
import { atWork, describeSteps, planHost, withFirstBoot, type DesiredFile, type HostPlan } from './plan.ts';
import { reportHost } from './status.ts';
import { HostError, reachCondition, stepCondition } from './errors.ts';

/** How often a host is probed again after its plan was carried out, until nothing is left to do. */
const MOST_ROUNDS = 3;

const REACHED: ConditionValue = { status: 'True', reason: 'Ok', message: 'connected by SSH' };

/**
 * Probes a host and does what is to be done, until a probe finds nothing; says in the status how it is. Rejects
 * with HostError when the host is to be tried again later.
 *
 * @param failed the step that failed the last time: while it is tried again the status goes on saying why.
 */
export async function convergeHost(
  context: Context,
  hosts: Hosts,
  droplet: Droplet,
  run: Run,
  failed?: string,
): Promise<Outcome> {
  const ssh = hostOf(hosts, droplet);
  if (ssh === undefined) throw new HostError({ reachable: NO_ADDRESS }, droplet);
  const progress: HostApply = { droplet, ssh };
  const host = desiredHostOf(context, hosts, droplet);
  const files = filesOf(host).map(file => ({ ...file, digest: digestOf(file.content) }));
  for (let round = 1; ; round++) {
    const facts = await observe(context, hosts, progress, host, run);
    const plan = planFor(context, progress.droplet, { host, files, facts });
    if (plan.steps.length > 0 && round > MOST_ROUNDS) throw undoneAgain(plan, progress);
    const isRetry = plan.steps.some(step => describeSteps([step]) === failed);
    const configured = plan.steps.length > 0 ? atWork(plan.steps, facts) : plan.configured;
    const conditions = { reachable: REACHED, ...(!isRetry && { configured }) };
    progress.droplet = await reportHost(context, progress.droplet, conditions, run);
    if (plan.steps.length === 0) return { requeueAfterMs: pauseAfter(plan, hosts) };
    await carryOut(plan, facts, progress, context, hosts, run);
  }
}

const NO_ADDRESS: ConditionValue = {
  status: 'False',
  reason: 'NoAddress',
  message: 'the server has no public IPv4 address to connect to',
};

const digestOf = (content: string): string => createHash('sha256').update(content).digest('hex');

async function observe(
  context: Context,
  hosts: Hosts,
  progress: HostApply,
  host: DesiredHost,
  run: Run,
): Promise<HostFacts> {
  const { ssh, droplet } = progress;
  try {
    const facts = await probeHost(ssh, droplet, host, context, hosts, run.signal);
    await settlePins(progress, context, hosts, run);
    return facts;
  } catch (error) {
    const reachable = reachCondition(error, progress.droplet);
    throw reachable === undefined ? error : new HostError({ reachable }, progress.droplet, { cause: error });
  }
}

function planFor(
  { clock, projects }: Context,
  droplet: Droplet,
  seen: { host: DesiredHost; files: readonly DesiredFile[]; facts: HostFacts },
): HostPlan {
  return planHost({
    ...seen,
    hasFirstHostKey: isFirstHostKey(droplet),
    suspended: projects.get(projectKeyOf(droplet))?.spec.suspend ?? false,
    age: clock.now() - Date.parse(droplet.status?.server?.launchedAt ?? ''),
  });
}

async function carryOut(
  { steps }: HostPlan,
  facts: HostFacts,
  progress: HostApply,
  context: Context,
  hosts: Hosts,
  run: Run,
): Promise<void> {
  run.log.info(describeSteps(steps));
  for (const step of steps)
    try {
      await applyStep(step, progress, context, hosts, run);
    } catch (error) {
      const failed = stepCondition(error, step);
      const reachable = failed === undefined ? reachCondition(error, progress.droplet) : REACHED;
      if (reachable === undefined) throw error;
      const conditions = { reachable, ...(failed && { configured: withFirstBoot(failed, steps, facts) }) };
      throw new HostError(conditions, progress.droplet, { cause: error, step });
    }
}

/** Two who want the same file otherwise would go on for ever. */
function undoneAgain({ steps }: HostPlan, { droplet }: HostApply): HostError {
  const message = `not in sync after ${MOST_ROUNDS} rounds: ${describeSteps(steps)}; something on the host reverts it`;
  const configured: ConditionValue = { status: 'False', reason: 'DoesNotHold', message };
  return new HostError({ reachable: REACHED, configured }, droplet, { step: steps[0]! });
}

/** Spread by a tenth, so that a fleet that was made at once is not probed at once for ever. */
function pauseAfter({ isWaiting, configured }: HostPlan, { timings, random }: Hosts): number {
  if (isWaiting) return timings.retryMs;
  if (configured.status !== 'True') return timings.slowestRetryMs;
  return timings.resyncMs * (0.9 + 0.2 * random());
}
