import { asksYes, isInteractive } from '../ask.ts';
import { printable } from '../../clients/log/printable.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { writeFleetRecord } from '../../reconcilers/fleet-record/fleet-record.ts';
import { SNAPSHOT_FIRST } from '../../reconcilers/gate/book.ts';
import { readLedger, type HeldEntry } from '../../reconcilers/gate/ledger.ts';
import type { StandingProblem } from '../../reconcilers/gate/standing.ts';
import { confirmHeld, isForgoing } from '../world/confirmations.ts';
import { standingOf } from '../world/standing.ts';
import { openWorld } from '../world/open.ts';
import type { World } from '../world/world.ts';

interface ConfirmOptions extends GlobalOptions {
  yes?: true;
  withoutSnapshot?: true;
}

/** Shows what is held, and allows it after asking; that data are lost for want of a last snapshot only if told to. */
export async function confirm(options: ConfirmOptions): Promise<void> {
  const { withoutSnapshot = false } = options;
  const world = await openWorld(options);
  try {
    const problem = await standingOf(world);
    const { held } = await readLedger(world.kubernetes, world.namespace);
    // While the fleet itself is in doubt everything is held by that alone.
    const entries = problem === undefined ? held : [];
    if (problem === undefined && entries.length === 0) {
      printResult(options, { held: [], confirmed: false }, () => ['Nothing is held.']);
      return;
    }
    const meant = entries.filter(entry => withoutSnapshot || !isForgoing(entry));
    const lines = entries.flatMap(entry => describe(entry, withoutSnapshot));
    for (const line of [...(problem ? [problem.message] : []), ...lines])
      process.stderr.write(`${printable(line)}\n`);
    if (problem === undefined && meant.length === 0)
      throw new CommandFailure(
        'nothing was confirmed: pass --without-snapshot to destroy the above without a last snapshot',
      );
    if (!(options.yes ?? (isInteractive() && (await asksYes('Allow all of this?')))))
      throw new CommandFailure(
        isInteractive()
          ? 'nothing was confirmed'
          : 'nothing was confirmed: pass --yes to allow all of the above',
      );
    if (problem !== undefined) await acceptStanding(world, problem);
    const gone = await letThrough(world, meant, withoutSnapshot);
    printResult(options, { held: entries, confirmed: true, gone }, () => [
      ...meant.filter(entry => !gone.includes(entry)).map(({ effects }) => `Confirmed: ${effects}.`),
      ...gone.map(({ effects }) => `No longer held: ${effects}.`),
      ...(problem ? ['Accepted; the operator goes on within moments.'] : []),
    ]);
  } finally {
    await world.close();
  }
}

function describe(entry: HeldEntry, withoutSnapshot: boolean): string[] {
  const { effects, message } = entry;
  return [`Held: ${effects}`, `  ${message}`, ...aboutData(entry, withoutSnapshot)];
}

function aboutData(entry: HeldEntry, withoutSnapshot: boolean): string[] {
  if (entry.withoutSnapshot === undefined) return [];
  if (withoutSnapshot) return ['  Destroys it without a last snapshot: its data are lost'];
  return [`  ${isForgoing(entry) ? 'Needs --without-snapshot: its data would be lost' : SNAPSHOT_FIRST}`];
}

async function letThrough(
  world: World,
  entries: readonly HeldEntry[],
  withoutSnapshot: boolean,
): Promise<HeldEntry[]> {
  const gone: HeldEntry[] = [];
  for (const entry of entries) if (!(await confirmHeld(world, entry, withoutSnapshot))) gone.push(entry);
  return gone;
}

async function acceptStanding({ kubernetes, namespace }: World, { accept }: StandingProblem): Promise<void> {
  if (accept === undefined)
    throw new CommandFailure('this cannot be confirmed: do as the message says, then everything goes on');
  await writeFleetRecord(kubernetes, namespace, accept);
}
