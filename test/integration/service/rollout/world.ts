import { expect } from 'chai';
import { lost, unreachable } from '../../../../clients/ssh/failures.ts';
import { SERVICE_DEPLOYMENTS } from '../../../../clients/kubernetes/kinds.ts';
import type { CommandResult, HostAccess, RunOptions, SshHost } from '../../../../clients/ssh/ssh.ts';
import type { Droplet } from '../../../../crds/droplet.ts';
import { dropletNames } from '../../../../crds/names.ts';
import type { Project } from '../../../../crds/project.ts';
import type { ServiceDeployment, ServiceDeploymentSpec } from '../../../../crds/service-deployment.ts';
import { balancingOf } from '../../../../reconcilers/read-model/balancing.ts';
import { writeServiceStatus } from '../../../../reconcilers/status/write.ts';
import {
  aCondition,
  aDroplet,
  activeStatus,
  aProject,
  aServiceDeployment,
} from '../../../builders/objects.ts';
import { fakeKubernetesClient } from '../../../fakes/kubernetes-client.ts';
import { chanceOf } from './chance.ts';
import { FakeEngine, fateOf, isWell, Refused, type EngineContainer } from './engine.ts';
import { FakeNginx } from './nginx.ts';
import type { OperatorProcess } from './process.ts';
import { Returns } from './returns.ts';

export const KEY = 'default/shop-prod-site';
const START = Date.parse('2026-01-01T00:00:00Z');
/** How finely time passes, ms. */
export const TICK_MS = 400;

/** A server as it truly is. */
export interface Machine {
  name: string;
  privateAddress: string;
  engine: FakeEngine;
  isReachable: boolean;
  /** How many commands run on it. */
  busy: number;
}

type Answer = Pick<CommandResult, 'code' | 'stdout' | 'stderr'>;

const OK: Answer = { code: 0, stdout: '', stderr: '' };

/** What is wrong with the next command on a host. */
export type Fault = 'fails' | 'is lost';

/** A project with one service, its servers, its load balancer, and those who use it. */
export class World {
  now = 0;
  readonly chance: () => number;
  readonly client = fakeKubernetesClient([], () => START + this.now);
  readonly clock = {
    now: () => START + this.now,
    monotonic: () => this.now,
    after: () => () => undefined,
  };
  /** By public address. */
  readonly machines = new Map<string, Machine>();
  readonly droplets = new Map<string, Droplet>();
  readonly nginx = new FakeNginx();
  project: Project;
  process: OperatorProcess | undefined;
  fault: Fault | undefined;
  secrets = { digest: 'd0', isMissing: false };
  /** Successes of release commands, by release: how many wishes there had been, and where. */
  readonly #succeeded = new Map<string, { wishes: number; machine: Machine }>();
  readonly #tasks = new Set<string>();
  /** How often somebody has changed what should run. */
  wishes = 0;
  /** Whether servers or containers have gone or come: not even the best can then serve everywhere again. */
  isTampered = false;
  /** Whether a process died, and with it what it had seen of a release's first minute. */
  hasForgotten = false;
  readonly returns = new Returns();
  /** Versions of which a container has vanished: they may be taken for bad. */
  readonly vanished = new Set<string>();
  readonly violations: string[] = [];
  readonly story: string[] = [];
  #scheduled: { at: number; act: () => unknown }[] = [];
  #ids = 0;
  /** Whether the load balancer has something to look at. */
  isDirty = true;
  #applyAt: number | undefined;
  #reportAt: number | undefined;
  #probeAt = 2_000;

  constructor(seed: number, spec: Partial<ServiceDeploymentSpec>, servers: number) {
    this.chance = chanceOf(seed);
    this.project = aProject('shop', { spec: { servers } });
    for (const name of dropletNames('shop', servers)) this.addServer(name, 0);
    const service = aServiceDeployment('shop-prod-site', {}, { spec });
    delete service.status;
    this.client.seed(service);
  }

  say(text: string): void {
    this.story.push(`${(this.now / 1_000).toFixed(1)} s: ${text}`);
  }

  violate(text: string): void {
    this.say(`VIOLATION ${text}`);
    this.violations.push(text);
  }

  service(): ServiceDeployment | undefined {
    return this.client.stored(SERVICE_DEPLOYMENTS, KEY);
  }

  /** A random whole number below that. */
  upTo(n: number): number {
    return Math.floor(this.chance() * n);
  }

