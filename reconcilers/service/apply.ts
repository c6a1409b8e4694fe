import type { Hosts } from '../context.ts';
import { makeDataFolders } from '../data-volume/commands.ts';
import { Waiting } from '../outcome.ts';
import type { Run } from '../run.ts';
import { runTask, startContainer, stopContainers, watchContainer, type ContainerSpec } from './commands.ts';
import type { Context } from './concern.ts';
import type { Container } from './facts.ts';
import { noteContainers, sshOf, type Server } from './observe.ts';
import { Rejection } from './rejection.ts';
import { checkOf, patienceOf, serviceContainer, taskContainer, type RunInput } from './run-plan.ts';
import type { Placed } from './rollout-plan.ts';
import { DISK_FULL, ENDED, NOT_HEALTHY, REFUSED } from './scripts.ts';

/** What containers of a release are started with. */
export interface Launch extends Omit<RunInput, 'address' | 'hostPort'> {
  /** The environment as scripts read it; it shows the values of secrets. */
  environment: { reveal(): string };
  /** Takes the values of secrets out of what a program has printed. */
  hideSecrets: (text: string) => string;
}

/** Who works on which server. */
export interface Site {
  context: Context;
  hosts: Hosts;
  server: Server;
  run: Run;
}

/** Beyond what a script waits for; a small droplet under load is slow. */
const SLACK_MS = 60_000;

/** Moving a project's data to its volume takes as long as they are large. */
const MOVE_MS = 6 * 3_600_000;

/** Gets ready what the service has on the project's volume, if it has its data there: what is on the disk still is moved. */
async function moveIn({ hosts, server, run }: Site, { service, engine, dataVolume }: Launch): Promise<void> {
  if (dataVolume === undefined) return;
  const names = (service.spec.volumes ?? []).map(({ name }) => name);
  const argv = makeDataFolders(engine, dataVolume, service.metadata.name, names);
  const options = { timeoutMs: MOVE_MS, signal: run.signal };
  const { code, stderr } = await sshOf(hosts, server).run(argv, options);
  if (code !== 0) throw failedOn(server, "the service's data are not on the project's volume", stderr, hosts);
}

/** Starts a release's container and waits until it is healthy. Throws a Rejection when it does not get so. */
export async function start(
  { context, hosts, server, run }: Site,
  launch: Launch,
  hostPort: number | undefined,
): Promise<void> {
  const { service, engine } = launch;
  await moveIn({ context, hosts, server, run }, launch);
  const { address } = server;
  const spec = serviceContainer({ ...launch, address, hostPort });
  const patience = patienceOf(service);
  const argv = startContainer(engine, spec, checkOf(service, address, hostPort), patience);
  const timeoutMs = patience.withinSeconds * 1_000 + SLACK_MS;
  const stdin = launch.environment.reveal();
  const result = await sshOf(hosts, server).run(argv, { stdin, timeoutMs, signal: run.signal });
  const container = containerOf(launch, spec, hostPort);
  const state = result.code === 0 ? 'running' : 'exited';
  noteContainers(context, hosts, server, all => [
    ...all.filter(({ name }) => name !== spec.name),
    ...([REFUSED, DISK_FULL].includes(result.code) ? [] : [{ ...container, state }]),
  ]);
  expectSuccess(result, launch, server, hosts, {
    [ENDED]: ['ContainerExited', 'the container ended'],
    [NOT_HEALTHY]: ['NotHealthy', `not healthy within ${patience.withinSeconds} s`],
    [REFUSED]: ['ContainerRefused', `${engine} did not start the container`],
  });
}

