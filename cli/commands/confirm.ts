import { asksYes, isInteractive } from '../ask.ts';
import { printable } from '../../clients/log/printable.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { writeFleetRecord } from '../../reconcilers/fleet-record/fleet-record.ts';
import { readLedger, type HeldEntry } from '../../reconcilers/gate/ledger.ts';
import type { StandingProblem } from '../../reconcilers/gate/standing.ts';
import { confirmHeld } from '../world/confirmations.ts';
import { standingOf } from '../world/standing.ts';
import { openWorld } from '../world/open.ts';
import type { World } from '../world/world.ts';

/** Shows what is held, and allows it after asking. */
export async function confirm(options: GlobalOptions & { yes?: true }): Promise<void> {
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
    for (const line of [...(problem ? [problem.message] : []), ...entries.flatMap(describe)])
      process.stderr.write(`${printable(line)}\n`);
    if (!(options.yes ?? (isInteractive() && (await asksYes('Allow all of this?')))))
      throw new CommandFailure(
        isInteractive()
          ? 'nothing was confirmed'
          : 'nothing was confirmed: pass --yes to allow all of the above',
      );
    if (problem !== undefined) await acceptStanding(world, problem);
    const gone = await letThrough(world, entries);
    printResult(options, { held: entries, confirmed: true, gone }, () => [
      ...entries.filter(entry => !gone.includes(entry)).map(({ effects }) => `Confirmed: ${effects}.`),
      ...gone.map(({ effects }) => `No longer held: ${effects}.`),
      ...(problem ? ['Accepted; the operator goes on within moments.'] : []),
    ]);
  } finally {
    await world.close();
  }
}

const describe = ({ effects, message }: HeldEntry): string[] => [`Held: ${effects}`, `  ${message}`];

async function letThrough(world: World, entries: readonly HeldEntry[]): Promise<HeldEntry[]> {
  const gone: HeldEntry[] = [];
  for (const entry of entries) if (!(await confirmHeld(world, entry))) gone.push(entry);
  return gone;
}

async function acceptStanding({ kubernetes, namespace }: World, { accept }: StandingProblem): Promise<void> {
  if (accept === undefined)
    throw new CommandFailure('this cannot be confirmed: do as the message says, then everything goes on');
  await writeFleetRecord(kubernetes, namespace, accept);
}
