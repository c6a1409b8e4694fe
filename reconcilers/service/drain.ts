import { keyOf } from '../../crds/meta.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { Hosts } from '../context.ts';
import { observeDrain } from '../draining/commands.ts';
import { parseDrainFacts } from '../draining/facts.ts';
import { isAddressDrained, SETTLED_MS } from '../draining/protocol.ts';
import { hostOf } from '../host/access.ts';
import { DEBIAN } from '../load-balancer/layout.ts';
import type { Run } from '../run.ts';
import type { ServiceMemory } from './memory.ts';
import type { Surroundings } from './observe.ts';

/**
 * Finds out to which of the addresses, which the load balancer sends nothing to any more, no request is under way.
 *
 * @returns how long to wait before it is worth another look, in ms; 0 when one of them is drained.
 */
export async function drain(
  hosts: Hosts,
  service: ServiceDeployment,
  addresses: readonly string[],
  { master }: Surroundings,
  memory: ServiceMemory,
  { signal, log }: Run,
): Promise<number> {
  const key = keyOf(service);
  const times = memory.tracker.areOut(key, addresses);
  const longest = Math.max(...times);
  if (longest < SETTLED_MS) return SETTLED_MS - longest;
  const host = master && hostOf(hosts, master);
  if (host === undefined) return hosts.timings.retryMs;
  const { stdout, stderr } = await host.run(observeDrain(DEBIAN, addresses), { signal });
  const facts = parseDrainFacts(stdout);
  if (facts === undefined) {
    log.warn('cannot see whether requests are in flight', { stderr });
    return hosts.timings.retryMs;
  }
  const free = addresses.filter((address, i) => isAddressDrained(address, times[i]!, facts));
  for (const address of free) memory.drained(key).add(address);
  return free.length > 0 ? 0 : hosts.timings.retryMs;
}
