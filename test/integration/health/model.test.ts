import { expect } from 'chai';
import * as fc from 'fast-check';
import { propertyOptions } from '../../fakes/property-options.ts';
import { reportFailure } from '../../fakes/report-failure.ts';
import { COMMANDS, describeCommand, encode, perform } from './commands.ts';
import type { Flaw } from './leader.ts';
import { Violation } from './oracle.ts';

/** How many things happen at least, one by one: probes, votes, looks of leaders, steps of the droplet controller. */
const EVENTS = 1_000_000;
/** So many stories are full of as many. */
const RUNS = Number(process.env['FC_RUNS'] ?? 500);
/** What passed once passes again: a find is for whoever looks for it, by other seeds. */
const SEED = Number(process.env['FC_SEED'] ?? 3);
const stories = fc.array(fc.integer({ min: 0, max: COMMANDS - 1 }), { maxLength: 12, size: 'max' });

/** What is taken out, each by itself, and a story that has a happy end with it. */
const FLAWS: Readonly<Record<Flaw, readonly number[]>> = {
  quorum: [encode('one server cannot reach another', 1), encode('the operator cannot reach a server', 0, 40)],
  hold: [encode('a web dies', 0, 8), encode('a server is well again', 1, 40)],
  'self-vouch': [encode('nobody of its project reaches a server', 1, 40)],
  storm: [encode('two servers of a project die', 0, 40, 1)],
  'cross-project': [encode('servers of both projects die', 1, 40, 1)],
  'server-budget': [encode('a server dies again and again', 1, 0)],
  'project-budget': [encode('servers die one after the other', 0, 0)],
  'in-flight': [encode('a person gives up a server', 1, 4, 1), encode('a person gives up a server', 2, 4, 1)],
  flapping: [encode('a server comes and goes', 1, 40), encode('nothing', 0, 40), encode('nothing', 0, 40)],
  suspended: [encode('a project is suspended', 0, 4), encode('a web dies', 0, 40)],
  occupied: [encode('a server is being resized', 1, 40)],
  deploy: [encode('a deploy begins', 0, 40), encode('a web dies', 0, 40)],
  newborn: [encode('a person gives up a server', 1, 40, 1), encode('a web dies', 0, 40)],
  off: [encode('a project is to be recovered otherwise', 0, 1, 3), encode('a web dies', 0, 40)],
  mode: [encode('a project is to be recovered otherwise', 0, 1, 2), encode('a web dies', 0, 40)],
  'fresh read': [
    encode('the leader sees no objects', 2),
    encode('a project is suspended', 0, 4),
    encode('a web dies', 0, 40),
  ],
  fence: [
    encode('the leader will stand still as it acts', 2),
    encode('a web dies', 0, 14),
    encode('a server is well again', 1),
    encode('a web dies', 1, 40),
  ],
  expiry: [encode('a server dies', 0, 4), encode('monitors stand still', 2, 40)],
};

/** The judge's own files, over a world in which anything happens; an oracle sees it as it truly is. */
describe('The judge of dead servers, whatever happens', function () {
  this.timeout(900_000);

  it('begins no recovery that must not be', () => {
    let events = 0;
    let starts = 0;
    const story = fc.property(stories, commands => {
      const { world, oracle } = perform(commands);
      events += world.events;
      starts += oracle.count;
    });
    reportFailure(fc.check(story, { numRuns: RUNS, seed: SEED }), describeCommand);
    console.log(`      ${RUNS} stories of ${events} events and ${starts} recoveries, FC_SEED=${SEED}`);
    expect(starts).to.be.greaterThan(0);
    if (RUNS >= 500) expect(events).to.be.greaterThan(EVENTS);
  });

  describe('without one guard', () => {
    for (const [flaw, story] of Object.entries(FLAWS))
      it(`is caught: ${flaw}`, () => {
        perform(story);
        expect(() => perform(story, flaw as Flaw), 'nothing bad happened without it').to.throw(Violation);
      });
  });

  it('recovers a server that died for good, while nothing speaks against it', () => {
    const webs = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(webs, fc.constantFrom(4, 8, 14), (web, ticks) => {
        const { oracle } = perform([encode('a web dies', web, ticks), encode('nothing', 0, 40)]);
        expect(oracle.count).to.be.greaterThan(0);
      }),
      propertyOptions(20),
    );
  });
});
