import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { PROJECTS } from '../../../clients/kubernetes/kinds.ts';
import { isConditionTrue } from '../../../crds/conditions.ts';
import { startSandbox } from '../../../sandbox/server.ts';
import type { ApiServer } from '../../environment/api-server.ts';
import { startLyingProxy, type LyingProxy } from '../../environment/lying-proxy.ts';
import { fakeClock, type FakeClock } from '../../fakes/clock.ts';
import { startOperator, type CountedOperator } from './operator.ts';

/** Longer than a busy machine takes for what happens without time passing. */
const PATIENCE_MS = 150_000;
/** So many turns of the event loop without any traffic: reconciles take their turns one by one. */
const QUIET_TURNS = 30;
/** From create to active: what DigitalOcean takes (design, "Speed"). */
const BOOT_MS = 32_000;

/** A cloud, a namespace and a projects.csv whose time stands still but for `pass`. */
export interface StillWorld {
  readonly namespace: string;
  readonly clock: FakeClock;
  readonly cloudUrl: string;
  readonly csvPath: string;
  readonly server: ApiServer;
  /** The operator's way to the cloud, if it is not straight. */
  readonly liar: LyingProxy | undefined;
  writeCsv(rows: readonly string[]): Promise<void>;
  /** Requests that reached the cloud since the last `forgetCloudCalls`, by operation, such as `droplets.list`. */
  cloudCalls(): Record<string, number>;
  forgetCloudCalls(): void;
  /** Starts an operator and, when it has done what it does first, the work; and stops it whatever happens. */
  operate(work: (operator: CountedOperator) => Promise<void>): Promise<void>;
  /** Lets so many milliseconds pass; everything that falls due is done before the next thing does. */
  pass(operator: CountedOperator, ms: number): Promise<void>;
  /** Whether there are so many Projects. */
  areThere(projects: number): Promise<boolean>;
  /** Whether all Projects are. */
  areReady(): Promise<boolean>;
  /** Lets time pass until all Projects, that many, are Ready. */
  passUntilReady(operator: CountedOperator, projects: number): Promise<void>;
  close(): Promise<void>;
}

/** Makes a world with nothing in it. With `random` the operator's way to the cloud is a proxy that may lie. */
export async function openStillWorld(
  server: ApiServer,
  { random }: { random?: () => number } = {},
): Promise<StillWorld> {
  const clock = fakeClock();
  const sandbox = await startSandbox({ port: 0, now: () => clock.now(), bootDelayMs: BOOT_MS });
  const liar = random && (await startLyingProxy(sandbox.url, random));
  const namespace = await server.namespace();
  const folder = await mkdtemp(join(tmpdir(), 'dropfleet-figures-'));
  const csvPath = join(folder, 'projects.csv');
  let forgotten: Record<string, number> = {};
  const world: StillWorld = {
    namespace,
    clock,
    cloudUrl: liar?.url ?? sandbox.url,
    csvPath,
    server,
    liar,
    writeCsv: rows => writeFile(csvPath, ['Project,Servers,MasterSpec,WebSpec', ...rows, ''].join('\n')),
    cloudCalls: () => difference(sandbox.ledger.countBy(), forgotten),
    forgetCloudCalls: () => void (forgotten = sandbox.ledger.countBy()),
    async operate(work) {
      const lists = (): number => sandbox.ledger.countBy()['droplets.list'] ?? 0;
      const before = lists();
      const operator = startOperator(world);
      try {
        while (lists() === before) await quiet(world, operator);
        await quiet(world, operator);
        await work(operator);
      } finally {
        await operator.stop(() => clock.advance(0));
      }
    },
    async pass(operator, ms) {
      const until = clock.monotonic() + ms;
      while (clock.monotonic() < until) await step(world, operator, until);
    },
    areThere: projects => areThere(server, namespace, projects),
    areReady: () => areReady(server, namespace),
    async passUntilReady(operator, projects) {
      while (!(await world.areThere(projects))) await quiet(world, operator);
      await quiet(world, operator);
      while (!(await areReady(server, namespace))) await step(world, operator, Infinity);
    },
    async close() {
      await liar?.close();
      await sandbox.close();
      await server.release(namespace);
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}

/** Goes on to the next moment at which anything is due, and lets all that follows from it happen. */
async function step({ clock, liar }: StillWorld, operator: CountedOperator, until: number): Promise<void> {
  const left = until - clock.monotonic();
  await clock.advance(Math.min(clock.untilNext() ?? left, left));
  await quiet({ clock, liar }, operator);
}

/** Lets everything happen that needs no time: resolves when there was no traffic for a while. */
async function quiet(
  { clock, liar }: Pick<StillWorld, 'clock' | 'liar'>,
  { traffic, failed }: CountedOperator,
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let turns = 0; turns < QUIET_TURNS; turns++) {
    if (performance.now() > deadline)
      throw new Error(`there was no end to the traffic: ${traffic.describe()}`);
    await Promise.race([nextTurn(), failed]);
    if (!traffic.isQuiet() || liar?.isBusy()) turns = 0;
    if (clock.untilNext() === 0) {
      turns = 0;
      await clock.advance(0);
    }
  }
}

async function areThere(server: ApiServer, namespace: string, projects: number): Promise<boolean> {
  return (await server.client().list(PROJECTS, { namespace })).items.length === projects;
}

async function areReady(server: ApiServer, namespace: string): Promise<boolean> {
  const { items } = await server.client().list(PROJECTS, { namespace });
  return items.every(({ metadata, status }) => {
    const isCurrent = status?.observedGeneration === metadata.generation;
    return isCurrent && isConditionTrue(status?.conditions, 'Ready');
  });
}

const difference = (counts: Record<string, number>, before: Record<string, number>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(counts)
      .map(([operation, count]): [string, number] => [operation, count - (before[operation] ?? 0)])
      .filter(([, count]) => count > 0),
  );
