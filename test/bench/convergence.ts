// How long 100 new projects take from the start of the operator until all are Ready, beside the slowest single
// droplet's own path: `node test/bench/convergence.ts`. In real time: droplets boot in 32 s.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../clients/clock.ts';
import { createInformer } from '../../clients/kubernetes/informer.ts';
import { DROPLETS, PROJECTS } from '../../clients/kubernetes/kinds.ts';
import { isConditionTrue } from '../../crds/conditions.ts';
import { startSandbox } from '../../sandbox/server.ts';
import { startStandalone } from '../../standalone/server.ts';
import {
  inFolder,
  NO_LIMITS,
  openClient,
  openCloud,
  residentMegabytes,
  silent,
  startOperator,
  type Client,
} from './rig.ts';

const PROJECTS_WANTED = 100;
const SERVERS_EACH = 3;
const BOOT_MS = 32_000;

const ROWS = Array.from(
  { length: PROJECTS_WANTED },
  (_, i) => `project${i},${SERVERS_EACH},s-1vcpu-1gb,s-1vcpu-1gb`,
);

/** Resolves when all Projects are Ready, with what each Droplet took from its object's creation, in ms. */
async function untilAllReady(client: Client, signal: AbortSignal): Promise<number[]> {
  const options = { clock: systemClock, random: Math.random, log: silent };
  const projects = createInformer(client, PROJECTS, options);
  const droplets = createInformer(client, DROPLETS, options);
  const born = new Map<string, number>();
  const paths = new Map<string, number>();
  const done = Promise.withResolvers<void>();
  droplets.onChange(({ object: { metadata, status } }) => {
    const now = performance.now();
    if (!born.has(metadata.name)) born.set(metadata.name, now);
    const isNews = isConditionTrue(status?.conditions, 'Ready') && !paths.has(metadata.name);
    if (isNews) paths.set(metadata.name, now - born.get(metadata.name)!);
  });
  projects.onChange(() => {
    const ready = projects.list().filter(({ status }) => isConditionTrue(status?.conditions, 'Ready'));
    if (ready.length === PROJECTS_WANTED) done.resolve();
  });
  for (const informer of [projects, droplets]) informer.start(signal);
  await done.promise;
  return [...paths.values()];
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(1);

await inFolder(async folder => {
  const api = await startStandalone({ stateDir: join(folder, 'state'), port: 0 });
  const asked = { first: Infinity, last: 0, protected: 0 };
  const sandbox = await startSandbox({
    port: 0,
    bootDelayMs: BOOT_MS,
    limits: NO_LIMITS,
    onRequest({ operation, phase }) {
      if (operation === 'firewalls.create' && phase === 'after') asked.protected = performance.now();
      if (operation !== 'droplets.create' || phase !== 'after') return;
      asked.first = Math.min(asked.first, performance.now());
      asked.last = performance.now();
    },
  });
  const [own, other] = [await openClient(api.kubeconfig), await openClient(api.kubeconfig)];
  const cloud = openCloud(sandbox.url);
  const csvPath = join(folder, 'projects.csv');
  await writeFile(csvPath, ['Project,Servers,MasterSpec,WebSpec', ...ROWS, ''].join('\n'));
  const stop = new AbortController();
  const start = performance.now();
  const ready = untilAllReady(other, stop.signal);
  const firewalls = { additionalIps: [], operatorAddress: () => Promise.resolve('203.0.113.50') };
  const operator = startOperator(own, cloud, { csvPath, firewalls });
  const paths = await Promise.race([ready, operator.failed]);
  const total = performance.now() - start;
  const slowest = Math.max(...paths);
  const counts = sandbox.ledger.countBy();
  console.log(`${PROJECTS_WANTED} projects, ${paths.length} droplets, all Ready after ${seconds(total)} s`);
  console.log(
    `all droplets asked for within ${seconds(asked.last - start)} s, the first after ${seconds(asked.first - start)} s`,
  );
  console.log(`the last firewall was made after ${seconds(asked.protected - start)} s`);
  console.log(
    `slowest droplet's own path ${seconds(slowest)} s, of which it boots ${seconds(BOOT_MS)} s; ratio ${(total / slowest).toFixed(2)} to the path, ${(total / BOOT_MS).toFixed(2)} to the boot`,
  );
  const calls = Object.values(counts).reduce((sum, count) => sum + count, 0);
  console.log(`${calls} cloud calls: ${JSON.stringify(counts)}`);
  console.log(`memory of API, cloud and operator in one process: ${residentMegabytes()} MB`);
  await operator.stop();
  stop.abort();
  cloud.close();
  await Promise.all([own.close(), other.close()]);
  await sandbox.close();
  await api.close();
});
