import { systemClock } from '../../clients/clock.ts';
import { printable } from '../../clients/log/printable.ts';
import { isCloudNotFound } from '../../clients/digitalocean/errors.ts';
import { DROPLETS } from '../../clients/kubernetes/kinds.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { entryOf, type Effect } from '../../reconcilers/gate/effect.ts';
import { createLedger } from '../../reconcilers/gate/ledger.ts';
import { judge } from '../../reconcilers/gate/policy.ts';
import type { OwnedResource } from '../../reconcilers/orphans/plan.ts';
import { asksYes, isInteractive } from '../ask.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { readCloudResources } from '../world/orphans.ts';
import { standingOf } from '../world/standing.ts';
import { openWorld } from '../world/open.ts';
import type { World } from '../world/world.ts';

/** Removes what the fleet pays for and no object owns; with `dryRun` only says what that is. */
export async function cleanup(options: GlobalOptions & { dryRun?: true; yes?: true }): Promise<void> {
  const world = await openWorld({ ...options, readOnly: options.dryRun ?? false });
  try {
    const { items } = await world.kubernetes.list(DROPLETS);
    // What is an orphan is known only of a fleet that surely is this one.
    const problem = await standingOf(world);
    if (problem !== undefined) throw new CommandFailure(`nothing was removed: ${problem.message}`);
    const { orphans } = await readCloudResources(world, items);
    if (!options.dryRun && orphans.length > 0) await removeAll(world, items, orphans, options);
    const verb = options.dryRun ? 'would remove' : 'removed';
    printResult(options, { dryRun: options.dryRun ?? false, orphans }, () =>
      orphans.length === 0
        ? ['No orphans.']
        : orphans.map(({ kind, id, name }) => `${verb} ${kind} ${id} (${name})`),
    );
  } finally {
    await world.close();
  }
}

/** By the same policy as every other destruction, and on the same record. */
async function removeAll(
  world: World,
  droplets: readonly Droplet[],
  orphans: readonly OwnedResource[],
  options: { yes?: true },
): Promise<void> {
  const { kubernetes, namespace } = world;
  const signal = new AbortController().signal;
  const ledger = createLedger({ kubernetes, namespace, clock: systemClock });
  await ledger.load(signal);
  const effects = orphans.filter(({ kind }) => kind === 'droplet').map(effectOf);
  const held = judge({
    requests: [
      { asker: 'cleanup', group: 'cleanup', effects, ageMs: 0, believedAfterMs: 0, confirmed: false },
    ],
    admitted: ledger.admitted(),
    held: new Set(),
    droplets: new Map(),
    fleetSize: droplets.length + effects.length,
  }).get('cleanup');
  const why = held?.type === 'hold' ? held.message : undefined;
  const confirmed = options.yes ?? (await isMeant(orphans, why));
  await expectOrphansStill(world, orphans);
  await ledger.write({ admit: effects.map(effect => ({ ...entryOf(effect), confirmed })) }, signal);
  for (const orphan of orphans) await remove(world, orphan);
}

/** While a person thought about it, somebody may have adopted one: nothing is removed then. */
async function expectOrphansStill(world: World, orphans: readonly OwnedResource[]): Promise<void> {
  const { items } = await world.kubernetes.list(DROPLETS);
  const now = await readCloudResources(world, items);
  const ids = new Set(now.orphans.map(({ kind, id }) => `${kind} ${id}`));
  const gone = orphans.find(({ kind, id }) => !ids.has(`${kind} ${id}`));
  if (gone === undefined) return;
  throw new CommandFailure(
    `nothing was removed: ${gone.kind} ${gone.id} (${gone.name}) is no longer an orphan; run "dropfleet cleanup" again`,
  );
}

/** A little is removed without a question where nobody can answer it; anything that is held never is. */
async function isMeant(orphans: readonly OwnedResource[], why: string | undefined): Promise<boolean> {
  for (const { kind, id, name } of orphans)
    process.stderr.write(`orphan: ${kind} ${id} (${printable(name)})\n`);
  if (why !== undefined) process.stderr.write(`Held: ${printable(why)}.\n`);
  if (!isInteractive()) {
    if (why === undefined) return false;
    throw new CommandFailure('nothing was removed: give --yes to remove all of the above');
  }
  if (await asksYes('Remove all of this?')) return true;
  throw new CommandFailure('nothing was removed');
}

const effectOf = ({ id, name }: OwnedResource): Effect => ({
  verb: 'destroy',
  cause: 'orphan',
  project: '',
  name,
  uid: '',
  server: Number(id),
});

async function remove({ cloud }: World, { kind, id }: OwnedResource): Promise<void> {
  try {
    if (kind === 'droplet') await cloud.deleteDroplet(Number(id));
    else if (kind === 'firewall') await cloud.deleteFirewall(id);
    else await cloud.deleteSnapshot(id);
  } catch (error) {
    if (!isCloudNotFound(error)) throw error;
  }
}
