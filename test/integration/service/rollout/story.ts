import { SERVICE_DEPLOYMENTS } from '../../../../clients/kubernetes/kinds.ts';
import { dropletNames } from '../../../../crds/names.ts';
import type { ServiceDeploymentSpec } from '../../../../crds/service-deployment.ts';
import { FATES } from './engine.ts';
import { judge } from './oracle.ts';
import { OperatorProcess, type Death } from './process.ts';
import { isGoing, KEY, TICK_MS, World } from './world.ts';

/** Something that happens, so long after what happened before; `choice` says which of its kind. */
export interface Happening {
  what: keyof typeof HAPPENINGS;
  afterMs: number;
  choice: number;
}

/** A story: who the service is, and what happens to it. */
export interface Story {
  seed: number;
  kind: number;
  servers: number;
  happenings: readonly Happening[];
}

/** Who the service is. */
export const KINDS: readonly Partial<ServiceDeploymentSpec>[] = [
  { type: 'web', healthCheck: { path: '/health', startSeconds: 20 } },
  { type: 'web', releaseCommand: ['migrate'] },
  { type: 'worker' },
  { type: 'worker', update: 'stop-first', releaseCommand: ['migrate'] },
  { type: 'infra' },
];

/** More reconciles than any story needs. */
const MOST_RECONCILES = 400;

const edit = async (world: World, spec: object, metadata: object = {}): Promise<void> => {
  if (world.service() === undefined) return;
  world.wishes++;
  await world.client.patch(SERVICE_DEPLOYMENTS, KEY, { metadata, spec });
  world.say(`somebody says ${JSON.stringify(spec)}`);
  world.changed();
};

/** What may happen. */
export const HAPPENINGS = {
  async deploy(world: World, choice: number) {
    const fate = choice % 2 === 0 ? 'good' : FATES[(choice >> 1) % FATES.length]!;
    const { spec, status } = world.service() ?? {};
    const isPointless =
      (fate === 'badtask' && spec?.releaseCommand === undefined) ||
      // There is nothing to go back to, so that it is all that is tried, again and again.
      (fate === 'late' && !status?.version?.startsWith('good'));
    await edit(world, { version: `${isPointless ? 'good' : fate}-${world.wishes}` });
  },
  async variables(world: World, choice: number) {
    await edit(world, { variables: { COLOR: `${choice % 3}` } });
  },
  secret(world: World, choice: number) {
    world.wishes++;
    world.secrets.digest = `d${choice % 3}`;
    world.say(`the secrets are ${world.secrets.digest}`);
    world.changed();
  },
  async rollback(world: World, choice: number) {
    const history = world.service()?.status?.history ?? [];
    const past = history[choice % Math.max(1, history.length)];
    if (past !== undefined) await edit(world, { version: past.version });
  },
  scale(world: World, choice: number) {
    const servers = 1 + (choice % 3);
    world.say(`${servers} servers`);
    world.isTampered = true;
    world.project = { ...world.project, spec: { ...world.project.spec, servers } };
    const names = dropletNames('shop', servers);
    for (const [name, droplet] of world.droplets)
      if (!names.includes(name) && !isGoing(droplet)) world.removeServer(name);
    for (const name of names)
      if (!world.droplets.has(name)) world.addServer(name, 1_000 + world.upTo(60_000));
    world.changed();
  },
  outage(world: World, choice: number) {
    const machines = [...world.machines.values()];
    const machine = machines[choice % machines.length]!;
    world.say(`${machine.name} is not reachable`);
    world.setReachable(machine, false);
    world.schedule(1_000 + world.upTo(120_000), () => {
      world.say(`${machine.name} is reachable`);
      world.setReachable(machine, true);
    });
  },
  vanish(world: World, choice: number) {
    const all = [...world.machines.values()].flatMap(machine =>
      machine.engine.all().flatMap(one => (one.wasHealthy && machine.busy === 0 ? [{ machine, one }] : [])),
    );
    const found = all[choice % Math.max(1, all.length)];
    if (found === undefined) return;
    world.say(`${found.one.name} vanishes from ${found.machine.name}`);
    world.isTampered = true;
    world.vanished.add(found.one.labels['version']!);
    found.machine.engine.remove(found.one.name);
  },
  fails: (world: World) => void (world.fault = 'fails'),
  isLost: (world: World) => void (world.fault = 'is lost'),
  dies(world: World, choice: number) {
    if (world.process !== undefined)
      world.process.death = { inWords: choice % 16, isHeard: choice % 32 >= 16 };
  },
  isKilled: (world: World) => world.process?.kill(),
  async stop(world: World) {
    await edit(world, { stopped: true });
    // What was gone back to is of another configuration, perhaps, and cannot be started again.
    world.isTampered = true;
    world.schedule(1_000 + world.upTo(60_000), () => edit(world, { stopped: null }));
  },
  secretsMissing(world: World) {
    world.secrets.isMissing = true;
    world.say('a secret is missing');
    world.changed();
    world.schedule(1_000 + world.upTo(100_000), () => {
      world.secrets.isMissing = false;
      world.say('no secret is missing');
      world.changed();
    });
  },
  async restart(world: World) {
    await edit(world, {}, { annotations: { 'dropfleet.io/restarted-at': `${world.wishes}` } });
  },
  async stopForGood(world: World) {
    await edit(world, { stopped: true });
  },
  async remove(world: World, choice: number) {
    if (choice % 3 > 0) return;
    world.say('somebody deletes it');
    await world.client.delete(SERVICE_DEPLOYMENTS, KEY);
    world.changed();
  },
};

