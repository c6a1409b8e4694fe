import { systemClock } from '../../clients/clock.ts';
import { printable } from '../../clients/log/printable.ts';
import { isCloudNotFound } from '../../clients/digitalocean/errors.ts';
import { DROPLETS } from '../../clients/kubernetes/kinds.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { entryOf, type Effect } from '../../reconcilers/gate/effect.ts';
import { createLedger, type Ledger } from '../../reconcilers/gate/ledger.ts';
import { judge, type Verdict } from '../../reconcilers/gate/policy.ts';
import { recordAddress } from '../../reconcilers/reserved-ip/address-record.ts';
import { asksYes, isInteractive } from '../ask.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { describeSurplus, keptLines, surplusLines, totalOf } from '../show/surplus-lines.ts';
import { standingOf } from '../world/standing.ts';
import { openWorld } from '../world/open.ts';
import { effectsOfCleanup, readSurplus, type Surplus } from '../world/surplus.ts';
import type { World } from '../world/world.ts';

export interface CleanupFlags {
  dryRun?: true;
  yes?: true;
  /** The names of volumes whose data nobody wants any more. */
  dataVolume?: string[];
  /** Addresses that nobody wants any more. */
  reservedIp?: string[];
}

/**
 * Removes what the fleet pays for and no object owns, and old snapshots; with `dryRun` only says what that is. A volume
 * holds data, and names lead to an address: those go only when they are named.
 */
export async function cleanup(options: GlobalOptions & CleanupFlags): Promise<void> {
  const { dryRun = false } = options;
  const world = await openWorld({ ...options, readOnly: dryRun });
  try {
    const { items } = await world.kubernetes.list(DROPLETS);
    // What is an orphan is known only of a fleet that surely is this one.
    const problem = await standingOf(world);
    if (problem !== undefined) throw new CommandFailure(`nothing was removed: ${problem.message}`);
    const { surplus, kept } = chosen(await readSurplus(world, items), options);
    if (!dryRun && surplus.length > 0) await removeAll(world, items, surplus, options);
    const of = (isSnapshot: boolean): Surplus[] =>
      surplus.filter(({ kind }) => (kind === 'snapshot') === isSnapshot);
    const result = {
      dryRun,
      orphans: of(false),
      ...(kept.length > 0 && { kept }),
      snapshots: of(true),
      monthlySavings: totalOf(surplus),
    };
    const isOnlyKept = surplus.length === 0 && kept.length > 0;
    printResult(options, result, () => [
      ...(isOnlyKept ? [] : surplusLines(surplus, dryRun)),
      ...keptLines(kept),
    ]);
  } finally {
    await world.close();
  }
}

/** What goes, and the volumes and addresses that stay as nobody named them. */
function chosen(
  all: readonly Surplus[],
  { dataVolume = [], reservedIp = [] }: CleanupFlags,
): { surplus: Surplus[]; kept: Surplus[] } {
  const named = [
    ...dataVolume.map(name => ({ kind: 'volume', what: name })),
    ...reservedIp.map(address => ({ kind: 'reserved IP', what: address })),
  ];
  const isNamed = ({ kind, id, name }: Surplus): boolean =>
    named.some(one => one.kind === kind && one.what === (kind === 'volume' ? name : id));
  const isKept = (one: Surplus): boolean =>
    (one.kind === 'volume' || one.kind === 'reserved IP') && !isNamed(one);
  const unknown = named.find(
    ({ kind, what }) => !all.some(one => one.kind === kind && [one.id, one.name].includes(what)),
  );
  if (unknown !== undefined)
    throw new CommandFailure(
      `nothing was removed: no ${unknown.kind} ${unknown.what} belongs to a Project of this fleet that is gone`,
    );
  return { surplus: all.filter(one => !isKept(one)), kept: all.filter(isKept) };
}

