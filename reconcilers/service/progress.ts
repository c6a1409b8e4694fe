import { keyOf } from '../../crds/meta.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { Hosts } from '../context.ts';
import type { Run } from '../run.ts';
import { writeServiceStatus } from '../status/write.ts';
import { clean } from './clean.ts';
import type { Context } from './concern.ts';
import type { Goal } from './goal.ts';
import type { ServiceMemory } from './memory.ts';
import type { Rejection } from './rejection.ts';
import type { Endpoint } from './rollout-plan.ts';
import { notYet, rolled, switchedTo, type ServiceChange } from './status.ts';
import type { Supplies } from './wanted.ts';

/** A service on its way to what should run. */
export interface Rollout {
  context: Context;
  hosts: Hosts;
  supplies: Supplies;
  memory: ServiceMemory;
  run: Run;
  /** As last written. */
  service: ServiceDeployment;
  /** Undefined when nothing is to run. */
  goal: Goal | undefined;
  isFallback: boolean;
  /** What the goal was made of, by `wishOf`. */
  wish: string;
}

/** Sends requests there from now on. */
export async function switchTo(rollout: Rollout, endpoints: Endpoint[]): Promise<void> {
  const { context, goal, service, memory, isFallback } = rollout;
  const isNew = goal !== undefined && service.status?.release !== goal.target.release;
  const now = new Date(context.clock.now()).toISOString();
  const fields = switchedTo(service, goal?.serving, endpoints, now, isFallback);
  for (const { address } of endpoints) memory.drained(keyOf(service)).delete(address);
  const place = isNew ? { dataVolume: goal.launch.dataVolume } : {};
  await report(rollout, {
    fields: { ...fields, ...place },
    ...(isNew && saying('Switching', 'switching to it', rollout)),
  });
  if (!isNew) return;
  memory.pruningDue(keyOf(service));
  const { version } = goal.serving;
  context.metrics.rollouts.inc({ environment: service.spec.environment, result: 'served' });
  rollout.run.log.info(`serves ${version}`);
  context.events.record(service, 'Normal', 'Serving', `${version} serves on ${namesOf(endpoints)}`);
}

const namesOf = (endpoints: readonly Endpoint[]): string =>
  endpoints.map(({ droplet }) => droplet).join(', ');

/** Says that all is as it should be, and cleans up. */
export async function settle(rollout: Rollout): Promise<void> {
  const { service, goal, isFallback } = rollout;
  const { release, rejected, endpoints = [] } = service.status ?? {};
  // Nothing is left to go back to.
  const proven = release === goal?.target.release && { unproven: undefined };
  if (goal === undefined) {
    const conditions = { Rolled: notYet('Stopped', 'stopped: dropfleet start brings it back') };
    return await report(rollout, { conditions });
  }
  if (isFallback)
    return await report(rollout, {
      fields: { ...proven },
      conditions: { Rolled: rejectedCondition(rollout) },
    });
  await clean(rollout);
  const message = `${goal.serving.version} on ${namesOf(endpoints)}`;
  await report(rollout, {
    fields: { ...proven, ...(rejected && { rejected: undefined }) },
    conditions: { Built: built(goal), Rolled: rolled('Running', message) },
  });
}

const built = ({ serving: { image } }: Goal) => rolled('Built', `image ${image.slice(0, 19)}`);

function rejectedCondition({ service, goal }: Rollout) {
  const { rejected } = service.status ?? {};
  const { reason, message, version } = rejected!;
  const isSame = goal?.serving.version === version;
  const what = isSame ? `${version}, started anew or with new settings,` : version;
  const before =
    goal?.target.release === 'none'
      ? 'nothing ran before it'
      : `${goal?.serving.version} goes on${isSame ? ' as it was' : ''}`;
  const { project, environment } = service.spec;
  const again = `fix it and deploy again, or retry with "dropfleet restart ${project} ${environment} ${service.spec.service}"`;
  return notYet(reason, `${what} was rejected: ${message}; ${before}; ${again}`);
}

/** Takes the release back: what it was to replace goes on, or serves again. */
export async function reject(
  rollout: Rollout,
  { serving }: Goal,
  { reason, message }: Rejection,
): Promise<'again'> {
  const { context, service, run } = rollout;
  const { release, version } = serving;
  await report(rollout, {
    fields: { rejected: { release, version, reason, message } },
    conditions: { Rolled: notYet(reason, `${version} was rejected: ${message}`) },
  });
  context.metrics.rollouts.inc({ environment: service.spec.environment, result: 'rejected' });
  run.log.warn(`${version} was rejected: ${message}`);
  context.events.record(service, 'Warning', reason, `${version} was rejected: ${message}`);
  return 'again';
}

/** What is being done, with the release that it is done for. */
export function saying(
  reason: string,
  message: string,
  { goal }: Rollout,
): Pick<ServiceChange, 'conditions'> {
  const text = goal === undefined ? message : `${goal.serving.version}: ${message}`;
  return { conditions: { ...(goal && { Built: built(goal) }), Rolled: notYet(reason, text) } };
}

/** Writes the status. */
export async function report(rollout: Rollout, change: ServiceChange): Promise<void> {
  const { context, service, run } = rollout;
  const { generation } = service.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const fields = { ...observed, ...change.fields };
  rollout.service = await writeServiceStatus(context, 'service', service, { ...change, fields }, run);
}