/** Runs the release's command to its end. Throws a Rejection when it fails. */
export async function runReleaseCommand(
  { context, hosts, server, run }: Site,
  launch: Launch,
): Promise<void> {
  const { taskMs } = context.timings;
  await moveIn({ context, hosts, server, run }, launch);
  const spec = taskContainer({ ...launch, address: server.address });
  const argv = runTask(launch.engine, spec, Math.ceil(taskMs / 1_000));
  const options = { stdin: launch.environment.reveal(), timeoutMs: taskMs + SLACK_MS, signal: run.signal };
  const result = await sshOf(hosts, server).run(argv, options);
  const container = containerOf(launch, spec, undefined);
  noteContainers(context, hosts, server, all => [
    ...all.filter(({ name }) => name !== spec.name),
    { ...container, kind: 'task', state: 'exited', exitCode: result.code },
  ]);
  expectSuccess(result, launch, server, hosts, {
    [ENDED]: ['ReleaseCommandFailed', 'the release command failed'],
    [NOT_HEALTHY]: ['ReleaseCommandTimedOut', `the release command took longer than ${taskMs / 60_000} min`],
    [REFUSED]: ['ContainerRefused', `${launch.engine} did not start the release command`],
  });
}

/** Looks for some seconds whether the containers of a release stay healthy. Throws a Rejection when one does not. */
export async function watch(
  { hosts, server, run }: Site,
  launch: Launch,
  container: Container,
  seconds: number,
): Promise<void> {
  const check = checkOf(launch.service, server.address, container.port);
  const argv = watchContainer(launch.engine, container.name, check, seconds);
  const timeoutMs = seconds * 1_000 + SLACK_MS;
  const result = await sshOf(hosts, server).run(argv, { timeoutMs, signal: run.signal });
  expectSuccess(result, launch, server, hosts, {
    [ENDED]: ['ContainerExited', 'the container ended soon after it began to serve'],
    [NOT_HEALTHY]: ['NotHealthy', 'the container became unhealthy soon after it began to serve'],
  });
}

/** Ends containers, and perhaps removes them. */
export async function stop(
  { context, hosts, server, run }: Site,
  { service, engine }: Pick<Launch, 'service' | 'engine'>,
  verb: 'stop' | 'remove',
  { names }: Placed,
): Promise<void> {
  const seconds = service.spec.stopSeconds ?? 30;
  const timeoutMs = seconds * names.length * 1_000 + SLACK_MS;
  const argv = stopContainers(engine, verb, seconds, names);
  const { code, stderr } = await sshOf(hosts, server).run(argv, { timeoutMs, signal: run.signal });
  if (code !== 0) throw failedOn(server, `cannot ${verb} ${names.join(', ')}`, stderr, hosts);
  noteContainers(context, hosts, server, all =>
    verb === 'remove'
      ? all.filter(({ name }) => !names.includes(name))
      : all.map(one => (names.includes(one.name) ? { ...one, state: 'exited' } : one)),
  );
}

function containerOf(
  { service, release, version, image }: Launch,
  { name }: ContainerSpec,
  hostPort: number | undefined,
): Container {
  return {
    service: service.metadata.name,
    uid: service.metadata.uid ?? '',
    kind: 'service',
    release,
    version,
    ...(hostPort !== undefined && { port: hostPort }),
    state: 'running',
    exitCode: 0,
    restarts: 0,
    image,
    name,
  };
}

interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** By exit code: a condition's reason, and the beginning of its message. */
type Failures = Partial<Record<number, readonly [reason: string, what: string]>>;

function expectSuccess(
  { code, stdout, stderr }: CommandResult,
  { hideSecrets }: Launch,
  server: Server,
  hosts: Hosts,
  failures: Failures,
): void {
  if (code === 0) return;
  if (code === DISK_FULL) throw failedOn(server, 'the disk is full', hideSecrets(stdout), hosts);
  const failure = failures[code];
  if (failure === undefined) throw failedOn(server, 'the host failed', hideSecrets(stderr), hosts);
  const words = lastLines(hideSecrets(stdout));
  const [reason, what] = failure;
  throw new Rejection(reason, `${server.droplet}: ${what}${words === '' ? '' : `: ${words}`}`);
}

const failedOn = ({ droplet }: Server, what: string, stderr: string, { timings }: Hosts): Waiting =>
  new Waiting(`${droplet}: ${what}: ${lastLines(stderr)}`, timings.retryMs);

const LONGEST_WORDS = 1_000;

const lastLines = (text: string): string =>
  text
    .trim()
    .split(/[\r\n]+/)
    .join(' | ')
    .slice(-LONGEST_WORDS);
