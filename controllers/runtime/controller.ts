import type { ResourceKind } from '../../clients/kubernetes/kinds.ts';
import type { Logger } from '../../clients/log.ts';
import { keyOf, type KubernetesObject } from '../../crds/meta.ts';
import type { Outcome } from '../../reconcilers/outcome.ts';
import type { Fence } from './fence.ts';
import type { SharedInformers } from './informers.ts';
import type { Predicate } from './predicates.ts';
import type { QueueKey } from './queue.ts';
import type { Source } from './sources.ts';
import { controllingOwner, wireKind, wireSource, type Wiring } from './wiring.ts';

/** What a reconcile gets besides its key and object. */
export interface ReconcileRun {
  /** Unique to this reconcile, and in every line that `log` writes. */
  readonly reconcileId: string;
  readonly log: Logger;
  /** Aborts when the process stops or loses the leadership: nothing more must be started then. */
  readonly signal: AbortSignal;
  /**
   * Remembers what the API answered to a write, so that this key's next reconcile sees it: it waits, at most
   * 5 s, until the cache has caught up.
   */
  wrote(object: KubernetesObject): void;
  /** Runs a side effect that must be over before another process could lead; for what costs money or kills. */
  fenced: Fence;
}

/**
 * Reconciles one key. `object` is the cached one, frozen; undefined when there is none.
 * It must be safe to repeat and to cut off between any two effects. What it may throw: outcome.ts.
 */
type Reconcile<T> = (key: QueueKey, object: T | undefined, run: ReconcileRun) => Promise<Outcome> | Outcome;

/** A controller, fully described; the manager runs it. */
export interface Controller {
  readonly name: string;
  /** How many keys it reconciles at once. */
  readonly workers: number;
  /** What wakes its keys. */
  readonly wirings: readonly Wiring[];
  /** Called before the informers start; returns the reconcile with its object looked up. */
  bind(informers: SharedInformers): (key: QueueKey, run: ReconcileRun) => Promise<Outcome> | Outcome;
}

/**
 * Begins to describe a controller. With a kind, its keys are the objects of that kind and every change of one
 * wakes it; without, its keys are words of its own and only what is named wakes them.
 *
 *     controllerFor('project', PROJECTS)
 *       .filteredBy(generationChanged)
 *       .owns(DROPLETS)
 *       .wakesOn(prices, () => ['default/shop'])
 *       .withWorkers(4)
 *       .reconciles(async (key, project, run) => { ... });
 */
export function controllerFor<T extends KubernetesObject>(
  name: string,
  kind: ResourceKind<T>,
): ObjectControllerBuilder<T>;
export function controllerFor(name: string): KeywordControllerBuilder;
export function controllerFor<T extends KubernetesObject>(
  name: string,
  kind?: ResourceKind<T>,
): KeywordControllerBuilder | ObjectControllerBuilder<T> {
  return kind === undefined ? new KeywordControllerBuilder(name) : new ObjectControllerBuilder(name, kind);
}

/** What every controller can say about itself. */
abstract class ControllerBuilder {
  protected readonly name: string;
  protected readonly wirings: Wiring[] = [];
  protected workers = 1;

  constructor(name: string) {
    this.name = name;
  }

  /**
   * Wakes the keys that `keysOf` names, for every object of that kind at the start and on each change; of its
   * updates only on those that `matters` lets through.
   */
  watches<U extends KubernetesObject>(
    kind: ResourceKind<U>,
    keysOf: (object: U) => readonly QueueKey[],
    matters?: Predicate<U>,
  ): this {
    this.wirings.push(wireKind(kind, keysOf, matters));
    return this;
  }

  /** Wakes the keys that `keysOf` names on every event of the source. */
  wakesOn<E>(source: Source<E>, keysOf: (event: E) => readonly QueueKey[]): this {
    this.wirings.push(wireSource(source, keysOf));
    return this;
  }

  /** How many keys are reconciled at once; 1 unless said otherwise. */
  withWorkers(workers: number): this {
    this.workers = workers;
    return this;
  }
}

/** Describes a controller whose keys are words of its own. */
class KeywordControllerBuilder extends ControllerBuilder {
  /** Ends the description. */
  reconciles(reconcile: Reconcile<never>): Controller {
    const { name, workers, wirings } = this;
    return { name, workers, wirings, bind: () => (key, run) => reconcile(key, undefined, run) };
  }
}

/** Describes a controller whose keys are the objects of a kind. */
class ObjectControllerBuilder<T extends KubernetesObject> extends ControllerBuilder {
  readonly #kind: ResourceKind<T>;
  #predicate: Predicate<T> | undefined;

  constructor(name: string, kind: ResourceKind<T>) {
    super(name);
    this.#kind = kind;
  }

  /** Only those updates of its own objects wake it; see predicates.ts. */
  filteredBy(predicate: Predicate<T>): this {
    this.#predicate = predicate;
    return this;
  }

  /** Wakes the controlling owner when an object of that kind changes. */
  owns(kind: ResourceKind): this {
    this.wirings.push(wireKind(kind, object => controllingOwner(this.#kind, object)));
    return this;
  }

  /** Ends the description. */
  reconciles(reconcile: Reconcile<T>): Controller {
    const { name, workers } = this;
    const own = wireKind(this.#kind, object => [keyOf(object)], this.#predicate);
    return {
      name,
      workers,
      wirings: [own, ...this.wirings],
      bind: informers => {
        const objects = informers.of(this.#kind);
        return (key, run) => reconcile(key, objects.get(key), run);
      },
    };
  }
}
