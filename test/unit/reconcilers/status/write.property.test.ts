import { expect } from 'chai';
import * as fc from 'fast-check';
import { KubernetesError } from '../../../../clients/kubernetes/errors.ts';
import { DROPLETS, PROJECTS, type ResourceKind } from '../../../../clients/kubernetes/kinds.ts';
import { findCondition, isConditionTrue, type ConditionValue } from '../../../../crds/conditions.ts';
import type { Droplet } from '../../../../crds/droplet.ts';
import { keyOf, type Condition, type KubernetesObject } from '../../../../crds/meta.ts';
import type { Project } from '../../../../crds/project.ts';
import { settleDroplet, settleProject } from '../../../../reconcilers/read-model/readiness.ts';
import { writeDropletStatus, writeProjectStatus } from '../../../../reconcilers/status/write.ts';
import { aDroplet, aProject } from '../../../builders/objects.ts';
import { fakeKubernetesClient, type FakeKubernetesClient } from '../../../fakes/kubernetes-client.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';

/** What one controller says in one write; `isBehind` when it has not seen what others wrote since its last. */
interface Word {
  id: number;
  values: readonly ConditionValue['status'][];
  isBehind: boolean;
}

const word: fc.Arbitrary<Word> = fc.record({
  id: fc.integer({ min: 1, max: 4 }),
  values: fc.array(fc.constantFrom('True', 'False', 'Unknown'), { minLength: 2, maxLength: 2 }),
  isBehind: fc.boolean(),
});
const words = fc.array(word, { maxLength: 6 });

/** What comes between the writes: a stranger's change of the object, or a proxy that repeats a write and answers 409. */
const weather = fc.array(fc.constantFrom('stranger', 'repeated write'), { maxLength: 12 });

const value = (status: ConditionValue['status'], id: number): ConditionValue => ({
  status,
  reason: `R${id}`,
  message: `said of ${id}`,
});

type StatusContext = Parameters<typeof writeDropletStatus>[0];
type Writer = Parameters<typeof writeDropletStatus>[4];
type Noun = KubernetesObject & { status?: { conditions?: Condition[] } };

/** What a controller says in one write. */
interface Change {
  fields?: object;
  conditions: Record<string, ConditionValue | undefined>;
}
/** What it says of the object that it read, and how it writes that. */
interface Controller<T> {
  say: (read: T, said: Word) => Change;
  write: (world: StatusContext, read: T, change: Change, writer: Writer) => Promise<T>;
}

const server: Controller<Droplet> = {
  say: ({ status }, { id, values: [Provisioned] }) => ({
    fields: { phase: 'Active', server: { ...status?.server, id, actionID: id * 10 } },
    conditions: { Provisioned: value(Provisioned!, id) },
  }),
  write: (world, read, change, writer) => writeDropletStatus(world, 'droplet', read, change, writer),
};

/** Of the server that the status names. */
const serverID = ({ status }: Droplet) =>
  status?.server?.id === undefined ? {} : { serverID: status.server.id };

const host: Controller<Droplet> = {
  say: (read, { id, values: [Reachable, Configured] }) => ({
    fields: { host: { ...serverID(read), keyFingerprint: `key ${id}` } },
    conditions: { Reachable: value(Reachable!, id), Configured: value(Configured!, id) },
  }),
  write: (world, read, change, writer) => writeDropletStatus(world, 'host', read, change, writer),
};

const loadBalancer: Controller<Droplet> = {
  say: (read, { id, values: [LoadBalancerReady] }) => ({
    fields: { loadBalancer: serverID(read) },
    conditions: { LoadBalancerReady: value(LoadBalancerReady!, id) },
  }),
  write: (world, read, change, writer) => writeDropletStatus(world, 'loadBalancer', read, change, writer),
};

const project: Controller<Project> = {
  say: (_read, { id, values: [DropletsReady, held] }) => ({
    fields: { droplets: id, masterAddress: id === 1 ? undefined : `203.0.113.${id}` },
    conditions: {
      DropletsReady: value(DropletsReady!, id),
      ConfirmationRequired: held === 'True' ? value('True', id) : undefined,
    },
  }),
  write: (world, read, change, writer) => writeProjectStatus(world, 'project', read, change, writer),
};

const firewall: Controller<Project> = {
  say: (_read, { id, values: [FirewallReady] }) => ({
    conditions: { FirewallReady: value(FirewallReady!, id) },
  }),
  write: (world, read, change, writer) => writeProjectStatus(world, 'firewall', read, change, writer),
};

/** What came of a storm: all that was ever stored, and what each controller said last. */
interface Outcome<T> {
  history: T[];
  last: Change[];
}

