import type { Registry } from 'prom-client';
import { sleep, type Clock } from '../clients/clock.ts';
import { createInformer } from '../clients/kubernetes/informer.ts';
import { CONCERNS, type ConcernOptions, type TimingOverrides, type Timings } from './all.ts';
import type { Concern, Parts } from './concern.ts';
import { createContext, type ContextOptions } from './context.ts';
import { registerIn } from './metrics.ts';
import type { SendingEventRecorder } from './runtime/events.ts';
import { shareInformers, type SharedInformers } from './runtime/informers.ts';
import { createManager, type Manager, type ManagerOptions } from './runtime/manager.ts';
import type { RuntimeMetrics } from './runtime/metrics.ts';

/** controller-runtime's SyncPeriod: how often every object is reconciled without a reason. */
const RESYNC_MS = 10 * 3_600_000;
const FLUSH_MS = 1_000;

/** Everything that an operator is given; it finds nothing by itself. */
export type OperatorOptions = RunOptions & ContextOptions & ConcernOptions;

interface RunOptions {
  registry: Registry;
  metrics: RuntimeMetrics;
  newReconcileId: () => string;
  http?: ManagerOptions['http'];
  /** Needed wherever another operator could be started against the same API. */
  leaderElection?: ManagerOptions['leaderElection'];
  timings?: TimingOverrides;
}

/** An operator, ready to run. */
export interface Operator {
  /** Works until the signal aborts; see Manager.run for how it may end otherwise. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Puts an operator together; nothing is read or written before it runs. Throws when two concerns contradict each other.
 *
 * @param concerns what it does: CONCERNS, and perhaps more.
 */
export function createOperator(options: OperatorOptions, concerns: readonly Concern[] = CONCERNS): Operator {
  const { clock, log, metrics } = options;
  const informers = informersFor(concerns, options);
  const timings = timingsOf(concerns, options.timings);
  const shared = createContext(options, informers, timings as Timings);
  const register = registerIn(options.registry);
  const parts = concerns.map(concern => {
    const own = { timings: timings[concern.name]!, metrics: register(concern.declares.metrics) };
    return concern.setup({ context: { ...shared, ...own }, options, informers, log });
  });
  const manager = createManager({
    controllers: parts.flatMap(({ controllers = [] }) => controllers),
    leaderTasks: parts.flatMap(({ leaderTasks = [] }) => leaderTasks),
    informers,
    clock,
    log,
    metrics,
    newReconcileId: options.newReconcileId,
    ...(options.http && {
      http: { ...options.http, routes: parts.flatMap(({ routes = [] }) => routes) },
    }),
    ...(options.leaderElection && { leaderElection: options.leaderElection }),
  });
  const files = parts.flatMap(part => part.files ?? []);
  return {
    async run(signal) {
      try {
        await runAndClose(manager, files, signal);
      } finally {
        await lastEvents(shared.events, clock);
      }
    },
  };
}

/** The caches, narrowed and indexed as the concerns say. */
function informersFor(concerns: readonly Concern[], options: OperatorOptions): SharedInformers {
  const { kubernetes, clock, random, log, namespace } = options;
  const narrowings = concerns.flatMap(({ narrows = [] }) => narrows);
  const indexes = concerns.flatMap(concern => concern.indexes ?? []);
  expectOnce(narrowings.map(({ kind }) => `the selection of ${kind.plural}`));
  expectOnce(indexes.map(({ kind, name }) => `the index "${name}" of ${kind.plural}`));
  const informers = shareInformers(kind => {
    const selection = narrowings.find(narrowing => narrowing.kind.kind === kind.kind)?.select(namespace);
    const settings = { clock, random, log, resyncMs: RESYNC_MS };
    return createInformer(kubernetes, kind, { ...settings, ...(selection && { selection }) });
  });
  for (const index of indexes) index.addTo(informers);
  return informers;
}

/** The waits of each concern: as declared, and as overridden. */
function timingsOf(concerns: readonly Concern[], given: TimingOverrides = {}): Record<string, object> {
  const overrides: Readonly<Record<string, object | undefined>> = given;
  expectOnce(concerns.map(({ name }) => `the concern ${name}`));
  return Object.fromEntries(
    concerns.map(({ name, declares }) => [name, { ...declares.timings, ...overrides[name] }]),
  );
}

function expectOnce(declared: readonly string[]): void {
  const twice = declared.find((one, at) => declared.indexOf(one) !== at);
  if (twice !== undefined) throw new Error(`${twice} is declared twice`);
}

/** Events are no reason to hold up a stop; the last ones of a clean one are written within moments. */
async function lastEvents(events: SendingEventRecorder, clock: Clock): Promise<void> {
  const over = new AbortController();
  const patience = sleep(clock, FLUSH_MS, over.signal).catch(() => undefined);
  await Promise.race([events.flushed(), patience]);
  over.abort();
}

async function runAndClose(
  manager: Manager,
  files: NonNullable<Parts['files']>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await Promise.all(files.map(file => file.ready()));
    await manager.run(signal);
  } finally {
    await Promise.all(files.map(file => file.close()));
  }
}
