import { randomBytes } from 'node:crypto';
import { systemClock } from '../../clients/clock.ts';
import type { Informer } from '../../clients/kubernetes/client.ts';
import { createKubernetesClient } from '../../clients/kubernetes/http-client.ts';
import { createInformer } from '../../clients/kubernetes/informer.ts';
import { DROPLETS, SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import { loadConnection } from '../../clients/kubernetes/kubeconfig.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import { findCondition, isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { ObjectKey } from '../../crds/meta.ts';
import { API_VERSION } from '../../crds/names.ts';
import type { ServiceDeployment, ServiceDeploymentSpec } from '../../crds/service-deployment.ts';
import { keysInFolder } from '../../cli/world/ssh-key.ts';
import { hostOf } from '../../reconcilers/host/access.ts';
import { fakeLogger } from '../fakes/logger.ts';
import {
  openWorkplace,
  runDropfleet,
  startDropfleet,
  type RunningCommand,
  type Workplace,
} from './dropfleet.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';

/** `dropfleet up` on docker hosts, or those of the cloud that its environment names, with one project named shop. */
export interface ReleaseFleet {
  readonly place: Workplace;
  readonly kubectl: Kubectl;
  /** All that every process of it has said. */
  said(): string;
  service(name: string): ServiceDeployment | undefined;
  address(droplet: string, kind?: 'privateAddress'): string;
  /** Creates a service of that name, `shop-<environment>-<service>`, or changes fields of its spec. */
  apply(name: string, spec: Partial<ServiceDeploymentSpec>): Promise<void>;
  /** Wants another version, by default of the release before, and waits until it has served its first minute. */
  settled(name: string, version: string): Promise<void>;
  /** Until that version serves. */
  serves(name: string, version: string): Promise<void>;
  /** Until that version is rejected; the reason and the message. */
  rejected(name: string, version: string): Promise<{ reason: string; message: string }>;
  until(what: string, condition: () => boolean): Promise<void>;
  /** Runs a shell command as root on a server, and resolves with what it printed, trimmed. */
  shell(droplet: string, script: string): Promise<string>;
  /** Runs one of our commands, which has to succeed. */
  command(...args: string[]): Promise<string>;
  /** What a service answers through the load balancer. */
  ask(path: string, init?: RequestInit): Promise<string>;
  /** Kills the process with kill -9, and starts another. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** As long as anything takes on a busy machine: the image of the hosts may have to be built. */
const PATIENCE_MS = 600_000;

const hasCloud = ({ env }: Workplace): boolean => env['DO_TOKEN'] !== undefined;
const stateOf = (place: Workplace, ...path: string[]): string =>
  place.path('.dropfleet', hasCloud(place) ? 'digitalocean' : 'sandbox', ...path);

/** Starts it, and waits until every server is Ready. */
export async function openReleaseFleet(
  servers: number,
  env: Record<string, string> = {},
  prepare: (place: Workplace) => Promise<void> = async () => undefined,
): Promise<ReleaseFleet> {
  const row = `shop,${servers},s-1vcpu-1gb,s-1vcpu-1gb`;
  const place = await openWorkplace([row], { DROPFLEET_HOSTS: 'docker', ...env });
  await prepare(place);
  const fleet = await start(place);
  await fleet.daemon.says(new RegExp(`^${servers} of ${servers} droplets Ready`, 'm'), PATIENCE_MS);
  return fleetOf(place, fleet);
}

interface Parts {
  daemon: RunningCommand;
  kubectl: Kubectl;
  client: ReturnType<typeof createKubernetesClient>;
  services: Informer<ServiceDeployment>;
  droplets: Informer<Droplet>;
  stop: AbortController;
  /** Called after every change. */
  listeners: Set<() => void>;
}

/** A process, and those who look at its Kubernetes API. */
async function start(place: Workplace): Promise<Parts> {
  const daemon = startDropfleet(place, 'up');
  await daemon.says(/^Kubernetes .*\(standalone\)$/m);
  const kubeconfig = stateOf(place, 'kubernetes', 'kubeconfig');
  const connection = await loadConnection({ env: { KUBECONFIG: kubeconfig } });
  const client = createKubernetesClient(connection, { clock: systemClock });
  const stop = new AbortController();
  const listeners = new Set<() => void>();
  const options = {
    clock: systemClock,
    random: Math.random,
    log: fakeLogger(),
    selection: { namespace: 'default' },
  };
  const services = createInformer(client, SERVICE_DEPLOYMENTS, options);
  const droplets = createInformer(client, DROPLETS, options);
  for (const informer of [services, droplets]) {
    informer.onChange(() => listeners.forEach(listener => listener()));
    informer.start(stop.signal);
  }
  await Promise.all([services.synced(), droplets.synced()]);
  const kubectl = createKubectl({ kubeconfig }, 'default', place.folder);
  return { daemon, client, services, droplets, stop, kubectl, listeners };
}

const keyOf = (name: string): ObjectKey => `default/${name}`;

function fleetOf(place: Workplace, first: Parts): ReleaseFleet {
  let parts = first;
  let past = '';
  const ssh = createSshPool({ clock: systemClock, random: Math.random });
  const output = (): string => {
    const { stdout, stderr } = parts.daemon.output();
    return stdout + stderr;
  };
  const service = (name: string) => parts.services.get(keyOf(name));
  const address: ReleaseFleet['address'] = (name, kind) =>
    parts.droplets.get(keyOf(name))!.status!.server![kind ?? 'publicAddress']!;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    parts.stop.abort();
    await parts.daemon.stop(signal);
    await parts.client.close();
    past += output();
  };
  const command: ReleaseFleet['command'] = async (...args) => {
    const { code, stdout, stderr } = await runDropfleet(place, ...args);
    if (code !== 0) throw new Error(`dropfleet ${args.join(' ')} failed with ${code}: ${stderr}${stdout}`);
    return stdout;
  };
  const until: ReleaseFleet['until'] = (what, condition) =>
    untilChange(parts.listeners, condition, () => {
      const all = parts.services.list().map(({ metadata, spec, status }) => [metadata.name, spec, status]);
      return `never came: ${what}; ${JSON.stringify(all, null, 1)}\n${output().slice(-5_000)}`;
    });
  const rolledReason = (name: string) => findCondition(service(name)?.status?.conditions, 'Rolled')?.reason;
  return {
    place,
    get kubectl() {
      return parts.kubectl;
    },
    said: () => past + output(),
    service,
    address,
    async apply(name, spec) {
      const [project, environment, ...rest] = name.split('-') as [string, 'uat' | 'prod', ...string[]];
      if (service(name) !== undefined) {
        await parts.client.patch(SERVICE_DEPLOYMENTS, keyOf(name), { spec });
        return;
      }
      const whole = { project, environment, service: rest.join('-'), type: 'web' as const, ...spec };
      const metadata = { name, namespace: 'default' };
      await parts.client.create(
        SERVICE_DEPLOYMENTS,
        { apiVersion: API_VERSION, kind: 'ServiceDeployment', metadata, spec: whole },
        {},
      );
      await until(`${name} to be there`, () => service(name) !== undefined);
    },
    settled: (name, version) =>
      until(
        `${name} to run ${version}`,
        () =>
          service(name)?.status?.version === version &&
          rolledReason(name) === 'Running' &&
          isSeen(service(name)),
      ),
    serves: (name, version) =>
      until(`${name} to serve ${version}`, () => {
        const { version: current, endpoints = [], routed, conditions } = service(name)?.status ?? {};
        const addresses = endpoints.map(endpoint => endpoint.address).toSorted();
        return (
          current === version &&
          addresses.length > 0 &&
          routed?.addresses?.toSorted().join() === addresses.join() &&
          isConditionTrue(conditions, 'Routed')
        );
      }),
    async rejected(name, version) {
      await until(
        `${version} of ${name} to be rejected, and taken back`,
        () =>
          service(name)?.status?.rejected?.version === version &&
          !/^(Starting|Switching|Watching)$/.test(rolledReason(name) ?? ''),
      );
      return service(name)!.status!.rejected!;
    },
    until,
    async shell(droplet, script) {
      const { current } = (await keysInFolder(stateOf(place, 'ssh')).find())!;
      const way = {
        ssh,
        port: Number(place.env['DROPFLEET_SSH_PORT'] ?? 22),
        privateKey: current.privateKey,
      };
      const host = hostOf(way, parts.droplets.get(keyOf(droplet))!)!;
      const argv = ['sudo', '-n', 'sh', '-c', script];
      return (await host.succeed(argv, { timeoutMs: PATIENCE_MS })).stdout.trim();
    },
    command,
    async ask(path, init) {
      const response = await fetch(`http://${address('shop-master')}/shop/${path}`, init);
      return `${response.ok ? '' : `${response.status} `}${await response.text()}`;
    },
    kill: () => end('SIGKILL'),
    async restart() {
      parts = await start(place);
    },
    async close() {
      ssh.close();
      await end('SIGTERM');
      if (!hasCloud(place)) await command('sandbox', 'reset');
      await place.remove();
    },
  };
}

const isSeen = (service: ServiceDeployment | undefined): boolean =>
  service?.status?.observedGeneration === service?.metadata.generation;

/** Looks at the condition after every change. */
function untilChange(
  listeners: Set<() => void>,
  condition: () => boolean,
  complaint: () => string,
): Promise<void> {
  const done = Promise.withResolvers<void>();
  const timer = setTimeout(() => done.reject(new Error(complaint())), PATIENCE_MS / 3);
  const check = (): void => {
    if (condition()) done.resolve();
  };
  listeners.add(check);
  check();
  return done.promise.finally(() => {
    clearTimeout(timer);
    listeners.delete(check);
  });
}

/** A word that stands nowhere else. */
export const canary = (): string => `canary-${randomBytes(12).toString('hex')}`;
