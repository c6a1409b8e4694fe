import { sleep, type Clock } from '../../clients/clock.ts';
import { DROPLETS, PROJECTS } from '../../clients/kubernetes/kinds.ts';
import { canonicalNetwork } from '../../config/network.ts';
import { findCondition } from '../../crds/conditions.ts';
import { firewallPrefix } from '../../crds/firewall-name.ts';
import { FIREWALL_READY } from '../../reconcilers/firewall/status.ts';
import { fleetIdOf, type World } from './world.ts';

const LOOK_AGAIN_MS = 1_000;

/** Whom each of the fleet's firewalls lets in by SSH. */
async function sshSourcesInCloud(world: World): Promise<(readonly string[])[]> {
  const prefix = firewallPrefix(await fleetIdOf(world));
  const port = String(world.sshPort);
  const firewalls = await world.cloud.listFirewalls();
  return firewalls
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ inbound }) => inbound.filter(rule => rule.ports === port).flatMap(rule => rule.addresses));
}

/**
 * Waits until all of the fleet's firewalls let that address or network in by SSH, or until none does.
 * @returns whether that came true in time.
 */
export async function untilSshRules(
  world: World,
  network: string,
  isIn: boolean,
  clock: Clock,
  timeoutMs: number,
): Promise<boolean> {
  const wanted = canonicalNetwork(network);
  const deadline = clock.monotonic() + timeoutMs;
  for (;;) {
    const rules = (await sshSourcesInCloud(world)).map(sources =>
      sources.map(canonicalNetwork).includes(wanted),
    );
    const isThere = isIn ? rules.length > 0 && rules.every(Boolean) : !rules.some(Boolean);
    if (isThere || clock.monotonic() >= deadline) return isThere;
    await sleep(clock, LOOK_AGAIN_MS);
  }
}

/** Why firewalls are not as they should be, as the operator says it; empty when it says nothing. */
export async function firewallTrouble({ kubernetes }: Pick<World, 'kubernetes'>): Promise<string> {
  const { items } = await kubernetes.list(PROJECTS);
  const conditions = items.map(({ status }) => findCondition(status?.conditions, FIREWALL_READY));
  return conditions.find(condition => condition?.status === 'False')?.message ?? '';
}

/** Whether the fleet has any server, that somebody could be locked out of. */
export async function hasServers({ kubernetes }: Pick<World, 'kubernetes'>): Promise<boolean> {
  const { items } = await kubernetes.list(DROPLETS);
  return items.some(({ status }) => status?.dropletID !== undefined);
}
