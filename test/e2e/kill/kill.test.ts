import { expect } from 'chai';
import { livingDroplets } from '../crash-campaign/living-droplets.ts';
import type { RequestEvent } from '../../../sandbox/api/api.ts';
import { startMachineSandbox, type MachineSandbox } from '../../environment/machine-sandbox.ts';
import {
  openWorkplace,
  runDropfleet,
  startDropfleet,
  type RunningCommand,
  type Workplace,
} from '../../environment/dropfleet.ts';

/** A moment at which the process is killed: a request that the cloud has got, or has carried out. */
type Moment = Pick<RequestEvent, 'operation' | 'phase'>;

/** Twice what it takes on a busy machine. */
const TIMEOUT_MS = 900_000;

const SMALL = 's-1vcpu-1gb,s-1vcpu-1gb';

/** What projects.csv says in turn, and when the process dies while it is made so. */
const CHAPTERS: readonly { rows: readonly string[]; isHeld?: true; dies: readonly Moment[] }[] = [
  {
    rows: [`shop,3,${SMALL}`, `blog,2,${SMALL}`],
    dies: [
      { operation: 'keys.create', phase: 'after' },
      { operation: 'droplets.create', phase: 'after' },
      { operation: 'droplets.create', phase: 'after' },
      { operation: 'droplets.create', phase: 'after' },
      { operation: 'droplets.list', phase: 'after' },
    ],
  },
  {
    rows: [`shop,2,${SMALL}`, `blog,2,${SMALL}`],
    dies: [
      { operation: 'droplets.delete', phase: 'before' },
      { operation: 'droplets.delete', phase: 'after' },
    ],
  },
  {
    // With the one before, that is more than is destroyed within ten minutes without a word.
    rows: [`shop,2,${SMALL}`],
    isHeld: true,
    dies: [
      { operation: 'droplets.delete', phase: 'before' },
      { operation: 'droplets.delete', phase: 'after' },
      { operation: 'droplets.list', phase: 'after' },
    ],
  },
];

describe('dropfleet up, killed with kill -9 again and again', function () {
  // Who is killed right after a server was destroyed leaves it to the next to believe that it is gone, which takes 75 s.
  this.timeout(TIMEOUT_MS);
  let place: Workplace;
  let sandbox: MachineSandbox;
  let command: RunningCommand | undefined;
  /** Looks at every request; when it throws, the connection is cut. */
  let watch: (event: RequestEvent) => Promise<void> = async () => undefined;
  /** For whoever reads that it took too long. */
  let waitsFor = '';
  const doubles: string[] = [];

  before(async () => {
    sandbox = await startMachineSandbox({
      bootDelayMs: 500,
      limits: { perHour: 1e6, perMinute: 1e6 },
      async onRequest(event) {
        const names = living();
        if (new Set(names).size < names.length) doubles.push(names.join(', '));
        await watch(event);
      },
    });
    place = await openWorkplace([], sandbox.env);
  });
  afterEach(function () {
    if (this.currentTest?.state !== 'failed' || command === undefined) return;
    const { stdout, stderr } = command.output();
    console.log(`      ${waitsFor}\n${stdout.slice(-2_000)}\n${stderr.slice(-4_000)}`);
  });
  after(async () => {
    await command?.stop('SIGKILL');
    await sandbox.close();
    await place.remove();
  });

  const living = (): string[] => livingDroplets(sandbox.ledger, Date.now()).map(({ name }) => name);

  /**
   * Starts it, kills it at that moment, and resolves when it is dead. Requests for droplets go out side by side, so that
   * all may be there before it was killed as often as it was to be: then it is killed when they are Ready.
   */
  async function dieAt({ operation, phase }: Moment, isHeld = false): Promise<void> {
    const died = Promise.withResolvers<void>();
    const kill = async (): Promise<void> => {
      watch = async () => undefined;
      await command!.stop('SIGKILL');
      died.resolve();
    };
    watch = async event => {
      if (event.operation !== operation || event.phase !== phase) return;
      await kill();
      throw new Error('there is nobody left to answer');
    };
    const life = startDropfleet(place, 'up');
    command = life;
    if (isHeld) void confirmWhenHeld(life);
    if (operation === 'droplets.create')
      void life.says(/after the start\./, TIMEOUT_MS).then(kill, () => undefined);
    await died.promise;
  }

  /** Confirms whatever it says that it holds, until it is dead; it may take its time to say so. */
  async function confirmWhenHeld(from: RunningCommand): Promise<void> {
    for (let nth = 1; ; nth++) {
      const pattern = new RegExp(`(?: held: destroy [^]*?){${nth}}`);
      const isSaid = await from.says(pattern, TIMEOUT_MS).then(
        () => true,
        () => false,
      );
      if (!isSaid) return;
      const { code, stderr } = await runDropfleet(place, 'confirm', '--yes');
      // Else the test waits for a deletion that nobody allowed, and does not say why.
      if (code !== 0) console.log(`      confirm: ${stderr}`);
    }
  }

  async function start(): Promise<RunningCommand> {
    command = startDropfleet(place, 'up');
    await command.says(/after the start\./, TIMEOUT_MS);
    return command;
  }

  it('makes the fleet as projects.csv says each time, with no server twice and none left over', async () => {
    for (const { rows, isHeld, dies } of CHAPTERS) {
      await place.writeCsv(...rows);
      for (const moment of dies) {
        waitsFor = `waits for ${moment.operation}, ${moment.phase}, while the rows are ${rows.join(' and ')}`;
        await dieAt(moment, isHeld);
      }
      waitsFor = `waits for all Ready while the rows are ${rows.join(' and ')}`;
      // The next chapter waits for requests that only a whole fleet is sure to cause.
      await (await start()).stop('SIGKILL');
    }
    const last = await start();
    expect(living().toSorted()).to.deep.equal(['shop-master', 'shop-web1']);
    expect(doubles, 'servers that lived at the same time').to.deep.equal([]);
    expect((await last.stop()).code).to.equal(0);
  });

  it('changes nothing in the cloud when it is started again and all is as it should be', async () => {
    const earlier = sandbox.ledger.countBy();
    await (await start()).stop();
    const changed = Object.entries(sandbox.ledger.countBy()).filter(
      ([operation, count]) => count !== earlier[operation] && !/\.(list|get)$/.test(operation),
    );
    expect(changed).to.deep.equal([]);
  });

  it('stops with exit code 0 and a word about the droplets when it is told to', async () => {
    const ending = await (await start()).stop('SIGTERM');
    expect(ending.code).to.equal(0);
    expect(ending.stdout).to.contain('Stopped. Droplets go on as they are');
    expect(ending.stderr).to.equal('');
  });
});
