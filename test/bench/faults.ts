// What faults cost: on docker hosts a fleet's servers crash, freeze and are cut off, under load and with a database that
// is written to, and everything that is done about it is the product's own. A table for docs/faults.md:
//
//     node test/bench/faults.ts [WORDS...]
//
// Each of WORDS picks the stories that have it in their names; without any, all are told.
import { loadavg } from 'node:os';
import { startStandalone } from '../environment/api-server.ts';
import { openHealthFleet, type HealthFleet } from '../environment/health-fleet.ts';
import { startLoad, type LoadReport, type RawLoad } from '../environment/raw-load.ts';
import { LAST_STORY, STORIES, type Moment, type Story } from './fault-stories.ts';

/** Until the first snapshot, and between two stories, time goes so many times as fast as the machine's. */
const PACE = 5;
/** After so long, in ms, the last mail of a story is out. */
const CALM_MS = 240_000;
const CONNECTIONS = 4;
/** Of each connection, so that the load leaves the machine to the fleet. */
const PAUSE_MS = 50;
/** How often a row is written, and how often it is seen whether there are answers. */
const WRITE_MS = 500;
const LOOK_MS = 50;

const words = process.argv.slice(2);
const isWanted = ({ name }: Story): boolean => words.length === 0 || words.some(word => name.includes(word));

/** What one story came to; times in seconds of the fleet's clock since the fault. */
interface Figures {
  readonly story: Story;
  readonly moments: Partial<Record<Moment, number>>;
  readonly requests: Pick<LoadReport, 'total' | 'failed'> & { readonly reasons: LoadReport['reasons'][] };
  /** The longest time without any answer, in seconds of the machine's. */
  readonly silence: number;
  /** Rows that were said to be kept and are not there, of so many; and how old the snapshot was, in seconds. */
  readonly lost: { rows: number; of: number; age?: number };
  readonly mails: readonly string[];
  readonly load: number;
}

const figures: Figures[] = [];
const api = await startStandalone();
try {
  for (const stories of [STORIES, [LAST_STORY]].map(all => all.filter(isWanted))) {
    if (stories.length === 0) continue;
    const fleet = await openHealthFleet(api.server, 1);
    try {
      fleet.clock.setSpeed(PACE);
      await untilSnapshot(fleet);
      for (const story of stories) figures.push(await tell(fleet, story));
    } finally {
      await fleet.close();
    }
  }
} finally {
  await api.stop();
}
console.log(tableOf(figures));

function untilSnapshot(fleet: HealthFleet): Promise<void> {
  return fleet.world.until('its snapshot', () => fleet.droplet('master').status?.snapshot !== undefined);
}

/** Plays a story under load, and lets it pass by. */
async function tell(fleet: HealthFleet, story: Story): Promise<Figures> {
  const { clock } = fleet;
  const told = fleet.told().length;
  const visitors = visit(fleet);
  const writer = write(fleet);
  const { snapshot } = fleet.droplet('master').status!;
  await fleet.pass(10_000);
  clock.setSpeed(story.speed);
  const began = clock.monotonic();
  const age = (clock.now() - Date.parse(snapshot?.createdAt ?? '')) / 1_000;
  const id = fleet.idOf('master');
  const moments: Figures['moments'] = {};
  const at = (moment: Moment): void => {
    moments[moment] = (clock.monotonic() - began) / 1_000;
    console.log(`  ${moment} after ${moments[moment].toFixed(1)} s`);
  };
  console.log(`${story.name}:`);
  const load = loadavg()[0]!;
  await story.play({
    fleet,
    at,
    until: async (moment, condition) => {
      await fleet.world.until(`${moment}: ${story.name}`, condition);
      at(moment);
    },
    turnLoad: () => visitors.turn(),
  });
  const { report, silence } = await visitors.leave();
  const written = await writer.stop();
  clock.setSpeed(PACE);
  const rows = new Set(await fleet.rows());
  await fleet.pass(CALM_MS);
  const result = {
    story,
    moments,
    requests: report,
    silence: silence / 1_000,
    lost: {
      rows: written.filter(row => !rows.has(row)).length,
      of: written.length,
      ...(fleet.idOf('master') !== id && { age }),
    },
    mails: fleet.told().slice(told),
    load,
  };
  console.log(' ', JSON.stringify({ ...result, story: undefined, moments: undefined }));
  return result;
}

/** Visitors of the service, one after the other on each connection. */
function visit(fleet: HealthFleet) {
  const begin = (): RawLoad =>
    startLoad({ ...fleet.echo(), connections: CONNECTIONS, methods: ['GET'], pauseMs: PAUSE_MS });
  const loads = [begin()];
  const sum = (of: 'total' | 'answered' | 'failed'): number =>
    loads.reduce((all, load) => all + load.report()[of], 0);
  let seen = { answered: 0, at: performance.now() };
  let silence = 0;
  const look = setInterval(() => {
    const now = performance.now();
    silence = Math.max(silence, now - seen.at);
    if (sum('answered') > seen.answered) seen = { answered: sum('answered'), at: now };
  }, LOOK_MS);
  return {
    async turn(): Promise<void> {
      const old = loads.at(-1)!;
      loads.push(begin());
      await old.stop();
    },
    async leave() {
      await loads.at(-1)!.stop();
      clearInterval(look);
      const reasons = loads.map(load => load.report().reasons);
      return { report: { total: sum('total'), failed: sum('failed'), reasons }, silence };
    },
  };
}

/** Somebody who writes rows, one after the other; what was said to be kept. */
function write(fleet: HealthFleet) {
  const kept: string[] = [];
  const prefix = performance.now().toFixed(0);
  const over = new AbortController();
  const writing = (async () => {
    for (let n = 0; !over.signal.aborted; n++) {
      await fleet.addRow(`${prefix}-${n}`).then(
        () => kept.push(`${prefix}-${n}`),
        () => undefined,
      );
      await new Promise(resolve => setTimeout(resolve, WRITE_MS));
    }
  })();
  return {
    async stop() {
      over.abort();
      await writing;
      return kept;
    },
  };
}

/** In Markdown. */
function tableOf(all: readonly Figures[]): string {
  const head = [
    'fault',
    'found',
    'decided',
    'replaced',
    'over',
    'requests failed',
    'longest silence',
    'rows lost',
    'mails',
    'load',
  ];
  const rows = all.map(({ story, moments, requests, silence, lost, mails, load }) => [
    story.speed === 1 ? story.name : `${story.name} (time ${story.speed} times as fast)`,
    ...(['found', 'decided', 'replaced', 'over'] as const).map(moment =>
      moments[moment] === undefined ? '-' : `${moments[moment].toFixed(0)} s`,
    ),
    `${requests.failed} of ${requests.total}`,
    `${silence.toFixed(1)} s`,
    `${lost.rows} of ${lost.of}${lost.age === undefined ? '' : `; snapshot ${lost.age.toFixed(0)} s old`}`,
    `${mails.length}`,
    load.toFixed(1),
  ]);
  return [head, head.map(() => '-'), ...rows].map(row => `| ${row.join(' | ')} |`).join('\n');
}
