// From the save of projects.csv to the changed Project in another client's watch: `node test/bench/csv-latency.ts`.
// API, cloud and operator share this process, as they do in `dropfleet up`. The baseline is that client's own
// patch of a Project, timed to the same watch: what no operator could undercut.
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../clients/clock.ts';
import { PROJECTS } from '../../clients/kubernetes/kinds.ts';
import { startSandbox } from '../../sandbox/server.ts';
import { startStandalone } from '../../standalone/server.ts';
import {
  inFolder,
  NO_LIMITS,
  openClient,
  openCloud,
  percentile,
  percentiles,
  startOperator,
  type Client,
} from './rig.ts';

const EDITS = 200;

/** Resolves with the time at which a watch from another client shows the Project with that many servers. */
type SeenAt = (project: string, servers: number) => Promise<number>;

function watchProjects(client: Client, signal: AbortSignal): SeenAt {
  const servers = new Map<string, number>();
  const waiting = new Map<string, (time: number) => void>();
  const follow = async (): Promise<void> => {
    const { resourceVersion } = await client.list(PROJECTS);
    const from = { resourceVersion, timeoutSeconds: 3_600 };
    for await (const { object } of client.watch(PROJECTS, from, { signal })) {
      const seen = `${object.metadata.name} ${object.spec?.servers}`;
      servers.set(object.metadata.name, object.spec?.servers);
      waiting.get(seen)?.(performance.now());
      waiting.delete(seen);
    }
  };
  const ended = follow();
  const failed = ended.then(() => new Promise<never>(() => undefined));
  failed.catch(() => undefined);
  return (project, count) => {
    if (servers.get(project) === count) return Promise.resolve(performance.now());
    const seen = new Promise<number>(resolve => waiting.set(`${project} ${count}`, resolve));
    return Promise.race([seen, failed]);
  };
}

async function timeEdits(csvPath: string, seen: SeenAt): Promise<number[]> {
  const save = (servers: number, atomically: boolean): Promise<void> => {
    const text = `Project,Servers,MasterSpec,WebSpec\nshop,${servers},s-1vcpu-1gb,s-1vcpu-1gb\n`;
    if (!atomically) return writeFile(csvPath, text);
    return writeFile(`${csvPath}.new`, text).then(() => rename(`${csvPath}.new`, csvPath));
  };
  const samples: number[] = [];
  for (let edit = 0; edit < EDITS; edit++) {
    const servers = 2 + (edit % 2);
    const start = performance.now();
    await save(servers, edit % 4 >= 2);
    samples.push((await seen('shop', servers)) - start);
    // A person's next edit does not come before the last one's consequences are over.
    await new Promise(resolve => systemClock.after(20, () => resolve(undefined)));
  }
  return samples;
}

async function timePatches(client: Client, seen: SeenAt): Promise<number[]> {
  const samples: number[] = [];
  for (let edit = 0; edit < EDITS; edit++) {
    const servers = 2 + (edit % 2);
    const start = performance.now();
    await client.patch(PROJECTS, 'default/by-hand', { spec: { servers, suspend: true } });
    samples.push((await seen('by-hand', servers)) - start);
  }
  return samples;
}

await inFolder(async folder => {
  const api = await startStandalone({ stateDir: join(folder, 'state'), port: 0 });
  const sandbox = await startSandbox({
    port: 0,
    bootDelayMs: 200,
    limits: NO_LIMITS,
  });
  const [own, other] = [await openClient(api.kubeconfig), await openClient(api.kubeconfig)];
  const cloud = openCloud(sandbox.url);
  const csvPath = join(folder, 'projects.csv');
  const stop = new AbortController();
  await writeFile(csvPath, 'Project,Servers,MasterSpec,WebSpec\nshop,1,s-1vcpu-1gb,s-1vcpu-1gb\n');
  const spec = { servers: 1, masterSpec: 's-1vcpu-1gb', webSpec: 's-1vcpu-1gb', suspend: true };
  const metadata = { name: 'by-hand', namespace: 'default' };
  const seen = watchProjects(other, stop.signal);
  await other.create(PROJECTS, { apiVersion: 'dropfleet.io/v1alpha1', kind: 'Project', metadata, spec });
  const operator = startOperator(own, cloud, { csvPath });
  await Promise.race([seen('shop', 1), operator.failed]);
  const baseline = await timePatches(other, seen);
  const edits = await Promise.race([timeEdits(csvPath, seen), operator.failed]);
  console.log(`edit of projects.csv to Project: ${percentiles(edits)} (${EDITS} edits)`);
  console.log(`patch of the Project to watch:   ${percentiles(baseline)}`);
  const ratio = (share: number): string =>
    (percentile(edits, share) / percentile(baseline, share)).toFixed(1);
  console.log(`ratio: p50 ${ratio(0.5)}, p99 ${ratio(0.99)}`);
  await operator.stop();
  stop.abort();
  cloud.close();
  await Promise.all([own.close(), other.close()]);
  await sandbox.close();
  await api.close();
});
