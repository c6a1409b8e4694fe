import { randomBytes } from 'node:crypto';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { DRILL_ANNOTATION } from '../../crds/names.ts';
import { listSnapshots } from '../../reconcilers/snapshot/list.ts';
import { isOfFleet, newestGoodSnapshot } from '../../reconcilers/snapshot/owner-plan.ts';
import { expectYes } from '../ask.ts';
import { CommandFailure } from '../failure.ts';
import { createLogger } from '../logger.ts';
import type { GlobalOptions } from '../options.ts';
import { printLine, printResult } from '../output.ts';
import { drillOfferLines } from '../show/drill-lines.ts';
import { stopSignal } from '../stop.ts';
import { annotateDroplet } from '../world/annotate-droplet.ts';
import { awaitDrill, type DrillEnding } from '../world/await-drill.ts';
import { pricesOf, watchFleet } from '../world/fleet-watch.ts';
import { identityOf } from '../world/identity.ts';
import { findOneDroplet } from '../world/one-droplet.ts';
import { openWorld } from '../world/open.ts';
import { expectOperator } from '../world/source.ts';
import type { World } from '../world/world.ts';

export interface DrillFlags {
  yes?: true;
  /** Milliseconds. */
  timeout: number;
}

export type DrillOptions = GlobalOptions & DrillFlags & { droplet: string };

/** Has the operator prove that a server can be restored from its newest snapshot, and tells how it went. */
export async function drill(options: DrillOptions): Promise<void> {
  const world = await openWorld({ ...options, readOnly: true });
  try {
    const droplet = await findOneDroplet(options.droplet, world);
    if (droplet.metadata.deletionTimestamp !== undefined)
      throw new CommandFailure(`no changes made: ${droplet.metadata.name} is being deleted`);
    await expectOperator(world);
    const { drill: current } = droplet.status ?? {};
    const isUnderWay = current !== undefined && current.step !== 'Done';
    const request = isUnderWay ? current.request : await askFor(world, droplet, options);
    await untilOver(world, droplet, request, options);
  } finally {
    await world.close();
  }
}

/** Says what is tried and what it costs, asks, and writes the wish down. Its word is answered. */
async function askFor(world: World, droplet: Droplet, options: DrillOptions): Promise<string> {
  const snapshot = await findSnapshot(world, droplet);
  const prices = pricesOf(await world.cloud.listSizes());
  const offer = { droplet, snapshot, monthlyPrice: prices.get(droplet.spec.size), now: Date.now() };
  for (const line of drillOfferLines(offer)) printLine(options, line);
  await expectYes(`Make a server from snapshot ${snapshot.id}?`, options.yes ?? false);
  const request = randomBytes(8).toString('hex');
  await annotateDroplet(world, droplet, { [DRILL_ANNOTATION]: request });
  return request;
}

async function findSnapshot(world: World, droplet: Droplet): Promise<{ id: string; createdAt: string }> {
  const { fleet: fleetId, api: apiId } = await identityOf(world);
  const { snapshots } = await listSnapshots(world.cloud, fleetId);
  const own = snapshots.filter(snapshot => isOfFleet(snapshot, { fleetId, apiId }));
  const snapshot = newestGoodSnapshot(own, droplet, fleetId);
  if (snapshot !== undefined) return snapshot;
  const { name } = droplet.metadata;
  throw new CommandFailure(
    `no changes made: ${name} has no snapshot yet. Masters get one a day, and webs with every production release; "dropfleet status" counts them`,
  );
}

async function untilOver(
  world: World,
  droplet: Droplet,
  request: string,
  options: DrillOptions,
): Promise<void> {
  const stopped = stopSignal();
  const stop = new AbortController();
  try {
    const log = createLogger(options, 'warn');
    const fleet = await watchFleet(world.kubernetes, () => new Map(), log, stop.signal);
    const ended = AbortSignal.any([stopped, AbortSignal.timeout(options.timeout)]);
    const show = (line: string): void => printLine(options, line);
    const ending = await awaitDrill(fleet, keyOf(droplet), request, show, ended);
    if (stopped.aborted && ending.state === 'timeout')
      throw new CommandFailure('stopped; the operator goes on with the drill, and destroys its server', 130);
    report(ending, droplet.metadata.name, options);
  } finally {
    stop.abort();
  }
}

function report(ending: DrillEnding, name: string, options: DrillOptions): void {
  if (ending.state === 'gone')
    throw new CommandFailure(
      `the Droplet ${name} was deleted meanwhile; the server of the drill goes with it`,
    );
  if (ending.state === 'timeout')
    throw new CommandFailure(
      `not done after ${options.timeout / 1_000} s: ${ending.waitingFor}. The operator goes on with it and destroys its server; give more time with --timeout`,
    );
  const { drill, droplet } = ending;
  const { result, message, snapshotID, snapshotCreatedAt } = drill;
  const isPassed = result === 'Passed';
  const proved = isPassed ? droplet.status?.verifiedRestore : undefined;
  const value = { droplet: name, result, message, snapshotID, snapshotCreatedAt, ...proved };
  if (isPassed || options.output === 'json')
    printResult(options, value, () => [
      `The drill passed: ${message}.`,
      `Snapshot ${snapshotID} of ${name} restores in ${proved?.secondsToAnswer} s: active after ${proved?.secondsToActive} s, SSH after ${proved?.secondsToConnect} s.`,
    ]);
  if (!isPassed) throw new CommandFailure(`the drill failed: ${message}`);
}
