import { sleep, systemClock } from '../../clients/clock.ts';
import { isCloudNotFound } from '../../clients/digitalocean/errors.ts';
import type { CloudDroplet } from '../../clients/digitalocean/cloud.ts';
import { DROPLETS, PROJECTS } from '../../clients/kubernetes/kinds.ts';
import type { Logger } from '../../clients/log.ts';
import { fleetTag } from '../../crds/cloud-tags.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { acceptHostKey, applyAdoption } from '../../reconcilers/adoption/apply.ts';
import { planOneAdoption } from '../../reconcilers/adoption/one-plan.ts';
import {
  fleetsAmong,
  planAdoption,
  type Adoption,
  type AdoptionInput,
  type AdoptionPlan,
} from '../../reconcilers/adoption/plan.ts';
import { planRescue, type RescueStep } from '../../reconcilers/adoption/rescue-plan.ts';
import { applyRescue, isSurelyKept } from '../../reconcilers/adoption/rescue.ts';
import { count } from '../../reconcilers/gate/effect.ts';
import { FLEET_TAKEN } from '../../reconcilers/gate/policy.ts';
import { asksYes, expectYes, isInteractive } from '../ask.ts';
import { CommandFailure } from '../failure.ts';
import { createLogger } from '../logger.ts';
import { commandLine, type GlobalOptions } from '../options.ts';
import { printResult, printLine } from '../output.ts';
import { adoptionTable, hostKeyTable } from '../show/adoption-table.ts';
import { stopSignal } from '../stop.ts';
import {
  isInCloud,
  shownKeys,
  untilAdopted,
  withoutPurchases,
  type AdoptionEnding,
} from '../world/adoption.ts';
import { desiredCsv, rowsOrFail } from '../world/csv.ts';
import type { HostsChoice } from '../world/embedded.ts';
import { fleetNameFor, type FleetName } from '../world/fleet-name.ts';
import { pricesOf, watchFleet } from '../world/fleet-watch.ts';
import { identityOf } from '../world/identity.ts';
import { startOperator } from '../world/operator.ts';
import { isOperatorRunning } from '../world/running-operator.ts';
import { standingOf } from '../world/standing.ts';
import { openWorld } from '../world/open.ts';
import type { World } from '../world/world.ts';

export interface AdoptFlags {
  /** The id of one server, which `as` then names. */
  droplet?: number;
  as?: string;
  /** The name of a fleet whose state was lost. */
  fleet?: string;
  yes?: true;
  acceptHostKeys?: true;
  /** Milliseconds. */
  timeout: number;
  /** The machines of the sandbox. */
  hosts: HostsChoice;
}

export type AdoptOptions = GlobalOptions & AdoptFlags;

/**
 * Gives servers that no object owns their objects back, by what their tags tell or what a person says, after asking.
 * Nothing is ever bought or destroyed by it.
 */
export async function adopt(options: AdoptOptions): Promise<void> {
  if ((options.droplet === undefined) !== (options.as === undefined))
    throw new CommandFailure(
      '--droplet ID and --as NAME go together: such as --droplet 123 --as shop-web2',
      2,
    );
  const world = await openWorld(options);
  try {
    await adoptIn(world, options);
  } finally {
    await world.close();
  }
}

async function adoptIn(world: World, options: AdoptOptions): Promise<void> {
  const { plan, rescue, name, input, all } = await readSurroundings(world, options);
  const prices = pricesOf(await world.cloud.listSizes());
  for (const line of adoptionTable(plan, prices, Date.now())) printLine(options, line);
  const { adoptions, leftAlone } = plan;
  if (adoptions.length === 0 && rescue.steps.length === 0) {
    const others = [...fleetsAmong(all, input.fleet)];
    printResult(options, { adopted: [], leftAlone, otherFleets: others.map(([fleet]) => fleet) }, () => [
      leftAlone.length > 0
        ? 'Nothing else is to be taken over.'
        : 'Nothing is to be taken over: every server of the fleet has its object.',
      ...others.map(
        ([fleet, n]) =>
          `The account has ${count(n, 'server')} of the fleet ${fleet}. If that is this one, whose state was lost: ${commandLine(options, 'adopt', '--fleet', fleet)}`,
      ),
    ]);
    return;
  }
  await expectYes(
    adoptions.length > 0 ? `Take over ${count(adoptions.length, 'server')}?` : 'Recreate it?',
    options.yes ?? false,
  );
  const strange = adoptions.filter(({ server }) => !rescue.hostKeys.has(server.id));
  const accepted = strange.length === 0 ? [] : await acceptedKeys(world, strange, options);
  const hostKeys = new Map([...rescue.hostKeys, ...accepted]);
  await name?.take();
  await keepServers(world, rescue.steps, options);
  for (const step of plan.steps) await applyAdoption(step, { kubernetes: world.kubernetes, hostKeys });
  const ending = await untilDone(world, adoptions, options);
  await printEnding(world, plan, ending, hostKeys, options);
}