  schedule(inMs: number, act: () => unknown): void {
    this.#scheduled.push({ at: this.now + inMs, act });
  }

  get nextScheduled(): number {
    return Math.min(Infinity, ...this.#scheduled.map(({ at }) => at));
  }

  /** The operator has written a status. */
  wrote(): void {
    this.isDirty = true;
    const service = this.service();
    const wrong = service && this.returns.note(service, this.now);
    if (wrong !== undefined && !this.isTampered && !this.hasForgotten) this.violate(wrong);
  }

  /** What the load balancer or the operator looks at has changed. */
  changed(): void {
    this.isDirty = true;
    this.process?.wake();
  }

  // Servers.

  addServer(name: string, afterMs: number): void {
    const id = ++this.#ids;
    const privateAddress = `10.0.0.${id}`;
    const machine = { name, privateAddress, engine: new FakeEngine(), isReachable: true, busy: 0 };
    const status = activeStatus(id, { privateAddress });
    this.machines.set(status.server!.publicAddress!, machine);
    const balancer = name === 'shop-master' ? [aCondition('LoadBalancerReady', 'True')] : [];
    const make = (isReady: boolean): Droplet =>
      aDroplet(name, {
        metadata: { uid: `uid-${id}` },
        status: {
          ...status,
          phase: isReady ? 'Active' : 'Creating',
          conditions: [...conditions(isReady), ...balancer],
        },
      });
    this.droplets.set(name, make(afterMs === 0));
    this.changed();
    if (afterMs > 0)
      this.schedule(afterMs, () => {
        const droplet = this.droplets.get(name);
        if (droplet === undefined || droplet.metadata.uid !== `uid-${id}` || isGoing(droplet)) return;
        this.say(`${name} is ready`);
        this.droplets.set(name, make(true));
        this.changed();
      });
  }

  /** Deleted, drained by the load balancer, and destroyed. */
  removeServer(name: string): void {
    const change = (metadata: object, status: object): void => {
      const droplet = this.droplets.get(name)!;
      this.droplets.set(name, {
        ...droplet,
        metadata: { ...droplet.metadata, ...metadata },
        status: { ...droplet.status, ...status },
      });
      this.changed();
    };
    change({ deletionTimestamp: new Date(this.clock.now()).toISOString() }, {});
    this.schedule(this.upTo(3_000), () => change({}, { phase: 'Draining' }));
    const [address, machine] = [...this.machines].find(([, one]) => one.name === name)!;
    const destroy = (): void => {
      const isUsed = machine.engine
        .all()
        .some(({ published }) => published !== undefined && this.nginx.useOf(published) !== undefined);
      if (isUsed) return this.schedule(1_000, destroy);
      this.say(`${name} is destroyed`);
      this.machines.delete(address);
      this.droplets.delete(name);
      if (dropletNames('shop', this.project.spec.servers).includes(name)) this.addServer(name, 20_000);
      this.changed();
    };
    this.schedule(10_000, destroy);
  }

  setReachable(machine: Machine, isReachable: boolean): void {
    machine.isReachable = isReachable;
    const seen = (): void => {
      const droplet = this.droplets.get(machine.name);
      if (droplet === undefined || isGoing(droplet) || droplet.status?.phase !== 'Active') return;
      const others = droplet.status.conditions!.filter(({ type }) => type !== 'Reachable');
      const reachable = aCondition('Reachable', machine.isReachable ? 'True' : 'False');
      this.droplets.set(machine.name, {
        ...droplet,
        status: { ...droplet.status, conditions: [...others, reachable] },
      });
      this.changed();
    };
    this.schedule(this.upTo(20_000), seen);
  }

  // Time.

  /** Lets time pass, and everybody but the operator do what they do. */
  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    do {
      this.now = Math.max(this.now, Math.min(until, this.now + TICK_MS));
      for (const { engine } of this.machines.values()) engine.tick(this.now);
      this.nginx.tick(this.now, this.chance);
      await this.#balance();
      const due = this.#scheduled.filter(({ at }) => at <= this.now);
      this.#scheduled = this.#scheduled.filter(({ at }) => at > this.now);
      for (const { act } of due.toSorted((a, b) => a.at - b.at)) await act();
      if (this.now >= this.#probeAt) this.probe();
    } while (this.now < until);
  }

  /** What the host controller does now and then. */
  probe(): void {
    this.#probeAt = this.now + 20_000 + this.upTo(40_000);
    for (const machine of this.machines.values()) {
      const droplet = this.droplets.get(machine.name);
      if (droplet !== undefined) this.process?.probed(droplet, machine);
    }
  }

  /** The load balancer's part: it takes over what it is told after a while, and says so later. */
  async #balance(): Promise<void> {
    if (!this.isDirty) return;
    const service = this.service();
    const wanted = service === undefined ? [] : this.#addressesFor(service);
    const lag = (): number => this.now + 20 + this.chance() ** 5 * 90_000;
    if (!isSame(wanted, this.nginx.upstream)) {
      this.#applyAt ??= lag();
      if (this.#applyAt > this.now) return;
      const routed = service?.status?.routed?.addresses ?? [];
      const others = wanted.filter(address => !routed.includes(address));
      if (others.length > 0) return await this.#report(service!, [...routed, ...others]);
      this.#checkAnswers(wanted);
      this.say(`nginx sends requests to ${wanted.join(' ') || 'nothing'}`);
      this.nginx.reload(wanted, this.now);
    }
    this.#applyAt = undefined;
    if (service !== undefined && !isSame(this.nginx.upstream, service.status?.routed?.addresses ?? ['?'])) {
      this.#reportAt ??= lag();
      if (this.#reportAt > this.now) return;
      await this.#report(service, this.nginx.upstream);
    }
    this.#reportAt = undefined;
    this.isDirty = false;
  }

  #addressesFor(service: ServiceDeployment): string[] {
    const [balanced] = balancingOf('shop', [...this.droplets.values()], [service]).services;
    return (balanced?.servers ?? []).filter(({ state }) => state === 'in').map(({ address }) => address);
  }

  async #report(service: ServiceDeployment, addresses: readonly string[]): Promise<void> {
    const writer = { signal: new AbortController().signal, wrote: () => undefined };
    const change = { fields: { routed: { addresses: [...addresses] } } };
    const context = { kubernetes: this.client, clock: this.clock };
    await writeServiceStatus(context, 'loadBalancer', service, change, writer);
    this.process?.wake();
  }

