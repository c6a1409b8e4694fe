import { expect } from 'chai';
import { boolean, record, sample } from 'fast-check';
import { randomInt } from 'node:crypto';
import { describeOnApiServers } from '../../environment/api-server.ts';
import { runCase, type Case, type Result } from './campaign.ts';
import type { CrashPoint } from './life.ts';
import { SCENARIOS } from './scenarios.ts';
import type { CloudFaults } from './world.ts';

/** What the choice of troubles follows from; FC_SEED repeats a run. */
const SEED = Number(process.env['FC_SEED'] ?? randomInt(2 ** 31));
/** More would only wait for the processor, and cloud time would run on meanwhile. */
const AT_A_TIME = 3;
/** A real API server takes its time over every write: it gets a part of the points. */
const STRIDE = { standalone: 1, real: 4 };
/** Events and polls come when they come, so a run may have an effect or two less than the one that was counted. */
const LEAST_SHARE_REACHED = 0.8;

const NO_FAULTS: CloudFaults = { listLag: false, lostReply: false };

describeOnApiServers('An operator that dies and is started again', server => {
  for (const scenario of SCENARIOS) {
    it(`leaves one server for each Droplet and no other, wherever it dies while ${scenario.name}`, async function () {
      this.timeout(900_000);
      const calm = await runCase(server(), scenario, { fault: NO_FAULTS });
      expect(calm.flaws, 'without a crash').to.deep.equal([]);
      const stride = STRIDE[server().name] * (scenario.stride ?? 1);
      // Another part of them each time.
      const cases = casesOf(calm.effects.length).filter((_, i) => i % stride === SEED % stride);
      const results = await mapSome(cases, each => describeFailure(each, runCase(server(), scenario, each)));
      const failures = results.flatMap(({ failure }) => failure ?? []);
      expect(failures, `FC_SEED=${SEED}\n${failures.join('\n')}\n`).to.deep.equal([]);
      const reached = results.filter(({ result }) => result?.death !== undefined).length;
      expect(reached / cases.length, 'the share of crash points that were reached').to.be.above(
        LEAST_SHARE_REACHED,
      );
    });
  }
});

/** Both sides of every effect, each with troubles of its own. */
function casesOf(effects: number): Case[] {
  const points = Array.from({ length: effects }, (_, i): CrashPoint[] => [
    { effect: i + 1, phase: 'before' },
    { effect: i + 1, phase: 'after' },
  ]).flat();
  const fault = record({ listLag: boolean(), lostReply: boolean() });
  const faults = sample(fault, { numRuns: points.length, seed: SEED });
  return points.map((crash, i) => ({ crash, fault: faults[i]! }));
}

interface Outcome {
  result?: Result;
  /** What went wrong, with the place where the process died. */
  failure?: string;
}

async function describeFailure({ crash, fault }: Case, running: Promise<Result>): Promise<Outcome> {
  const place = `died ${crash!.phase} effect ${crash!.effect}, ${JSON.stringify(fault)}`;
  try {
    const result = await running;
    const what = result.death === undefined ? 'not reached' : result.death.what;
    return result.flaws.length === 0
      ? { result }
      : { result, failure: `${place} (${what}): ${result.flaws.join('; ')}` };
  } catch (error) {
    return { failure: `${place}: ${(error as Error).message}` };
  }
}

async function mapSome<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [i, item] of queue) results[i] = await work(item);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return results;
}
