import type { Cloud } from '../../clients/digitalocean/cloud.ts';
import { Waiting } from '../outcome.ts';
import { FLEET_TAKEN } from './policy.ts';
import type { Standing } from './standing.ts';

/** What changes nothing. Everything else is asked of the cloud only while the fleet's standing is in no doubt. */
const READS: ReadonlySet<keyof Cloud> = new Set([
  'getAccount',
  'listDroplets',
  'getDroplet',
  'getAction',
  'listSizes',
  'listKeys',
  'listFirewalls',
  'listSnapshots',
  'listVolumes',
  'listReservedIPs',
]);

/** What taking servers over from another API needs; see policy.ts. */
const TAKES_OVER: ReadonlySet<keyof Cloud> = new Set(['tagDroplet', 'untagDroplet', 'createTag']);

/** How soon to try again what the standing held up, ms. */
const AGAIN_MS = 10_000;

/**
 * The same cloud, which changes nothing while the fleet's standing is in doubt, whatever it is asked by: not a server,
 * nor a firewall or a key. Such a call fails with Waiting.
 */
export function guardedCloud(cloud: Cloud, standing: Pick<Standing, 'problem'>): Cloud {
  const guard = (name: keyof Cloud) => {
    const call = cloud[name] as (...args: unknown[]) => Promise<unknown>;
    if (READS.has(name)) return call.bind(cloud);
    return async (...args: unknown[]): Promise<unknown> => {
      const last = args.at(-1);
      const signal = last instanceof AbortSignal ? last : new AbortController().signal;
      const problem = await standing.problem(signal);
      if (problem !== undefined && !(problem.reason === FLEET_TAKEN && TAKES_OVER.has(name)))
        throw new Waiting(problem.message, AGAIN_MS);
      return await call.apply(cloud, args);
    };
  };
  return new Proxy(cloud, {
    get: (target, name) =>
      typeof target[name as keyof Cloud] === 'function'
        ? guard(name as keyof Cloud)
        : target[name as keyof Cloud],
  });
}