interface Surroundings {
  plan: AdoptionPlan;
  /** What is done before it, to objects that are being deleted. */
  rescue: { steps: readonly RescueStep[]; hostKeys: ReadonlyMap<number, string> };
  /** Another name that the fleet is to have. */
  name: FleetName | undefined;
  input: Omit<AdoptionInput, 'servers'>;
  /** All servers of the account. */
  all: readonly CloudDroplet[];
}

async function readSurroundings(world: World, options: AdoptOptions): Promise<Surroundings> {
  const identity = await identityOf(world);
  const fleet = options.fleet ?? identity.fleet;
  const [projects, droplets, all] = await Promise.all([
    world.kubernetes.list(PROJECTS),
    world.kubernetes.list(DROPLETS),
    world.cloud.listDroplets(undefined),
  ]);
  const name =
    options.fleet === undefined ? undefined : await fleetNameFor(world, identity, fleet, droplets.items, all);
  const problem = await standingOf(world, name === undefined ? identity : { ...identity, fleet });
  const isExpected =
    problem?.reason === FLEET_TAKEN || (problem?.reason === 'FleetRenamed' && name !== undefined);
  if (problem !== undefined && !isExpected)
    throw new CommandFailure(`nothing was taken over: ${problem.message}`);
  // With a cluster the rows are that one's, and its operator has made Projects of them.
  const rows = world.hasCluster ? [] : (rowsOrFail(await desiredCsv(options, world)) ?? []);
  const input = {
    fleet,
    namespace: world.namespace,
    rows,
    projects: projects.items,
    droplets: droplets.items,
  };
  const servers = all.filter(({ tags }) => tags.some(tag => tag.toLowerCase() === fleetTag(fleet)));
  if (options.fleet !== undefined && options.droplet === undefined && servers.length === 0)
    throw new CommandFailure(
      `no droplet of the account carries the tag ${fleetTag(fleet)}: there are ${[...fleetsAmong(all, fleet).keys()].join(', ') || 'no fleets in it'}`,
    );
  if (options.droplet !== undefined) {
    const plan = await planOne(world, input, options.droplet, options.as!);
    return { plan, rescue: NO_RESCUE, name, input, all };
  }
  const lost = planAdoption({ ...input, servers });
  const doomed = planRescue({ ...input, servers });
  const plan: AdoptionPlan = {
    adoptions: [...doomed.adoptions, ...lost.adoptions],
    leftAlone: lost.leftAlone,
    steps: [...doomed.steps, ...lost.steps],
    notes: [...doomed.notes, ...lost.notes],
  };
  return { plan, rescue: { steps: doomed.rescue, hostKeys: doomed.hostKeys }, name, input, all };
}

const NO_RESCUE = { steps: [], hostKeys: new Map<number, string>() };

const SEEN_AGAIN_MS = 200;

/**
 * Objects that are being deleted are released only when the operator that runs has surely seen that their servers are
 * wanted: what it held, because it is much, it would not hold of the last ones that are left.
 */
async function keepServers(
  world: World,
  steps: readonly RescueStep[],
  { timeout }: AdoptOptions,
): Promise<void> {
  const { kubernetes } = world;
  const kept = steps.filter(step => step.type === 'keep');
  for (const step of kept) await applyRescue(step, kubernetes);
  if (await isOperatorRunning(world)) {
    const signal = AbortSignal.timeout(timeout);
    for (const { droplet } of kept)
      while (!isSurelyKept(await kubernetes.get(DROPLETS, keyOf(droplet)))) {
        if (signal.aborted)
          throw new CommandFailure(
            `the operator did not see in time that ${droplet.metadata.name} is to be kept, so nothing was let go: look at its log, and call this again`,
          );
        await sleep(systemClock, SEEN_AGAIN_MS);
      }
  }
  for (const step of steps) if (step.type !== 'keep') await applyRescue(step, kubernetes);
}

async function planOne(
  world: World,
  input: Omit<AdoptionInput, 'servers'>,
  id: number,
  as: string,
): Promise<AdoptionPlan> {
  const server = await serverWith(world, id);
  const there = await namedServer(world, input.droplets, as);
  const plan = planOneAdoption({ ...input, server, as, isThere: other => other === there });
  if (typeof plan === 'string') throw new CommandFailure(`nothing was taken over: ${plan}`);
  return plan;
}

async function serverWith({ cloud }: World, id: number): Promise<CloudDroplet> {
  try {
    return await cloud.getDroplet(id);
  } catch (error) {
    if (isCloudNotFound(error))
      throw new CommandFailure(
        `DigitalOcean has no droplet ${id}: "doctl compute droplet list" shows the ids`,
      );
    throw error;
  }
}

/** The server that the status of the Droplet of that name names, if it is there. */
async function namedServer(
  world: World,
  droplets: readonly Droplet[],
  as: string,
): Promise<number | undefined> {
  for (const { metadata, status } of droplets)
    if (
      metadata.name === as &&
      status?.server?.id !== undefined &&
      (await isInCloud(world, status.server?.id))
    )
      return status.server?.id;
  return undefined;
}

