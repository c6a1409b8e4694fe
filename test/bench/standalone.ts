// What the standalone API can do, in a process of its own beside its clients in this one:
// `node test/bench/standalone.ts`.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ApiObject } from '../../standalone/object.ts';
import { Store, storeKey } from '../../standalone/store.ts';
import { ApiClient } from '../integration/standalone/api-client.ts';
import { startMortalServer, type MortalServer } from '../integration/standalone/mortal-server.ts';
import { configMap, configMapsIn } from '../integration/standalone/things.ts';
import { inFolder, percentiles } from './rig.ts';

const OBJECTS = 20_000;
/** Of each object's JSON, about. */
const BYTES = 2_000;
const BARE_COMMITS = 2_000;
const WRITERS = 32;
const WATCHERS = 100;
const CHANGES = 500;
const PACED_PER_SECOND = 50;
const path = configMapsIn('default');

const megabytes = ({ pid }: MortalServer): string => {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1];
  return `${Math.round(Number(kilobytes) / 1000)} MB`;
};
const perSecond = (count: number, start: number): number =>
  Math.round((count * 1000) / (performance.now() - start));

/** Calls `work` with 0 to `count` - 1, `workers` at a time. */
async function inParallel(
  count: number,
  workers: number,
  work: (i: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: workers }, run));
}

/** What the disk allows: commits of such objects one after the other, with no server in between. */
function timeCommits(folder: string): void {
  const directory = join(folder, 'bare');
  mkdirSync(directory);
  const store = new Store(directory, Date.now());
  const start = performance.now();
  for (let i = 0; i < BARE_COMMITS; i++) {
    const object = configMap(`c${i}`, { text: 'x'.repeat(BYTES) }) as ApiObject;
    store.put('configmaps', storeKey('default', `c${i}`), object);
  }
  console.log(`bare commits: ${perSecond(BARE_COMMITS, start)} a second`);
  store.close();
}

async function timeWrites(api: ApiClient): Promise<void> {
  const text = 'x'.repeat(BYTES);
  const samples: number[] = [];
  const start = performance.now();
  await inParallel(OBJECTS, WRITERS, async i => {
    const sent = performance.now();
    const { status } = await api.post(path, configMap(`c${i}`, { text }));
    if (status !== 201) throw new Error(`a write was answered ${status}`);
    samples.push(performance.now() - sent);
  });
  console.log(
    `writes: ${perSecond(OBJECTS, start)} a second on ${WRITERS} connections; ${percentiles(samples)}`,
  );
}

/** How long events take from the write's request to the watcher, and how many there are in a second. */
async function timeFanOut(api: ApiClient): Promise<void> {
  const { body } = await api.get(`${path}?limit=1`);
  const query = `watch=true&resourceVersion=${body.metadata.resourceVersion}`;
  const samples: number[] = [];
  let seen = 0;
  let wanted = Infinity;
  let done = (): void => undefined;
  const streams = await Promise.all(
    Array.from({ length: WATCHERS }, () => api.open('GET', `${path}?${query}`)),
  );
  for (const stream of streams) {
    createInterface({ input: stream }).on('line', line => {
      const at = /"sentAt":"([\d.]+)"/.exec(line)?.[1];
      samples.push(performance.now() - Number(at));
      if (++seen === wanted) done();
    });
  }
  const change = async (pauseMs: number): Promise<void> => {
    const sentAt = String(performance.now());
    await api.patch(`${path}/c1`, { metadata: { annotations: { sentAt } } });
    await new Promise(resolve => setTimeout(resolve, pauseMs));
  };
  const measure = async (pauseMs: number, what: string): Promise<void> => {
    samples.length = seen = 0;
    wanted = CHANGES * WATCHERS;
    const all = new Promise<void>(resolve => (done = resolve));
    const start = performance.now();
    for (let i = 0; i < CHANGES; i++) await change(pauseMs);
    await all;
    console.log(`${what}: ${perSecond(wanted, start)} events a second; ${percentiles(samples)}`);
  };
  await measure(1000 / PACED_PER_SECOND, `${WATCHERS} watchers, at most ${PACED_PER_SECOND} writes a second`);
  await measure(0, `${WATCHERS} watchers, one write after the other`);
  for (const stream of streams) stream.destroy();
}

await inFolder(async folder => {
  const startTimed = async (what: string): Promise<MortalServer> => {
    const start = performance.now();
    const server = await startMortalServer(folder);
    console.log(
      `start ${what}: ready after ${Math.round(performance.now() - start)} ms, ${megabytes(server)}`,
    );
    return server;
  };
  timeCommits(folder);
  let server = await startTimed('with nothing');
  let api = new ApiClient(server.kubeconfig);
  try {
    await timeWrites(api);
    console.log(`after that: ${megabytes(server)}`);
    await server.kill();
    api.close();
    server = await startTimed(`with ${OBJECTS} objects, after a kill -9`);
    api = new ApiClient(server.kubeconfig);
    await timeFanOut(api);
    console.log(`after that: ${megabytes(server)}`);
  } finally {
    api.close();
    await server.kill();
  }
});
