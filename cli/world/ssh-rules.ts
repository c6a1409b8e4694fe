import { sleep, type Clock } from '../../clients/clock.ts';
import { DROPLETS, PROJECTS } from '../../clients/kubernetes/kinds.ts';
import { canonicalNetwork } from '../../config/network.ts';
import { findCondition } from '../../crds/conditions.ts';
import { firewallNamed, firewallPrefix } from '../../crds/firewall-name.ts';
import { FIREWALL_READY } from '../../reconcilers/firewall/status.ts';
import { fleetIdOf } from './identity.ts';
import type { World } from './world.ts';

const RETRY_MS = 1_000;

/**
 * The projects that are suspended, by name: nobody changes their firewalls until they are resumed, so they are neither
 * waited for nor asked to prove anything.
 */
export type Suspended = ReadonlySet<string>;

/** What there is to know about suspended projects before an address is changed. */
interface Servers {
  /** Whether there is one that somebody could be locked out of. */
  some: boolean;
  /** Whether one of those is in a project that is not suspended. */
  changeable: boolean;
  /** The suspended projects that have servers. */
  suspended: Suspended;
}

/** Which servers the fleet has, as far as SSH is concerned. */
export async function serversBehindRules({ kubernetes }: Pick<World, 'kubernetes'>): Promise<Servers> {
  const [projects, droplets] = await Promise.all([kubernetes.list(PROJECTS), kubernetes.list(DROPLETS)]);
  const resting = new Set<string>();
  for (const { metadata, spec } of projects.items) if (spec.suspend) resting.add(metadata.name);
  // A firewall goes by the project's name alone: one that shares it with a project at work is changed.
  for (const { metadata, spec } of projects.items) if (!spec.suspend) resting.delete(metadata.name);
  const owners = droplets.items
    .filter(({ status }) => status?.server?.id !== undefined)
    .map(({ spec }) => spec.project);
  return {
    some: owners.length > 0,
    changeable: owners.some(name => !resting.has(name)),
    suspended: new Set(owners.filter(name => resting.has(name)).toSorted()),
  };
}

/** Whom each of the fleet's firewalls lets in by SSH, but for those of suspended projects. */
async function sshSourcesInCloud(world: World, suspended: Suspended): Promise<(readonly string[])[]> {
  const fleetId = await fleetIdOf(world);
  const port = String(world.sshPort);
  const firewalls = await world.cloud.listFirewalls();
  return firewalls
    .filter(({ name }) => {
      const of = firewallNamed(fleetId, name);
      return name.startsWith(firewallPrefix(fleetId)) && !suspended.has(of?.project ?? '');
    })
    .map(({ inbound }) => inbound.filter(rule => rule.ports === port).flatMap(rule => rule.addresses));
}

/**
 * Waits until all of the fleet's firewalls that can be changed let that address or network in by SSH, or until none
 * does.
 * @returns whether that came true in time.
 */
export async function untilSshRules(
  world: World,
  suspended: Suspended,
  network: string,
  isIn: boolean,
  clock: Clock,
  timeoutMs: number,
): Promise<boolean> {
  const wanted = canonicalNetwork(network);
  const deadline = clock.monotonic() + timeoutMs;
  for (;;) {
    const rules = (await sshSourcesInCloud(world, suspended)).map(sources =>
      sources.map(canonicalNetwork).includes(wanted),
    );
    const isThere = isIn ? rules.length > 0 && rules.every(Boolean) : !rules.some(Boolean);
    if (isThere || clock.monotonic() >= deadline) return isThere;
    await sleep(clock, RETRY_MS);
  }
}

/** Why firewalls are not as they should be, as the operator says it; empty when it says nothing. */
export async function firewallProblem(
  { kubernetes }: Pick<World, 'kubernetes'>,
  suspended: Suspended,
): Promise<string> {
  const { items } = await kubernetes.list(PROJECTS);
  const atWork = items.filter(({ metadata }) => !suspended.has(metadata.name));
  const conditions = atWork.map(({ status }) => findCondition(status?.conditions, FIREWALL_READY));
  return conditions.find(condition => condition?.status === 'False')?.message ?? '';
}