/** Whoever answers on an address may be anybody: only a person's own yes makes a key good. */
async function acceptedKeys(
  world: World,
  adoptions: readonly Adoption[],
  options: AdoptOptions,
): Promise<ReadonlyMap<number, string>> {
  const shown = await shownKeys(
    world,
    adoptions.map(({ server }) => server),
  );
  printLine(options, 'SSH host keys, as they answer on the network:');
  for (const line of hostKeyTable(adoptions, shown)) printLine(options, line);
  const found = [...shown].flatMap(([id, key]): [number, string][] =>
    'fingerprint' in key ? [[id, key.fingerprint]] : [],
  );
  if (found.length === 0) return new Map();
  const isMeant =
    options.acceptHostKeys ??
    (isInteractive() &&
      options.yes === undefined &&
      (await asksYes(
        'Are these the right ones? A console of DigitalOcean shows the same by "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub". Without a yes the servers are taken over all the same, and not logged in to.',
      )));
  return new Map(isMeant ? found : []);
}

/** By the operator that runs, else by one of this process. */
async function untilDone(
  world: World,
  adoptions: readonly Adoption[],
  options: AdoptOptions,
): Promise<AdoptionEnding> {
  if (adoptions.length === 0) return { adopted: [], failed: [] };
  const log = createLogger(options, 'warn');
  const stopped = stopSignal();
  const stop = new AbortController();
  const ended = AbortSignal.any([stopped, AbortSignal.timeout(options.timeout)]);
  const operator = (await isOperatorRunning(world))
    ? undefined
    : await startOperator(withoutPurchases(world), options, operatorLog(options));
  try {
    const fleet = await watchFleet(world.kubernetes, () => new Map(), log, stop.signal);
    const report = ({ name, server }: Adoption): void =>
      printLine(options, `${name} has droplet ${server.id}`);
    const waiting = untilAdopted(fleet, adoptions, report, systemClock, ended);
    const ending = await Promise.race([waiting, ...(operator ? [operator.failed] : [])]);
    if (stopped.aborted)
      throw new CommandFailure(
        'stopped; what was begun goes on with "dropfleet up", or with the same again',
        130,
      );
    return ending;
  } finally {
    stop.abort();
    await operator?.stop();
  }
}

/** That everything else is held meanwhile is no news, and what becomes of the servers is told at the end. */
const operatorLog = (options: AdoptOptions): Logger =>
  createLogger(options, 'error', options.verbose ? process.stderr : { write: () => undefined });

async function printEnding(
  world: World,
  plan: AdoptionPlan,
  { adopted, failed }: AdoptionEnding,
  hostKeys: ReadonlyMap<number, string>,
  options: AdoptOptions,
): Promise<void> {
  // What a firewall hid before may answer now.
  const later = adopted.filter(({ server }) => !hostKeys.has(server.id));
  const unknown = options.acceptHostKeys ? await acceptLater(world, later, options) : later;
  const next = (await isOperatorRunning(world))
    ? `${commandLine(options, 'status')} tells when all is Ready.`
    : `${commandLine(options, 'up')} looks after them from here on.`;
  const result = {
    adopted: adopted.map(({ namespace, name, server }) => ({ namespace, name, id: server.id })),
    failed: failed.map(({ adoption: { name, server }, why }) => ({ name, id: server.id, why })),
    leftAlone: plan.leftAlone.map(({ server, reason }) => ({ id: server.id, name: server.name, reason })),
    unknownHosts: unknown.map(({ name }) => name),
  };
  printResult(options, result, () => [
    adopted.length > 0 ? `${count(adopted.length, 'server')} taken over.` : 'Recreated.',
    ...(unknown.length === 0
      ? []
      : [
          `Nobody has vouched for the SSH host key of ${unknown.map(({ name }) => name).join(', ')}: "dropfleet status" says how to accept it.`,
        ]),
    next,
  ]);
  if (failed.length > 0)
    throw new CommandFailure(
      failed
        .map(({ adoption: { name, server }, why }) => `${name} did not get droplet ${server.id}: ${why}`)
        .join('\n'),
    );
}

/** Those that still nobody has vouched for. */
async function acceptLater(
  world: World,
  adoptions: readonly Adoption[],
  options: AdoptOptions,
): Promise<Adoption[]> {
  if (adoptions.length === 0) return [];
  const shown = await shownKeys(
    world,
    adoptions.map(({ server }) => server),
  );
  for (const line of hostKeyTable(adoptions, shown)) printLine(options, line);
  const unknown: Adoption[] = [];
  for (const adoption of adoptions) {
    const key = shown.get(adoption.server.id);
    if (key !== undefined && 'fingerprint' in key)
      await acceptHostKey(world, `${adoption.namespace}/${adoption.name}`, key.fingerprint);
    else unknown.push(adoption);
  }
  return unknown;
}
