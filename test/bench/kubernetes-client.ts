// How many calls a second our client makes, beside client-node's own path on the same server:
// `KUBECONFIG=... node test/bench/kubernetes-client.ts`. The ratio is what counts, not the numbers.
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { systemClock } from '../../clients/clock.ts';
import { createKubernetesClient } from '../../clients/kubernetes/http-client.ts';
import { NAMESPACES } from '../../clients/kubernetes/kinds.ts';
import { loadConnection } from '../../clients/kubernetes/kubeconfig.ts';

const AT_ONCE = 16;

/** Calls a second, that many at a time. */
async function callsPerSecond(total: number, call: () => Promise<unknown>): Promise<number> {
  await call();
  const began = performance.now();
  let left = total;
  const caller = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  return (total / (performance.now() - began)) * 1000;
}

const connection = await loadConnection({ env: process.env });
const ours = createKubernetesClient(connection, { clock: systemClock });
const config = new KubeConfig();
config.loadFromDefault();
const theirs = config.makeApiClient(CoreV1Api);

const oursPerSecond = await callsPerSecond(8_000, () => ours.get(NAMESPACES, 'default'));
const theirsPerSecond = await callsPerSecond(800, () => theirs.readNamespace({ name: 'default' }));
await ours.close();
console.log(
  `dropfleet ${oursPerSecond.toFixed(0)}/s, client-node ${theirsPerSecond.toFixed(0)}/s: ${(oursPerSecond / theirsPerSecond).toFixed(1)} times`,
);
