// What hostile bodies cost the standalone API, at a third of what it takes and at all of it; what grows with the body
// shows a ratio of about 3, and what grows by its square one of 9: `node test/bench/standalone-bodies.ts`.
import { startStandalone } from '../../standalone/server.ts';
import { ApiClient } from '../integration/standalone/api-client.ts';
import { HOSTILE, PATCHED, type Hostile } from '../integration/standalone/hostile-bodies.ts';
import { configMapsIn } from '../integration/standalone/things.ts';
import { inFolder } from './rig.ts';

const MOST_BYTES = 2_900_000;
const ROUNDS = 3;

await inFolder(async stateDir => {
  const server = await startStandalone({ stateDir, port: 0 });
  const api = new ApiClient(server.kubeconfig);
  const path = configMapsIn('default');
  /** CPU, so that a busy machine does not count; the client's share is the same for all. */
  const measure = async ({ method, path: to, type, body }: Hostile, bytes: number): Promise<number> => {
    await api.post(path, PATCHED);
    const text = body(bytes);
    const start = process.cpuUsage();
    await api.send(method, to, text, { type });
    const { user } = process.cpuUsage(start);
    await api.patch(`${path}/patched`, { metadata: { finalizers: null } });
    for (const name of ['patched', 'generated']) await api.delete(`${path}/${name}`);
    return user / 1000;
  };
  const least = async (hostile: Hostile, bytes: number): Promise<number> => {
    const samples: number[] = [];
    for (let i = 0; i < ROUNDS; i++) samples.push(await measure(hostile, bytes));
    return Math.min(...samples);
  };
  for (const hostile of HOSTILE) {
    const [third, all] = [await least(hostile, MOST_BYTES / 3), await least(hostile, MOST_BYTES)];
    // Of a few milliseconds it would say nothing.
    const ratio = all < 50 ? '-' : (all / third).toFixed(1);
    console.log(`${hostile.what}: ${third.toFixed(0)} ms, ${all.toFixed(0)} ms; ratio ${ratio}`);
  }
  api.close();
  await server.close();
});
