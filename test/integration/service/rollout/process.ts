import { SERVICE_DEPLOYMENTS } from '../../../../clients/kubernetes/kinds.ts';
import { isConflict } from '../../../../clients/kubernetes/errors.ts';
import type { Droplet } from '../../../../crds/droplet.ts';
import { keyOf, type KubernetesObject } from '../../../../crds/meta.ts';
import type { Hosts } from '../../../../reconcilers/context.ts';
import { isWaiting } from '../../../../reconcilers/outcome.ts';
import { createProbeResults } from '../../../../reconcilers/probe/results.ts';
import type { Run } from '../../../../reconcilers/run.ts';
import { SERVICE, type Context } from '../../../../reconcilers/service/concern.ts';
import { parseContainers } from '../../../../reconcilers/service/facts.ts';
import { imageName } from '../../../../reconcilers/service/image-plan.ts';
import { createServiceReconciler } from '../../../../reconcilers/service/reconcile.ts';
import { CONTAINERS_SECTION } from '../../../../reconcilers/service/section.ts';
import type { Supplies } from '../../../../reconcilers/service/wanted.ts';
import { createSince } from '../../../../reconcilers/since.ts';
import { isSshError } from '../../../../clients/ssh/errors.ts';
import { fakeLogger } from '../../../fakes/logger.ts';
import { KEY, type Machine, type World } from './world.ts';

/** Thrown at whatever a process does that is dead. */
class Killed extends Error {}

/** More than one reconcile has to say to the world. */
const MOST_WORDS = 400;

/** How a process dies: at its how many-eth word to the world, and whether that is heard. */
export interface Death {
  inWords: number;
  isHeard: boolean;
}

/** An operator's process: the real reconciler, and a memory that dies with it. */
export class OperatorProcess {
  readonly #world: World;
  readonly #probes;
  readonly #reconcile;
  readonly #end = Promise.withResolvers<'dead'>();
  #isAlive = true;
  #wakeAt = 0;
  #failures = 0;
  /** To the world, in this reconcile. */
  #words = 0;
  death: Death | undefined;
  /** How many words it has said to the world in its life. */
  spoken = 0;

  constructor(world: World) {
    this.#world = world;
    const { clock } = world;
    this.#probes = createProbeResults(clock);
    this.#probes.of(CONTAINERS_SECTION).subscribe(() => this.wake());
    this.#reconcile = createServiceReconciler(this.#context(), this.#hosts(), this.#supplies());
  }

  /** Undefined while nothing is to be done before something happens. */
  get dueAt(): number {
    return this.#wakeAt;
  }

  wake(): void {
    this.#wakeAt = Math.min(this.#wakeAt, this.#world.now);
  }

  kill(): void {
    this.#isAlive = false;
    this.#end.resolve('dead');
  }

  /** Reconciles once, or dies. */
  async reconcile(): Promise<void> {
    this.#wakeAt = Infinity;
    this.#words = 0;
    const service = this.#world.service();
    const log = fakeLogger();
    const { signal } = new AbortController();
    const run: Run = { log, signal, fenced: effect => effect(signal), wrote: () => undefined };
    const outcome = this.#reconcile(KEY, service, run).then(
      answer => {
        this.#failures = 0;
        if (answer !== undefined) this.#requeue(answer.requeueAfterMs);
      },
      (error: unknown) => this.#failed(error),
    );
    await Promise.race([outcome, this.#end.promise]);
    if (!this.#isAlive) {
      this.#world.say('the operator is dead');
      this.#world.crashed();
    }
  }

  #failed(error: unknown): void {
    if (!this.#isAlive) return;
    if (isWaiting(error)) this.#world.say(`waits: ${error.message}`);
    if (isWaiting(error)) return this.#requeue(error.afterMs);
    if (!isConflict(error) && !isSshError(error)) {
      this.#world.violate(`the reconciler broke: ${error instanceof Error ? error.stack : String(error)}`);
    }
    this.#requeue(Math.min(1_000 * 2 ** this.#failures++, 60_000));
  }

  #requeue(ms: number): void {
    this.#wakeAt = Math.min(this.#wakeAt, this.#world.now + ms);
  }

