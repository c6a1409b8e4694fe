import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { systemClock, type Clock } from '../../clients/clock.ts';
import { createCloud, type HttpCloud } from '../../clients/digitalocean/http-client.ts';
import type { Informer, KubernetesClient, Selection } from '../../clients/kubernetes/client.ts';
import { createKubernetesClient } from '../../clients/kubernetes/http-client.ts';
import { createInformer } from '../../clients/kubernetes/informer.ts';
import { DROPLETS, PROJECTS, SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import type { Logger } from '../../clients/log.ts';
import { generateKeyPair, type SshKeyPair } from '../../clients/ssh/key-pair.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import { SecretText } from '../../config/secret-text.ts';
import type { TimingOverrides } from '../../controllers/all.ts';
import type { NotificationSettings } from '../../controllers/notify.ts';
import { createOperator } from '../../controllers/operator.ts';
import { createRuntimeMetrics } from '../../controllers/runtime/metrics.ts';
import { findCondition, isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { CONFIRMATION_REQUIRED, dropletNames } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { Engine } from '../../reconcilers/host/desired.ts';
import type { HostTimings } from '../../reconcilers/host/timings.ts';
import type { Images } from '../../reconcilers/service/images.ts';
import type { HostDriver } from '../../sandbox/hosts/driver.ts';
import { startSandbox, type Sandbox } from '../../sandbox/server.ts';
import { TEST_KEY } from '../builders/sandbox.ts';
import { fakeLogger, type LoggedLine } from '../fakes/logger.ts';
import type { ApiServer } from './api-server.ts';
import { countCommands } from './counted-ssh.ts';
import { openGate, type Gate } from './gate.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';

/** Milliseconds; short, but in the proportions of the real ones. */
const TIMINGS = {
  droplet: {
    launchGraceMs: 3_000,
    pollMs: 100,
    shutdownMs: 2_000,
    drainMs: 20_000,
    refusedMs: 2_000,
    slowestRefusedMs: 24_000,
    retryMs: 100,
    slowestRetryMs: 1_000,
    absenceMs: 1_500,
  },
  'csv-sync': { settleMs: 200, lossSettleMs: 500 },
  'services-file': { settleMs: 200, lossSettleMs: 500 },
  gate: { settleMs: 200 },
  firewall: { resyncMs: 600, maxAgeMs: 300, pollMs: 100, addressRetryMs: 1_000, refusedMs: 2_000 },
  'load-balancer': { pollMs: 100 },
  snapshot: { settleMs: 1_000, lookMs: 1_000, pollMs: 100, holdMs: 500 },
  'data-volume': { pollMs: 100, retryMs: 200 },
  'reserved-ip': { pollMs: 100, retryMs: 200 },
  notify: { gatherMs: 200, observeMs: 50 },
} satisfies TimingOverrides;
/** Whom SSH lets in, where firewalls are made. */
export const ADMIN_IP = '203.0.113.7';
export const OPERATOR_ADDRESS = '203.0.113.50';
const POLLS = { movingMs: 100, firstPollMs: 100, idleMs: 500 };
const BOOT_MS = 200;
/** Longer than anything takes on a machine that is busy with other things. */
const PATIENCE_MS = 150_000;

/** The machines of a world whose droplets are more than records. */
export interface WorldHosts {
  /** Closed by the world's sandbox. */
  driver: HostDriver;
  timings: HostTimings;
  engine?: Engine;
  /** Instead of PATIENCE_MS. */
  patienceMs?: number;
  /** Instead of the one in TIMINGS. */
  drainMs?: number;
}

/** A real operator over real connections, in this process. */
export interface RunningOperator {
  readonly log: readonly LoggedLine[];
  /** The names of the commands that it ran on hosts. */
  readonly hostCommands: readonly string[];
  /** Every request that it sent to the cloud, by operation. */
  readonly cloudCalls: readonly string[];
  /** Stops it as SIGTERM does. */
  stop(): Promise<void>;
}

/** Time that operators and monitors go by: the product's own waits, by another clock than the machine's. */
export interface OtherTime {
  readonly clock: Clock;
  readonly timings: TimingOverrides;
  readonly pollIntervals: typeof POLLS;
}

interface OperatorStart {
  csv?: boolean;
  /** With one, it contends for the leadership, with those whose Lease has the same name: this world's own by default. */
  identity?: string;
  lease?: string;
  firewalls?: boolean;
  notifications?: NotificationSettings;
  /** What the files of notifications name. */
  variables?: Readonly<Record<string, string>>;
  /** Instead of TIMINGS by the machine's clock. */
  time?: OtherTime;
  /** For services that run; without it no image can be had. */
  images?: Images;
}

/** A fleet of its own: a namespace, a cloud, a projects.csv, and operators that see nothing else. */
export interface OperatorWorld {
  readonly namespace: string;
  readonly sandbox: Sandbox;
  /** The cloud as its owner sees it in the control panel. */
  readonly owner: HttpCloud;
  readonly kubernetes: KubernetesClient;
  readonly kubectl: Kubectl;
  readonly csvPath: string;
  readonly deploymentPath: string;
  readonly infrastructurePath: string;
  /** The key pair that opens the hosts. */
  readonly sshKey: SshKeyPair;
  /** The operators' only ways out. */
  readonly gates: { readonly kubernetes: Gate; readonly cloud: Gate };
  project(name: string): Project | undefined;
  droplet(name: string): Droplet | undefined;
  service(name: string): ServiceDeployment | undefined;
  /** By name. */
  dropletNames(): string[];
  /** How many servers were asked for, and how many were destroyed, since the world began. */
  effects(): { created: number; destroyed: number };
  /** Writes projects.csv: the header and these rows. */
  writeCsv(...rows: string[]): Promise<void>;
  /**
   * Resolves as soon as the condition holds; it is looked at after every change of an object, every request to
   * the cloud and every line of an operator's log. Rejects with what there is when that takes too long.
   */
  until(what: string, condition: () => boolean): Promise<void>;
  /** Until the project has exactly that many servers and all of them are Ready. */
  untilReady(project: string, servers: number): Promise<void>;
  /** What the Project or Droplet of that name says is held of it; undefined when nothing is. */
  held(name: string): string | undefined;
  /** Until something of it is held; then lets that through by the kubectl command that it names. */
  letThrough(name: string): Promise<void>;
  /** With `firewalls` it makes those too, for an operator that droplets see under OPERATOR_ADDRESS. */
  startOperator(options?: OperatorStart): RunningOperator;
  close(): Promise<void>;
}

/** Makes a world with nothing in it and no operator. */
export async function openOperatorWorld(server: ApiServer, hosts?: WorldHosts): Promise<OperatorWorld> {
  const listeners = new Set<() => void>();
  const changed = (): void => listeners.forEach(listener => listener());
  const namespace = await server.namespace();
  const problems: string[] = [];
  const sandbox = await startSandbox({
    port: 0,
    bootDelayMs: BOOT_MS,
    limits: { perHour: 1e6, perMinute: 1e6 },
    ...(hosts && { hosts: hosts.driver }),
    onProblem: problem => void problems.push(problem),
    onRequest: ({ phase }) => void (phase === 'after' && setImmediate(changed)),
  });
  const owner = createCloud({
    token: 'owner',
    apiUrl: sandbox.url,
    clock: systemClock,
    random: Math.random,
  });
  const folder = await mkdtemp(join(tmpdir(), 'dropfleet-world-'));
  const sshKey = await generateKeyPair('operator');
  const kubernetesUrl = new URL(server.connection().server);
  const gates = {
    kubernetes: await openGate(Number(kubernetesUrl.port)),
    cloud: await openGate(sandbox.port),
  };
  const observer = await observe(server, namespace, changed);
  const operators = new Set<RunningOperator>();
  const csvPath = join(folder, 'projects.csv');
  const deploymentPath = join(folder, 'deployment_config.json');
  const infrastructurePath = join(folder, 'infrastructure.json');
  const project = (name: string): Project | undefined => observer.projects.get(`${namespace}/${name}`);
  const droplet = (name: string): Droplet | undefined => observer.droplets.get(`${namespace}/${name}`);
  const service = (name: string): ServiceDeployment | undefined =>
    observer.services.get(`${namespace}/${name}`);
  const names = (): string[] =>
    observer.droplets
      .list()
      .map(({ metadata }) => metadata.name)
      .toSorted();
  const describe = (): string =>
    JSON.stringify(
      {
        projects: observer.projects.list().map(({ metadata, spec, status }) => [metadata.name, spec, status]),
        droplets: observer.droplets.list().map(({ metadata, status }) => [metadata.name, status]),
        services: observer.services.list().map(({ metadata, status }) => [metadata.name, status]),
        log: [...operators].map(({ log }) => log.slice(-10).map(({ message, fields }) => [message, fields])),
        calls: sandbox.ledger.countBy(),
        problems,
      },
      null,
      1,
    );
  const until = (what: string, condition: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        listeners.delete(check);
        settle();
      };
      const check = (): void => {
        if (condition()) end(resolve);
      };
      const timer = setTimeout(
        () => end(() => reject(new Error(`never came: ${what}; ${describe()}`))),
        hosts?.patienceMs ?? PATIENCE_MS,
      );
      listeners.add(check);
      check();
    });
  const held = (name: string): string | undefined => {
    const { conditions } = (project(name) ?? droplet(name))?.status ?? {};
    return findCondition(conditions, CONFIRMATION_REQUIRED)?.message;
  };
  const kubectl = createKubectl(server, namespace, folder);
  return {
    namespace,
    sandbox,
    owner,
    kubernetes: server.client(),
    kubectl,
    held,
    async letThrough(name) {
      await until(`something of ${name} to be held`, () => held(name) !== undefined);
      const [, command, value] = /"kubectl (annotate [^"]*?=)'([^']*)'"/.exec(held(name)!)!;
      const words = command!.split(' ');
      await kubectl.succeed(...words.slice(0, -1), `${words.at(-1)}${value}`);
    },
    csvPath,
    deploymentPath,
    infrastructurePath,
    sshKey,
    gates,
    project,
    droplet,
    service,
    dropletNames: names,
    effects: () => effectsOf(sandbox),
    writeCsv: (...rows) => writeFile(csvPath, ['Project,Servers,MasterSpec,WebSpec', ...rows, ''].join('\n')),
    until,
    untilReady: (name, servers) =>
      until(`${name} with ${servers} Ready servers`, () => {
        const droplets = observer.droplets.list().filter(({ spec }) => spec.project === name);
        const wanted = dropletNames(name, servers);
        return (
          isReady(project(name)) &&
          project(name)!.spec.servers === servers &&
          droplets.length === servers &&
          wanted.every(each => isReady(droplet(each)))
        );
      }),
    startOperator({
      csv = true,
      identity,
      lease = `leader-${namespace}`,
      firewalls = false,
      notifications,
      variables = {},
      time,
      images,
    } = {}) {
      const operator = startOperator({
        server,
        namespace,
        urls: {
          kubernetes: `https://${kubernetesUrl.hostname}:${gates.kubernetes.port}`,
          cloud: `http://127.0.0.1:${gates.cloud.port}`,
        },
        files: csv ? { csvPath, deploymentPath, infrastructurePath } : {},
        identity,
        lease,
        firewalls,
        notifications,
        variables,
        time,
        images,
        hosts,
        sshKey,
        changed,
      });
      operators.add(operator);
      return operator;
    },
    async close() {
      // A gate that a failed test left shut would hold up the stop.
      for (const operator of operators) await operator.stop();
      observer.stop();
      owner.close();
      await gates.kubernetes.shut();
      await gates.cloud.shut();
      await sandbox.close();
      await server.release(namespace);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const isReady = (object: Project | Droplet | undefined): boolean =>
  isConditionTrue(object?.status?.conditions, 'Ready') &&
  object!.status!.observedGeneration === object!.metadata.generation;

function effectsOf({ ledger }: Sandbox): { created: number; destroyed: number } {
  const counts = ledger.countBy();
  return { created: counts['droplets.create'] ?? 0, destroyed: counts['droplets.delete'] ?? 0 };
}

interface Observer {
  projects: Informer<Project>;
  droplets: Informer<Droplet>;
  services: Informer<ServiceDeployment>;
  stop(): void;
}

async function observe(server: ApiServer, namespace: string, changed: () => void): Promise<Observer> {
  const stop = new AbortController();
  const options = {
    clock: systemClock,
    random: Math.random,
    log: fakeLogger(),
    selection: { namespace },
  };
  const projects = createInformer(server.client(), PROJECTS, options);
  const droplets = createInformer(server.client(), DROPLETS, options);
  const services = createInformer(server.client(), SERVICE_DEPLOYMENTS, options);
  for (const informer of [projects, droplets, services]) {
    informer.onChange(changed);
    informer.start(stop.signal);
  }
  await Promise.all([projects.synced(), droplets.synced(), services.synced()]);
  return { projects, droplets, services, stop: () => stop.abort() };
}

interface OperatorParts {
  server: ApiServer;
  namespace: string;
  urls: { kubernetes: string; cloud: string };
  files: { csvPath?: string; deploymentPath?: string; infrastructurePath?: string };
  identity: string | undefined;
  lease: string;
  firewalls: boolean;
  notifications: NotificationSettings | undefined;
  variables: Readonly<Record<string, string>>;
  time: OtherTime | undefined;
  images: Images | undefined;
  hosts: WorldHosts | undefined;
  sshKey: SshKeyPair;
  changed: () => void;
}

function startOperator(parts: OperatorParts): RunningOperator {
  const {
    server,
    namespace,
    urls,
    files,
    identity,
    lease,
    firewalls,
    notifications,
    variables,
    time = { clock: systemClock, timings: timingsFor(parts.hosts), pollIntervals: POLLS },
    images,
    hosts,
    sshKey,
    changed,
  } = parts;
  const lines = fakeLogger();
  const cloudCalls: string[] = [];
  const connection = { ...server.connection(), server: urls.kubernetes };
  const client = createKubernetesClient(connection, { clock: systemClock, callTimeoutMs: 5_000 });
  const cloud = createCloud({
    token: identity ?? 'operator',
    apiUrl: urls.cloud,
    clock: systemClock,
    random: Math.random,
    onRequest: ({ operation }) => void cloudCalls.push(operation),
  });
  const ssh = countCommands(createSshPool({ clock: systemClock, random: Math.random }));
  const registry = new Registry();
  const kubernetes = confine(client, namespace);
  const election = { client, namespace, name: lease, random: Math.random };
  const operator = createOperator({
    kubernetes,
    cloud,
    ...time,
    random: Math.random,
    log: observed(lines, changed),
    registry,
    metrics: createRuntimeMetrics(registry),
    fleetId: 'test',
    apiId: 'test-api',
    namespace,
    sshPublicKey: hosts ? sshKey.publicKey : TEST_KEY,
    ...(hosts && {
      hosts: {
        ssh: ssh.pool,
        privateKey: new SecretText(sshKey.privateKey),
        sshPort: hosts.driver.sshPort,
      },
      ...(hosts.engine && { engine: hosts.engine }),
    }),
    newNonce: () => randomBytes(12).toString('hex'),
    newReconcileId: () => randomBytes(4).toString('hex'),
    ...files,
    ...(firewalls && {
      firewalls: {
        adminIp: ADMIN_IP,
        additionalIps: [],
        operatorAddress: () => Promise.resolve(hosts?.driver.operatorAddress ?? OPERATOR_ADDRESS),
      },
    }),
    ...(notifications && { notifications, secretVariables: variablesOf(variables) }),
    ...(images && { images }),
    ...(identity !== undefined && { leaderElection: { ...election, identity } }),
  });
  const stop = new AbortController();
  const running = operator.run(stop.signal);
  // Whoever stops it hears of it.
  running.catch(() => undefined);
  return {
    log: lines.lines,
    cloudCalls,
    hostCommands: ssh.commands,
    async stop() {
      if (stop.signal.aborted) return;
      stop.abort(new Error('the operator is stopped'));
      await running;
      ssh.pool.close();
      cloud.close();
      await client.close();
    },
  };
}

const variablesOf = (values: Readonly<Record<string, string>>) => ({
  envFile: '.env',
  sourceOf: () => undefined,
  valueOf: (name: string) => (values[name] === undefined ? undefined : new SecretText(values[name])),
  reread: () => undefined,
});

const timingsFor = (hosts: WorldHosts | undefined): TimingOverrides => ({
  ...TIMINGS,
  ...(hosts && {
    host: hosts.timings,
    droplet: { ...TIMINGS.droplet, drainMs: hosts.drainMs ?? TIMINGS.droplet.drainMs },
  }),
});

/** The client of an operator that sees one namespace only, so that many fleets share one API server. */
function confine(client: KubernetesClient, namespace: string): KubernetesClient {
  const here = <S extends Selection>(selection: S): S => ({ ...selection, namespace });
  return {
    ...client,
    list: (kind, selection = {}, options) => client.list(kind, here(selection), options),
    watch: (kind, selection, options) => client.watch(kind, here(selection), options),
  };
}

/** The same logger, which also tells that there was a line. */
function observed(log: Logger, onLine: () => void): Logger {
  const say =
    (level: LoggedLine['level']): Logger['info'] =>
    (message, fields) => {
      log[level](message, fields);
      onLine();
    };
  return {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    with: fields => observed(log.with(fields), onLine),
  };
}
