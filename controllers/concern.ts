import type { Selection } from '../clients/kubernetes/client.ts';
import type { ResourceKind } from '../clients/kubernetes/kinds.ts';
import type { Logger } from '../clients/log.ts';
import type { WatchedFile } from '../config/watched-file.ts';
import type { KubernetesObject } from '../crds/meta.ts';
import type { ContextOf, Declared } from '../reconcilers/context.ts';
import type { Controller } from './runtime/controller.ts';
import type { SharedInformers } from './runtime/informers.ts';
import type { LeaderTask } from './runtime/manager.ts';
import type { Route } from './runtime/route.ts';

/**
 * All that the operator knows of one concern; it is made of the list of them (all.ts).
 *
 * `Options` is what the concern wants to be given by whoever makes an operator, and becomes a part of OperatorOptions.
 */
export interface Concern<
  Name extends string = string,
  Declares extends Declared = Declared,
  Options extends object = object,
> {
  /** What `OperatorOptions.timings` calls it by. */
  readonly name: Name;
  /** Its timings and metrics. */
  readonly declares: Declares;
  /** How the objects that it reads are filed in the cache. */
  readonly indexes?: readonly Index[];
  /** Of which kinds it may see some objects only; of all others the operator caches all. */
  readonly narrows?: readonly Narrowing[];
  /** Called once, before anything is read. Says what is to run. */
  setup(parts: Setup<Declares, Options>): Parts;
}

/** What a concern is set up with. */
export interface Setup<Declares extends Declared = Declared, Options extends object = object> {
  readonly context: ContextOf<Declares>;
  readonly options: Options;
  readonly informers: Pick<SharedInformers, 'of'>;
  readonly log: Logger;
}

/** What runs of a concern. */
export interface Parts {
  readonly controllers?: readonly Controller[];
  readonly leaderTasks?: readonly LeaderTask[];
  /** Answered on the port of the metrics, by every operator that runs. */
  readonly routes?: readonly Route[];
  /** Watched before anything runs, and closed at the end. */
  readonly files?: readonly Pick<WatchedFile, 'ready' | 'close'>[];
}

/** An index of the objects of one kind. */
export interface Index {
  readonly kind: ResourceKind;
  readonly name: string;
  addTo(informers: Pick<SharedInformers, 'of'>): void;
}

/** The part of a kind's objects that the operator caches. */
export interface Narrowing {
  readonly kind: ResourceKind;
  /** @param namespace the operator's own. */
  select(namespace: string): Selection;
}

/** Declares an index; see Informer.addIndex. */
export const index = <T extends KubernetesObject>(
  kind: ResourceKind<T>,
  name: string,
  valuesOf: (object: T) => readonly string[],
): Index => ({ kind, name, addTo: informers => informers.of(kind).addIndex(name, valuesOf) });

/** Holds a concern to its type, and infers the rest. */
export const defineConcern = <
  const Name extends string,
  Declares extends Declared,
  Options extends object = object,
>(
  concern: Concern<Name, Declares, Options>,
): Concern<Name, Declares, Options> => concern;
