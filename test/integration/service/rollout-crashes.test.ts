import { expect } from 'chai';
import type { Death } from './rollout/process.ts';
import { KINDS, tell, type Happening, type Story } from './rollout/story.ts';

/** How many of all moments are tried; FC_RUNS makes a campaign of it. */
const RUNS = Number(process.env['FC_RUNS'] ?? 400);

const deploy = (choice: number, afterMs: number): Happening => ({ what: 'deploy', afterMs, choice });
/** What becomes of a version, by what HAPPENINGS.deploy takes for it. */
const VERSIONS = { good: 0, exits: 3, sick: 5, late: 7, badtask: 9 };
/** Long enough for a release to have served its first minute, with a load balancer that takes its time. */
const LATER_MS = 300_000;
const first = deploy(VERSIONS.good, 0);
const second = deploy(VERSIONS.good, LATER_MS);

/** What happens to a service whose first version serves. */
const SCENARIOS: Record<string, readonly Happening[]> = {
  'a version takes the place of another': [second],
  'a version ends at once': [deploy(VERSIONS.exits, LATER_MS)],
  'a version does not get healthy': [deploy(VERSIONS.sick, LATER_MS)],
  'a version fails once it serves': [deploy(VERSIONS.late, LATER_MS)],
  'a release command fails': [deploy(VERSIONS.badtask, LATER_MS)],
  'the version before is gone back to': [second, { what: 'rollback', afterMs: LATER_MS, choice: 0 }],
  'another version is wanted in the middle of a rollout': [second, deploy(VERSIONS.good, 2_500)],
  'it is removed': [{ what: 'remove', afterMs: LATER_MS, choice: 0 }],
  'it is removed in the middle of a rollout': [second, { what: 'remove', afterMs: 2_500, choice: 0 }],
  'it is stopped in the middle of a rollout': [second, { what: 'stopForGood', afterMs: 2_500, choice: 0 }],
  'a server comes in the middle of a rollout': [second, { what: 'scale', afterMs: 1_500, choice: 2 }],
  'a server goes in the middle of a rollout': [second, { what: 'scale', afterMs: 1_500, choice: 0 }],
};

interface Cut {
  what: string;
  story: Story;
  death: Death;
}

describe('An operator that is killed in a rollout', function () {
  this.timeout(RUNS * 1_000);

  it('or its successor finishes it, wherever it dies: one release everywhere, and nothing is left over', async () => {
    const cuts = (await Promise.all(stories().map(cutsOf))).flat();
    const step = Math.max(1, cuts.length / RUNS);
    const failures: string[] = [];
    for (let i = 0; i < cuts.length; i += step) {
      const { what, story, death } = cuts[Math.floor(i)]!;
      const world = await tell(story, death);
      if (world.violations.length > 0)
        failures.push([`${what}, ${JSON.stringify(death)}`, ...world.violations, ...world.story].join('\n'));
    }
    expect(failures, `${failures.length} of ${RUNS}: ${failures[0]}`).to.deep.equal([]);
  });
});

const stories = (): { what: string; story: Story }[] =>
  Object.entries(SCENARIOS).flatMap(([what, rest], seed) =>
    KINDS.map((_, kind) => ({
      what: `${what} (kind ${kind})`,
      story: { seed, kind, servers: 3, happenings: [first, ...rest] },
    })),
  );

/** Both sides of everything that an operator that lives does to the world or asks it. */
async function cutsOf({ what, story }: { what: string; story: Story }): Promise<Cut[]> {
  const world = await tell(story);
  expect(world.violations, `${what}, without a death: ${world.story.join('\n')}`).to.deep.equal([]);
  return Array.from({ length: world.process!.spoken }, (_, inWords) =>
    [false, true].map(isHeard => ({ what, story, death: { inWords, isHeard } })),
  ).flat();
}