  /** Requests may only go to what was healthy once. */
  #checkAnswers(addresses: readonly string[]): void {
    for (const address of addresses) {
      const machine = [...this.machines.values()].find(({ privateAddress }) =>
        address.startsWith(`${privateAddress}:`),
      );
      const container = machine?.engine.at(address);
      if (container !== undefined && !container.wasHealthy)
        this.violate(`${container.name} gets requests, and was never healthy`);
    }
  }

  /** The operator's process is gone, and with it what its load balancer was about to do. */
  crashed(): void {
    this.process = undefined;
    this.hasForgotten = true;
    this.#applyAt = this.#reportAt = undefined;
    this.isDirty = true;
    this.#probeAt = this.now + this.upTo(3_000);
  }

  // Hosts.

  hostAt(access: HostAccess, io: OperatorProcess['io']): SshHost {
    const run = (argv: readonly string[], _options?: RunOptions): Promise<CommandResult> =>
      io(argv[5]!, async () => {
        const machine = this.machines.get(access.address);
        await this.pass(20 + this.upTo(200));
        if (!machine?.isReachable) throw unreachable(access, 'it is off');
        const { fault } = this;
        this.fault = undefined;
        if (fault === 'fails') return resultOf({ code: 1, stdout: '', stderr: 'boom' });
        machine.busy++;
        const answer = await this.#carryOut(machine, argv[5]!, argv.slice(6));
        machine.busy--;
        if (fault === 'is lost' || !machine.isReachable) throw lost(access, argv[5]!);
        return resultOf(answer);
      });
    const unused = (): never => expect.fail('no test expects that of a host');
    return { run, succeed: unused, writeFile: unused, forward: unused, hostKey: unused };
  }

  #carryOut(machine: Machine, script: string, args: readonly string[]): Promise<Answer> | Answer {
    if (script !== 'dropfleet-containers' && script !== 'dropfleet-lb-drain')
      this.say(`${machine.name} ${script} ${args.filter(one => !one.startsWith('--')).join(' ')}`);
    switch (script) {
      case 'dropfleet-containers':
        return { ...OK, stdout: machine.engine.list() };
      case 'dropfleet-lb-drain':
        return { ...OK, stdout: this.nginx.observeDrain(args.slice(2)) };
      case 'dropfleet-start':
        return this.#start(machine, args);
      case 'dropfleet-watch':
        return this.#watch(machine, args);
      case 'dropfleet-task':
        return this.#runTask(machine, args);
      case 'dropfleet-stop':
        return this.#stop(machine, args);
      default:
        return expect.fail(`a host that knows no ${script}`);
    }
  }

  async #start({ engine }: Machine, args: readonly string[]): Promise<Answer> {
    const [, name, , seconds, , , , publish, , ...rest] = args as string[];
    try {
      if (engine.containers.get(name!)?.state !== 'running' && !engine.start(name!))
        engine.run(name!, publish!, rest, undefined);
    } catch (error) {
      if (error instanceof Refused) return { ...OK, code: 12, stdout: error.message };
      throw error;
    }
    const container = engine.containers.get(name!)!;
    const fate = fateOf(container.labels['version']!);
    if (fate === 'late') container.breaksAt ??= this.now + 5_000 + this.upTo(45_000);
    await this.pass(fate === 'sick' ? Number(seconds) * 1_000 : 1_000 + this.upTo(2_000));
    if (isWell(container) && engine.containers.get(name!) === container) {
      container.wasHealthy = true;
      return OK;
    }
    engine.stop(name!);
    return { ...OK, code: fate === 'sick' ? 11 : 10, stdout: 'went wrong' };
  }

  async #watch({ engine }: Machine, [, name, , seconds]: readonly string[]): Promise<Answer> {
    await this.pass(Number(seconds) * 1_000);
    const container = engine.containers.get(name!);
    return container !== undefined && isWell(container) ? OK : { ...OK, code: 10 };
  }

  async #runTask(machine: Machine, args: readonly string[]): Promise<Answer> {
    const { engine } = machine;
    const [, name, , publish, , ...rest] = args as string[];
    let container = engine.containers.get(name!);
    if (container === undefined) {
      try {
        container = engine.run(name!, publish!, rest, undefined);
      } catch (error) {
        if (error instanceof Refused) return { ...OK, code: 12, stdout: error.message };
        throw error;
      }
      await this.#task(machine, container);
    }
    while (container.state === 'running') await this.pass(500);
    engine.envFiles.delete(name!);
    return container.exitCode === 0 ? OK : { ...OK, code: 10, stdout: 'exit code 1' };
  }

  async #task(machine: Machine, container: EngineContainer): Promise<void> {
    const { release, version } = container.labels as { release: string; version: string };
    if (this.#tasks.has(release)) this.violate(`two release commands of ${release} at once`);
    this.#tasks.add(release);
    await this.pass(500 + this.upTo(15_000));
    this.#tasks.delete(release);
    const isBad = fateOf(version) === 'badtask';
    Object.assign(container, { state: 'exited', exitCode: isBad ? 1 : 0 });
    if (isBad) return;
    const before = this.#succeeded.get(release);
    // A server takes along the container that says so.
    const isKnown = [...this.machines.values()].some(one => one === before?.machine && one.isReachable);
    if (before?.wishes === this.wishes && isKnown)
      this.violate(`the release command of ${release} ran twice`);
    this.#succeeded.set(release, { wishes: this.wishes, machine });
  }

  async #stop({ engine }: Machine, [, verb, , ...names]: readonly string[]): Promise<Answer> {
    for (const name of names) {
      const container = engine.containers.get(name);
      if (container === undefined) continue;
      const { published, state } = container;
      const use = published === undefined || state === 'exited' ? undefined : this.nginx.useOf(published);
      if (use !== undefined && this.isWeb) this.violate(`${verb} ${name}: ${use}`);
      engine.stop(name);
      await this.pass(100 + this.upTo(2_000));
      if (verb === 'remove') engine.remove(name);
    }
    return OK;
  }

  get isWeb(): boolean {
    return this.service()?.spec.type === 'web';
  }
}

const conditions = (isReady: boolean) =>
  ['Provisioned', 'Reachable', 'Configured'].map(type => aCondition(type, isReady ? 'True' : 'False'));

export const isGoing = ({ metadata }: Droplet): boolean => metadata.deletionTimestamp !== undefined;

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every(one => b.includes(one));

const resultOf = (answer: Answer): CommandResult => ({ ...answer, stdoutBytes: Buffer.from(answer.stdout) });
