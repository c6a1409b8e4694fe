// How long hosts take from `active` to Configured, and what a look at a converged one costs:
// `node test/bench/hosts.ts [emulated|docker] [servers]`. Real SSH; with docker also real cloud-init, sshd and nginx.
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../clients/clock.ts';
import { createInformer } from '../../clients/kubernetes/informer.ts';
import { DROPLETS } from '../../clients/kubernetes/kinds.ts';
import { generateKeyPair } from '../../clients/ssh/key-pair.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import { SecretText } from '../../config/secret-text.ts';
import { isConditionTrue } from '../../crds/conditions.ts';
import type { HostDriver } from '../../sandbox/hosts/driver.ts';
import { createEmulatedDriver } from '../../sandbox/hosts/emulated/driver.ts';
import { startSandbox } from '../../sandbox/server.ts';
import { startStandalone } from '../../standalone/server.ts';
import { openTestHosts } from '../environment/docker-droplets.ts';
import { countCommands } from '../environment/counted-ssh.ts';
import { inFolder, NO_LIMITS, openClient, openCloud, percentiles, silent, startOperator } from './rig.ts';

const BOOT_MS = 1_000;
const RESYNC_MS = 3_000;
const RESYNCS = 3;

const kind = process.argv[2] ?? 'emulated';
const servers = Number(process.argv[3] ?? (kind === 'docker' ? 3 : 20));

const openHosts = (folder: string): Promise<HostDriver> =>
  kind === 'docker'
    ? openTestHosts(`bench-${randomBytes(4).toString('hex')}`)
    : createEmulatedDriver({
        folder: join(folder, 'hosts'),
        clock: systemClock,
        random: Math.random,
        publicRange: '127.30.0.0/16',
      });

await inFolder(async folder => {
  const hosts = await openHosts(folder);
  const api = await startStandalone({ stateDir: join(folder, 'state'), port: 0 });
  const sandbox = await startSandbox({ port: 0, bootDelayMs: BOOT_MS, limits: NO_LIMITS, hosts });
  const client = await openClient(api.kubeconfig);
  const cloud = openCloud(sandbox.url);
  const csvPath = join(folder, 'projects.csv');
  await writeFile(csvPath, `Project,Servers,MasterSpec,WebSpec\nshop,${servers},s-1vcpu-1gb,s-1vcpu-1gb\n`);
  const stop = new AbortController();
  const droplets = createInformer(client, DROPLETS, { clock: systemClock, random: Math.random, log: silent });
  const active = new Map<string, number>();
  const configured = new Map<string, number>();
  const done = Promise.withResolvers<void>();
  droplets.onChange(({ object: { metadata, status } }) => {
    const note = (times: Map<string, number>, type: string): void => {
      if (isConditionTrue(status?.conditions, type) && !times.has(metadata.name))
        times.set(metadata.name, performance.now());
    };
    note(active, 'Provisioned');
    note(configured, 'Configured');
    if (configured.size === servers) done.resolve();
  });
  droplets.start(stop.signal);
  const pair = await generateKeyPair('bench');
  const ssh = countCommands(createSshPool({ clock: systemClock, random: Math.random }));
  const start = performance.now();
  const operator = startOperator(client, cloud, {
    csvPath,
    sshPublicKey: pair.publicKey,
    pollIntervals: { movingMs: 200, firstPollMs: 200, idleMs: 60_000 },
    hosts: {
      ssh: ssh.pool,
      privateKey: new SecretText(pair.privateKey),
      sshPort: hosts.sshPort,
    },
    timings: { host: { resyncMs: RESYNC_MS } },
  });
  await Promise.race([done.promise, operator.failed]);
  console.log(
    `${servers} ${kind} hosts, all Configured after ${((performance.now() - start) / 1_000).toFixed(1)} s`,
  );
  const taken = [...configured].map(([name, at]) => at - active.get(name)!);
  console.log(`from active to Configured: ${percentiles(taken)}; ${ssh.commands.length} commands in all`);
  // The looks that are still under way from the configuring are not counted.
  await probes(servers);
  const before = { commands: ssh.commands.length, version: versions() };
  await probes(servers * RESYNCS);
  const spent = ssh.commands.length - before.commands;
  console.log(
    `${servers * RESYNCS} looks at converged hosts: ${spent} commands, ${versions() === before.version ? 'no' : 'SOME'} writes`,
  );
  stop.abort();
  await operator.stop();
  ssh.pool.close();
  cloud.close();
  if (kind === 'docker') await hosts.reset();
  await sandbox.close();
  await client.close();
  await api.close();

  function versions(): string {
    return droplets
      .list()
      .map(({ metadata }) => metadata.resourceVersion)
      .join();
  }

  /** Resolves once hosts were looked at so many times more. */
  function probes(times: number): Promise<void> {
    const goal = ssh.probes() + times;
    return ssh.until(() => ssh.probes() >= goal);
  }
});
