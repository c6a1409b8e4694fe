import { DROPLETS } from '../../clients/kubernetes/kinds.ts';
import { patchStatus } from '../../clients/kubernetes/status.ts';
import { setCondition } from '../../crds/conditions.ts';
import type { Droplet, DropletStatus } from '../../crds/droplet.ts';
import type { Context, Run } from '../context.ts';
import { requiredGates, withReady } from '../droplet/readiness.ts';
import type { HostSaying } from './plan.ts';

/** What is known of a host; what is left out stays as it was said. */
export interface HostSayings {
  reachable?: HostSaying;
  configured?: HostSaying;
}

/** The status that says so, and no other thing of it changed but Ready. */
export function hostStatus(
  { metadata: { generation }, status = {} }: Droplet,
  said: HostSayings,
  gates: Parameters<typeof withReady>[1],
  now: Date,
): DropletStatus {
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  let { conditions } = status;
  for (const [type, saying] of [
    ['Reachable', said.reachable],
    ['Configured', said.configured],
  ] as const)
    if (saying !== undefined) conditions = setCondition(conditions, { type, ...saying, ...observed }, now);
  return withReady({ ...status, ...(conditions && { conditions }) }, gates, now);
}

/** Writes what is known of a host, by version: what looks after the server writes the same list of conditions. */
export function tell(context: Context, droplet: Droplet, said: HostSayings, run: Run): Promise<Droplet> {
  const status = hostStatus(
    droplet,
    said,
    requiredGates(context, droplet.spec.role),
    new Date(context.clock.now()),
  );
  return patchStatus(context.kubernetes, DROPLETS, droplet, status, run, 'version');
}

/** Writes which host keys are accepted. */
export function pin(
  context: Context,
  droplet: Droplet,
  host: NonNullable<DropletStatus['host']>,
  run: Run,
): Promise<Droplet> {
  return patchStatus(context.kubernetes, DROPLETS, droplet, { ...droplet.status, host }, run, 'version');
}