/** By the same policy as every other destruction, and on the same record. */
async function removeAll(
  world: World,
  droplets: readonly Droplet[],
  surplus: readonly Surplus[],
  options: { yes?: true },
): Promise<void> {
  const { kubernetes, namespace } = world;
  const signal = new AbortController().signal;
  const ledger = createLedger({ kubernetes, namespace, clock: systemClock });
  await ledger.load(signal);
  const effects = await effectsOfCleanup(world, surplus);
  const confirmed = options.yes ?? (await isMeant(surplus, whyNot(verdictOn(effects, droplets, ledger))));
  await expectSurplusStill(world, surplus);
  await ledger.write({ admit: effects.map(effect => ({ ...entryOf(effect), confirmed })) }, signal);
  for (const each of surplus) await remove(world, each);
}

function verdictOn(
  effects: readonly Effect[],
  droplets: readonly Droplet[],
  ledger: Ledger,
): Verdict | undefined {
  const request = { asker: 'cleanup', group: 'cleanup', effects, ageMs: 0, believedAfterMs: 0 };
  return judge({
    requests: [{ ...request, confirmed: false }],
    admitted: ledger.admitted(),
    held: new Set(),
    droplets: new Map(),
    fleetSize: droplets.length + effects.filter(({ verb }) => verb === 'destroy').length,
  }).get('cleanup');
}

/** A person need not wait for what is spread over time otherwise: he may say that it is meant. */
function whyNot(verdict: Verdict | undefined): string | undefined {
  if (verdict?.type === 'hold') return verdict.message;
  return verdict?.type === 'wait' ? 'other snapshots were removed within the last ten minutes' : undefined;
}

/** While a person thought about it, somebody may have adopted one: nothing is removed then. */
async function expectSurplusStill(world: World, surplus: readonly Surplus[]): Promise<void> {
  const { items } = await world.kubernetes.list(DROPLETS);
  const ids = new Set((await readSurplus(world, items)).map(({ kind, id }) => `${kind} ${id}`));
  const gone = surplus.find(({ kind, id }) => !ids.has(`${kind} ${id}`));
  if (gone === undefined) return;
  const what = gone.kind === 'snapshot' ? 'to be removed' : 'an orphan';
  throw new CommandFailure(
    `nothing was removed: ${gone.kind} ${gone.id} (${gone.name}) is no longer ${what}; run "dropfleet cleanup" again`,
  );
}

/** A little is removed without a question where nobody can answer it; anything that is held never is. */
async function isMeant(surplus: readonly Surplus[], why: string | undefined): Promise<boolean> {
  for (const each of surplus)
    process.stderr.write(`${each.kind === 'snapshot' ? 'old' : 'orphan'}: ${describeSurplus(each)}\n`);
  if (why !== undefined) process.stderr.write(`Held: ${printable(why)}.\n`);
  if (!isInteractive()) {
    if (why === undefined) return false;
    throw new CommandFailure('nothing was removed: give --yes to remove all of the above');
  }
  if (await asksYes('Remove all of this?')) return true;
  throw new CommandFailure('nothing was removed');
}

async function remove(world: World, { kind, id }: Surplus): Promise<void> {
  const { cloud } = world;
  try {
    if (kind === 'droplet') await cloud.deleteDroplet(Number(id));
    else if (kind === 'firewall') await cloud.deleteFirewall(id);
    else if (kind === 'volume') await cloud.deleteVolume(id);
    else if (kind === 'reserved IP') await release(world, id);
    else await cloud.deleteSnapshot(id);
  } catch (error) {
    if (!isCloudNotFound(error)) throw error;
  }
}

/** One that DigitalOcean no longer has is forgotten as well. */
async function release({ cloud, kubernetes, namespace }: World, address: string): Promise<void> {
  const { signal } = new AbortController();
  try {
    await cloud.deleteReservedIP(address, signal);
  } catch (error) {
    if (!isCloudNotFound(error)) throw error;
  }
  await recordAddress(kubernetes, namespace, address, undefined, signal);
}
