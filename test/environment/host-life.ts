import { systemClock } from '../../clients/clock.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import type { SshPool } from '../../clients/ssh/ssh.ts';
import { SecretText } from '../../config/secret-text.ts';
import { findCondition, isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Condition } from '../../crds/meta.ts';
import { hostOf } from '../../reconcilers/host/access.ts';
import type { Engine } from '../../reconcilers/host/desired.ts';
import type { HostTimings } from '../../reconcilers/host/timings.ts';
import type { HostDriver, HostFault } from '../../sandbox/hosts/driver.ts';
import type { ApiServer } from './api-server.ts';
import { openOperatorWorld, type OperatorWorld, type RunningOperator } from './operator-world.ts';

/** Milliseconds; hosts are looked at so often that drift is repaired while a test waits. */
const TIMINGS: HostTimings = {
  retryMs: 200,
  slowestRetryMs: 1_000,
  resyncMs: 1_000,
  firstBootWaitMs: 20_000,
};

/** The hosts that a life is led on. */
export interface LifeOptions {
  open(): Promise<HostDriver>;
  engine: Engine;
  /** How long anything may take there, in milliseconds. */
  patienceMs: number;
}

/** A fleet of one project, `shop`, on real hosts, and the means to do it harm. A name that is left out is web1's. */
export interface HostLife {
  readonly world: OperatorWorld;
  readonly shell: SshPool;
  /** The one that runs now. */
  readonly operator: () => RunningOperator;
  /** Stops it and starts another, which has nothing of its connections and memories. */
  readonly restartOperator: (options?: { csv: boolean }) => Promise<void>;
  readonly droplet: (name?: string) => Droplet;
  readonly condition: (type: string, name?: string) => Condition | undefined;
  readonly isReady: (name?: string) => boolean;
  readonly changeProject: (spec: object) => Promise<string>;
  readonly fault: (what: HostFault, name?: string) => Promise<void>;
  readonly clearFaults: (name?: string) => Promise<void>;
  /** Runs it as root, in a shell; resolves with what it printed. */
  readonly onHost: (script: string, name?: string) => Promise<string>;
  /** Until the condition says so; resolves with its message. */
  readonly untilCondition: (type: string, reason: string, words?: RegExp, name?: string) => Promise<string>;
  readonly untilReady: (name?: string) => Promise<void>;
  /** Until the operator has looked at hosts so many times more. */
  readonly untilProbed: (times: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Brings up a master and a web. */
export async function openHostLife(server: ApiServer, options: LifeOptions): Promise<HostLife> {
  const driver = await options.open();
  const world = await openOperatorWorld(server, { ...options, driver, timings: TIMINGS });
  const shell = createSshPool({ clock: systemClock, random: Math.random });
  const close = async (): Promise<void> => {
    shell.close();
    await world.close();
  };
  await world.writeCsv('shop,2,s-1vcpu-1gb,s-1vcpu-1gb');
  let operator = world.startOperator();
  await world.untilReady('shop', 2).catch((error: unknown) => close().then(() => Promise.reject(error)));

  const privateKey = new SecretText(world.sshKey.privateKey);
  const machines = world.sandbox.hosts!;
  const droplet = (name = 'web1'): Droplet => world.droplet(`shop-${name}`)!;
  const idOf = (name?: string): number => droplet(name).status!.server!.id!;
  const condition = (type: string, name?: string): Condition | undefined =>
    findCondition(droplet(name)?.status?.conditions, type);
  const isReady = (name?: string): boolean => isConditionTrue(droplet(name)?.status?.conditions, 'Ready');
  return {
    world,
    shell,
    droplet,
    condition,
    isReady,
    operator: () => operator,
    async restartOperator(changes) {
      await operator.stop();
      operator = world.startOperator(changes);
    },
    changeProject: spec =>
      world.kubectl.succeed('patch', 'project', 'shop', '--type=merge', '-p', JSON.stringify({ spec })),
    fault: (what, name) => machines.setFault(idOf(name), what),
    clearFaults: name => machines.clearFaults(idOf(name)),
    async onHost(script, name) {
      const host = hostOf({ ssh: shell, port: machines.sshPort, privateKey }, droplet(name))!;
      return (await host.succeed(['sudo', '-n', 'sh', '-c', script])).stdout;
    },
    async untilCondition(type, reason, words = /./, name = 'web1') {
      const holds = (): boolean =>
        condition(type, name)?.reason === reason && words.test(condition(type, name)!.message);
      await world.until(`${type} of ${name} with ${reason} and ${words}`, holds);
      return condition(type, name)!.message;
    },
    untilReady: (name = 'web1') => world.until(`a ${name} that is Ready again`, () => isReady(name)),
    async untilProbed(times) {
      const probes = (): number =>
        operator.hostCommands.filter(command => command === 'dropfleet-probe').length;
      const goal = probes() + times;
      await world.until('another look at the hosts', () => probes() >= goal);
    },
    close,
  };
}
