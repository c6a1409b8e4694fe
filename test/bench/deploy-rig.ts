// What the benchmarks of releases stand on: real hosts as containers, and an operator in this process.
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../clients/clock.ts';
import { createGit } from '../../clients/git/git.ts';
import { createInformer } from '../../clients/kubernetes/informer.ts';
import { DROPLETS, SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import { generateKeyPair } from '../../clients/ssh/key-pair.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import type { SshPool } from '../../clients/ssh/ssh.ts';
import { SecretText } from '../../config/secret-text.ts';
import { findCondition, isConditionTrue } from '../../crds/conditions.ts';
import type { ObjectKey } from '../../crds/meta.ts';
import { API_VERSION } from '../../crds/names.ts';
import type { ServiceDeployment, ServiceDeploymentSpec } from '../../crds/service-deployment.ts';
import { createBuilder } from '../../reconcilers/build/build.ts';
import { createImages } from '../../reconcilers/service/image-supply.ts';
import { hostOf } from '../../reconcilers/host/access.ts';
import { startSandbox } from '../../sandbox/server.ts';
import { startStandalone } from '../../standalone/server.ts';
import { openTestHosts } from '../environment/docker-droplets.ts';
import { NO_LIMITS, openClient, openCloud, silent, startOperator } from './rig.ts';

const BOOT_MS = 1_000;
const PROJECT = 'shop';
const NAME = `${PROJECT}-prod-site`;
const KEY: ObjectKey = `default/${NAME}`;

/** A command that ran on a host; times by performance.now(). */
export interface HostCommand {
  address: string;
  /** A script's `$0`. */
  name: string;
  began: number;
  ended: number;
}

/** A project with a master and webs, and one service of it. */
export interface DeployRig {
  /** The master's public address. */
  readonly master: string;
  readonly service: ServiceDeployment | undefined;
  /** All that the operator has run on hosts. */
  readonly commands: readonly HostCommand[];
  /** The public address of a server. */
  address(droplet: string): string;
  /** Creates the service, or changes its spec. */
  apply(spec: Partial<ServiceDeploymentSpec>): Promise<void>;
  /** Looks at the condition after every change of the service. */
  until(condition: (service: ServiceDeployment) => boolean): Promise<void>;
  /** Called with every change of the service. */
  onChange(listener: (service: ServiceDeployment) => void): void;
  /** Runs a shell command as root, and resolves with what it printed. */
  shell(droplet: string, script: string): Promise<string>;
  close(): Promise<void>;
}

/** Starts it and waits until its servers are configured. */
export async function openDeployRig(
  folder: string,
  { servers, watchMs }: { servers: number; watchMs: number },
): Promise<DeployRig> {
  const hosts = await openTestHosts(`bench-${randomBytes(4).toString('hex')}`);
  const api = await startStandalone({ stateDir: join(folder, 'state'), port: 0 });
  const sandbox = await startSandbox({ port: 0, bootDelayMs: BOOT_MS, limits: NO_LIMITS, hosts });
  const client = await openClient(api.kubeconfig);
  const cloud = openCloud(sandbox.url);
  const csvPath = join(folder, 'projects.csv');
  await writeFile(
    csvPath,
    `Project,Servers,MasterSpec,WebSpec\n${PROJECT},${servers},s-1vcpu-1gb,s-1vcpu-1gb\n`,
  );
  const stop = new AbortController();
  const parts = { clock: systemClock, random: Math.random, log: silent };
  const droplets = createInformer(client, DROPLETS, parts);
  const services = createInformer(client, SERVICE_DEPLOYMENTS, parts);
  const listeners = new Set<() => void>();
  for (const informer of [droplets, services]) {
    informer.onChange(() => listeners.forEach(listener => listener()));
    informer.start(stop.signal);
  }
  const when = (condition: () => boolean): Promise<void> =>
    new Promise(resolve => {
      const check = (): void => {
        if (!condition()) return;
        listeners.delete(check);
        resolve();
      };
      listeners.add(check);
      check();
    });
  const pair = await generateKeyPair('bench');
  const privateKey = new SecretText(pair.privateKey);
  const pool = createSshPool(parts);
  const commands: HostCommand[] = [];
  const operator = startOperator(client, cloud, {
    csvPath,
    sshPublicKey: pair.publicKey,
    pollIntervals: { movingMs: 200, firstPollMs: 200, idleMs: 60_000 },
    hosts: {
      ssh: timed(pool, commands),
      privateKey,
      sshPort: hosts.sshPort,
    },
    images: createImages({
      builder: createBuilder(systemClock),
      git: createGit({ folder: join(folder, 'git'), env: process.env }),
    }),
    timings: { service: { watchMs } },
  });
  const isConfigured = (): boolean => {
    const all = droplets.list();
    return all.length === servers && all.every(({ status }) => isConditionTrue(status?.conditions, 'Ready'));
  };
  await Promise.race([when(isConfigured), operator.failed]);
  const droplet = (name: string) => droplets.get(`default/${name}`)!;
  return {
    master: droplet(`${PROJECT}-master`).status!.server!.publicAddress!,
    get service() {
      return services.get(KEY);
    },
    commands,
    address: name => droplet(name).status!.server!.publicAddress!,
    async apply(spec) {
      if (services.get(KEY) !== undefined) {
        await client.patch(SERVICE_DEPLOYMENTS, KEY, { spec });
        return;
      }
      const whole = { project: PROJECT, environment: 'prod' as const, service: 'site', type: 'web' as const };
      await client.create(
        SERVICE_DEPLOYMENTS,
        {
          apiVersion: API_VERSION,
          kind: 'ServiceDeployment',
          metadata: { name: NAME, namespace: 'default' },
          spec: { ...whole, ...spec },
        },
        {},
      );
    },
    until: condition =>
      Promise.race([
        when(() => {
          const service = services.get(KEY);
          return service !== undefined && condition(service);
        }),
        operator.failed,
      ]),
    onChange: listener =>
      void listeners.add(() => {
        const service = services.get(KEY);
        if (service !== undefined) listener(service);
      }),
    async shell(name, script) {
      const host = hostOf({ ssh: pool, port: hosts.sshPort, privateKey }, droplet(name))!;
      return (await host.succeed(['sudo', '-n', 'sh', '-c', script])).stdout.trim();
    },
    async close() {
      stop.abort();
      await operator.stop();
      pool.close();
      cloud.close();
      await hosts.reset();
      await sandbox.close();
      await client.close();
      await api.close();
    },
  };
}

/** Notes what goes through the pool. */
function timed(pool: SshPool, commands: HostCommand[]): SshPool {
  return {
    close: () => pool.close(),
    host(access) {
      const host = pool.host(access);
      const note = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
        const command = { address: access.address, name, began: performance.now(), ended: Infinity };
        commands.push(command);
        return await work().finally(() => void (command.ended = performance.now()));
      };
      const nameOf = (argv: readonly string[]): string => argv[5] ?? argv.join(' ');
      return {
        ...host,
        run: (argv, options) => note(nameOf(argv), () => host.run(argv, options)),
        succeed: (argv, options) => note(nameOf(argv), () => host.succeed(argv, options)),
        writeFile: (path, ...rest) => note(`write ${path}`, () => host.writeFile(path, ...rest)),
      };
    },
  };
}

/** Whether that version serves, by what nginx runs. */
export function serves({ status }: ServiceDeployment, version: string): boolean {
  const addresses = (status?.endpoints ?? []).map(({ address }) => address).toSorted();
  return (
    status?.version === version &&
    isConditionTrue(status.conditions, 'Routed') &&
    addresses.length > 0 &&
    status.routed?.addresses?.toSorted().join() === addresses.join()
  );
}

/** What its Rolled condition says it is at. */
export const stageOf = ({ status }: ServiceDeployment): string =>
  findCondition(status?.conditions, 'Rolled')?.reason ?? '';