/** Tells a story to its end, in which the first operator may die. */
export async function tell({ seed, kind, servers, happenings }: Story, death?: Death): Promise<World> {
  const world = new World(seed, KINDS[kind]!, servers);
  let at = 0;
  for (const { what, afterMs, choice } of happenings) {
    at += afterMs;
    world.schedule(at, () => HAPPENINGS[what](world, choice));
  }
  await live(world, death);
  if (world.violations.length === 0 && !isBeyondHelp(world))
    for (const wrong of judge(world)) world.violate(wrong);
  return world;
}

/** Until nothing is left to do, and a look around changes nothing. */
async function live(world: World, firstDeath: Death | undefined): Promise<void> {
  let death = firstDeath;
  let hasLooked = false;
  for (let reconciles = 0; world.violations.length === 0;) {
    if (world.process === undefined) {
      await world.pass(world.upTo(4_000));
      world.process = new OperatorProcess(world);
      world.process.death = death && { ...death };
      death = undefined;
      hasLooked = false;
    }
    const next = Math.min(world.process.dueAt, world.nextScheduled);
    if (world.process.dueAt <= world.now) {
      if (reconciles++ > MOST_RECONCILES)
        return isBeyondHelp(world) ? undefined : world.violate('it never ends');
      await world.process.reconcile();
      if (world.process !== undefined && world.process.dueAt < Infinity) hasLooked = false;
    } else if (next < Infinity || world.isDirty) {
      await passUntil(world, Math.min(next, world.isDirty ? world.now + TICK_MS : Infinity));
    } else {
      if (hasLooked) return;
      hasLooked = true;
      world.probe();
      world.process.wake();
    }
  }
}

/** Until then, or until the operator is woken. */
async function passUntil(world: World, until: number): Promise<void> {
  do await world.pass(Math.min(TICK_MS, until - world.now));
  while (world.now < until && world.process !== undefined && world.process.dueAt > world.now);
}

/**
 * What fails late serves, since all that it could have gone back to is gone: it has vanished, or none had served for a
 * minute under the eyes of one process. It is started again and again.
 */
const isBeyondHelp = (world: World): boolean =>
  (world.service()?.status?.version?.startsWith('late') ?? false) &&
  (world.isTampered || world.hasForgotten || !world.returns.hasGood());