/** Lets the controllers write at once, their calls in any order. */
async function storm<T extends Noun>(
  scheduler: fc.Scheduler,
  kind: ResourceKind<T>,
  seed: T,
  parts: readonly (readonly [Controller<T>, readonly Word[]])[],
  sky: readonly string[],
): Promise<Outcome<T>> {
  const client = fakeKubernetesClient([seed]);
  const key = keyOf(seed);
  const stored = () => client.stored(kind, key)!;
  const outcome: Outcome<T> = { history: [stored()], last: [] };
  let ms = Date.parse('2026-01-01T00:00:00Z');
  const turn = async <R>(call: () => Promise<R>): Promise<R> => {
    await scheduler.schedule(Promise.resolve());
    ms += 1_000;
    return await call().finally(() => outcome.history.push(stored()));
  };
  const kubernetes: FakeKubernetesClient = {
    ...client,
    get: (...args) => turn(() => client.get(...args)),
    patch: (...args) => turn(() => client.patch(...args)),
  };
  const hosts = {} as NonNullable<StatusContext['hosts']>;
  const world = { kubernetes, hosts, clock: { now: () => ms } as StatusContext['clock'] };
  const writer = { signal: new AbortController().signal, wrote: () => undefined };
  const play = async ([controller, said]: (typeof parts)[number]): Promise<void> => {
    let read = stored();
    for (const one of said) {
      if (!one.isBehind) read = stored();
      const change = controller.say(read, one);
      read = await controller.write(world, read, change, writer);
      if (one === said.at(-1)) outcome.last.push(change);
    }
  };
  const blow = async (one: string): Promise<void> => {
    if (one === 'repeated write') client.failNext('patch', CONFLICT, { afterEffect: true });
    else await client.patch(kind, key, { metadata: { labels: { at: `${ms}` } } }).catch(() => undefined);
  };
  const gusts = async (): Promise<void> => {
    for (const one of sky) await turn(() => blow(one));
  };
  await scheduler.waitFor(Promise.all([...parts.map(play), gusts()]));
  return outcome;
}

const CONFLICT = new KubernetesError(
  'modified',
  { method: 'PATCH', path: '/' },
  { code: 409, reason: 'Conflict' },
);
/** Of any two statuses that followed each other. */
function expectSteady<T extends Noun>(
  history: readonly T[],
  isOver: (type: string, after: T) => boolean,
): void {
  for (const [i, after] of history.entries())
    for (const was of history[i - 1]?.status?.conditions ?? []) {
      const is = findCondition(after.status?.conditions, was.type);
      if (is === undefined) expect(isOver(was.type, after), `${was.type} is lost`).to.equal(true);
      else if (is.status === was.status) expect(is.lastTransitionTime).to.equal(was.lastTransitionTime);
      else expect(is.lastTransitionTime).to.not.equal(was.lastTransitionTime);
    }
}

/** Conditions of a server that is another by now, or does not run. */
function isOverOfDroplet(type: string, { status = {} }: Droplet): boolean {
  const isOf = (part: 'host' | 'loadBalancer') => status[part]?.serverID === status.server?.id;
  switch (type) {
    case 'Reachable':
      return !isOf('host') || !isConditionTrue(status.conditions, 'Provisioned');
    case 'Configured':
      return !isOf('host');
    case 'LoadBalancerReady':
      return !isOf('loadBalancer');
    default:
      return false;
  }
}

/** What each controller said last stands there, but for conditions that are over. */
function expectConditions<T extends Noun>(
  { history, last }: Outcome<T>,
  mayBeOver: ReadonlySet<string>,
): void {
  const { status = {} } = history.at(-1)!;
  for (const { fields = {}, conditions } of last) {
    for (const [field, said] of Object.entries(fields))
      expect((status as Record<string, unknown>)[field] ?? {}, field).to.deep.equal(said ?? {});
    for (const [type, said] of Object.entries(conditions)) {
      const is = findCondition(status.conditions, type);
      if (is === undefined)
        expect(said === undefined || mayBeOver.has(type), `${type} is lost`).to.equal(true);
      else expect(is).to.deep.include(said);
    }
  }
}

const OF_A_SERVER = new Set(['Reachable', 'Configured', 'LoadBalancerReady']);
const NOW = new Date(0);
const GATES = ['Reachable', 'Configured', 'LoadBalancerReady'] as const;

describe('The controllers of one object, in a storm of conflicts,', () => {
  it('lose no id and no condition of a Droplet, and Ready follows from what is stored', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), words, words, words, weather, async (scheduler, a, b, c, sky) => {
        const seed = aDroplet('shop-master', {
          status: settleDroplet({ server: { nonce: 'n' } }, GATES, NOW),
        });
        const parts = [[server, a] as const, [host, b] as const, [loadBalancer, c] as const];
        const outcome = await storm<Droplet>(scheduler, DROPLETS, seed, parts, sky);
        expectSteady(outcome.history, isOverOfDroplet);
        expectConditions(outcome, OF_A_SERVER);
        for (const { status } of outcome.history) {
          expect(settleDroplet(status!, GATES, NOW)).to.deep.equal(status);
          expect(status!.server!.nonce).to.equal('n');
        }
      }),
      propertyOptions(60),
    );
  });

  it('lose no fact and no condition of a Project, and Ready follows from what is stored', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), words, words, weather, async (scheduler, a, b, sky) => {
        const seed = aProject('shop', { status: settleProject({}, NOW) });
        const parts = [[project, a] as const, [firewall, b] as const];
        const outcome = await storm<Project>(scheduler, PROJECTS, seed, parts, sky);
        expectSteady(outcome.history, type => type === 'ConfirmationRequired');
        expectConditions(outcome, new Set());
        for (const { status } of outcome.history) expect(settleProject(status!, NOW)).to.deep.equal(status);
      }),
      propertyOptions(60),
    );
  });
});
