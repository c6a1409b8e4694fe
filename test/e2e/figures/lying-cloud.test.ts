import { expect } from 'chai';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { seededRandom } from '../../builders/sandbox.ts';
import { describeOnStandalone } from '../../environment/api-server.ts';
import { openStillWorld, type StillWorld } from './still-world.ts';
import type { CountedOperator } from './operator.ts';

const MINUTE = 60_000;
/** Of simulated time, two for each project that comes meanwhile. LYING_MINUTES=20 is a longer look. */
const MINUTES = Number(process.env['LYING_MINUTES'] ?? 10);
const LIES = 0.2;
/** What the lists of a heap differ by from one moment to the next, and far less than a leak a reply would come to. */
const SLACK_BYTES = 20 * 1024 * 1024;

const row = (project: string, servers: number): string => `${project},${servers},s-1vcpu-1gb,s-1vcpu-1gb`;

describeOnStandalone('A cloud that lies', 'it is the cloud that lies', server => {
  let world: StillWorld;
  const words: string[] = [];

  before(async () => {
    world = await openStillWorld(server(), { random: seededRandom(Number(process.env['FC_SEED'] ?? 1)) });
  });
  after(() => world.close());

  /** Lets minutes pass, and keeps what is said more than once in one of them. */
  async function pass(operator: CountedOperator, minutes: number): Promise<void> {
    for (let minute = 0; minute < minutes; minute++) {
      const before = operator.log.length;
      await world.pass(operator, MINUTE);
      words.push(...repeated(operator.log.slice(before)));
    }
  }

  it(`for ${MINUTES} minutes has nothing destroyed or bought twice, and is told of once a minute`, async function () {
    this.timeout(MINUTES * MINUTE);
    const rows = [row('blog', 2), row('shop', 3)];
    await world.writeCsv(rows);
    await world.operate(async operator => {
      await world.passUntilReady(operator, rows.length);
      world.liar!.lie(LIES);
      const heap = heapUsed();
      for (let minute = 0; minute < MINUTES; minute += 2) {
        rows.push(row(`new${minute}`, 2));
        await world.writeCsv(rows);
        while (!(await world.areThere(rows.length))) await world.pass(operator, 1_000);
        await pass(operator, 2);
      }
      expect(heapUsed()).to.be.below(heap + SLACK_BYTES);
      world.liar!.lie(0);
      await world.pass(operator, MINUTE);
      expect(await world.areReady()).to.equal(true);
    });
    expect(world.liar!.lies()).to.be.above(0);
    const { 'droplets.create': created, 'droplets.delete': destroyed = 0 } = world.cloudCalls();
    expect({ created, destroyed }).to.deep.equal({ created: 5 + MINUTES, destroyed: 0 });
    expect(words).to.deep.equal([]);
  });
});

/** What stands more than once among the lines, by what it says and of what. */
function repeated(lines: CountedOperator['log']): string[] {
  const texts = lines
    .filter(({ level }) => level === 'warn' || level === 'error')
    .map(({ message, fields }) => `${message} ${JSON.stringify({ ...fields, reconcileID: undefined })}`);
  return texts.filter((text, i) => texts.indexOf(text) !== i);
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