  /** Takes note of what a probe found. */
  probed(droplet: Droplet, { engine, isReachable }: Machine): void {
    const facts = isReachable ? parseContainers(engine.list()) : undefined;
    this.#probes.of(CONTAINERS_SECTION).record(droplet, facts, this.#world.now);
  }

  /** Everything that the process does to the world goes through here. */
  io = async <T>(what: string, act: () => Promise<T>): Promise<T> => {
    const { death } = this;
    this.spoken++;
    if (this.#words++ > MOST_WORDS) {
      this.#world.violate('one reconcile never ends');
      this.kill();
    }
    const isLast = death !== undefined && death.inWords-- <= 0;
    if (isLast) this.#world.say(`dies ${death.isHeard ? 'after' : 'before'} ${what}`);
    if (isLast && !death.isHeard) this.kill();
    if (!this.#isAlive) throw new Killed();
    try {
      return await act();
    } finally {
      if (isLast) this.kill();
      // oxlint-disable-next-line no-unsafe-finally -- whatever came of it, nobody hears it
      if (!this.#isAlive) throw new Killed();
    }
  };

  #context(): Context {
    const world = this.#world;
    const { client } = world;
    // What it says itself wakes it no more.
    const told = <T>(answer: T): T => {
      world.wrote();
      return answer;
    };
    const kubernetes: Context['kubernetes'] = {
      ...client,
      get: (...args) => this.io('get', () => client.get(...args)),
      delete: (...args) => this.io('delete', () => client.delete(...args)),
      patch: (...args) => this.io('patch', () => client.patch(...args).then(told)),
    };
    const reader = <T extends KubernetesObject>(list: () => T[]) => ({
      list,
      get: (key: string) => list().find(object => keyOf(object) === key),
      byIndex: () => list(),
    });
    return {
      kubernetes,
      projects: reader(() => [world.project]),
      droplets: reader(() => [...world.droplets.values()]),
      services: reader(() => client.storedAll(SERVICE_DEPLOYMENTS)),
      clock: world.clock,
      since: createSince(world.clock),
      events: { record: () => undefined },
      timings: SERVICE.timings,
      metrics: {
        rollouts: { inc: () => undefined },
        services: { set: () => undefined, readAtScrape: () => undefined },
      },
      namespace: 'default',
    } as Partial<Context> as Context;
  }

  #hosts(): Hosts {
    return {
      ssh: { host: access => this.#world.hostAt(access, this.io), close: () => undefined },
      port: 22,
      privateKey: { reveal: () => 'key' },
      publicKey: 'key',
      engine: 'docker',
      timings: { retryMs: 2_000, slowestRetryMs: 60_000, resyncMs: 60_000, firstBootWaitMs: 1_000 },
      sections: [CONTAINERS_SECTION],
      probes: this.#probes,
      random: () => 0.5,
    };
  }

  #supplies(): Supplies {
    const world = this.#world;
    return {
      secretsOf: () => ({
        values: [],
        missing: world.secrets.isMissing ? [{ name: 'KEY' } as never] : [],
        refused: [],
        digest: world.secrets.digest,
      }),
      images: {
        ensure: ({ version }) =>
          this.io('ensure', async () => {
            await world.pass(50);
            if (world.chance() < 0.4) return { state: 'pending', reason: 'Building', message: 'building' };
            return { state: 'ready', image: `sha256:${version}` };
          }),
        prune: () => Promise.resolve(),
        bring: ({ service }, image, { address }) =>
          this.io('bring', async () => {
            await world.pass(50 + world.upTo(1_000));
            const machine = [...world.machines.values()].find(one => one.privateAddress === address);
            machine?.engine.images.add(imageName(service, image));
          }),
      },
    };
  }
}
