import { expect } from 'chai';
import { objectionTo, type GuardName } from '../../../../reconcilers/health/guards.ts';
import type { Scene, WatchedServer } from '../../../../reconcilers/health/scene.ts';

const WALL = Date.parse('2026-01-02T00:00:00Z');
const ago = (ms: number): string => new Date(WALL - ms).toISOString();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const DEAD = { serverID: 2, by: ['shop-master', 'witness'], suspectedSince: 0, quorumSince: 0, turns: [0] };

/** A web that has been dead for a minute, and that nobody objects to recover. */
const aServer = (parts: Partial<WatchedServer> = {}): WatchedServer => ({
  name: 'shop-web1',
  role: 'web',
  serverID: 2,
  watch: { observers: ['shop-master', 'shop-web2', 'witness'], quorum: 2 },
  course: DEAD,
  occupied: undefined,
  voucher: undefined,
  bornMs: 24 * HOUR,
  approvedID: undefined,
  isCleanWanted: false,
  recovery: undefined,
  recoveries: [],
  recoveryMs: 0,
  backMs: undefined,
  wellMs: undefined,
  snapshot: undefined,
  ...parts,
});

const well = (name: string, parts: Partial<WatchedServer> = {}): WatchedServer =>
  aServer({ name, serverID: 3, course: undefined, ...parts });

const aScene = (server: WatchedServer, parts: Partial<Scene> = {}): Scene => ({
  now: MINUTE,
  wall: WALL,
  isSuspended: false,
  deployingMs: undefined,
  modes: { web: 'auto', master: 'manual' },
  servers: [server, well('shop-master', { role: 'master' }), well('shop-web2'), well('shop-web3')],
  calmMs: Infinity,
  fleet: { servers: 20, suspects: 1, projects: 1 },
  ...parts,
});

const past = (ms: number, serverID = 9) => ({
  serverID,
  step: 'Replace' as const,
  startedAt: ago(ms),
  endedAt: ago(ms),
  result: 'Recovered' as const,
});
const RECOVERY = { serverID: 3, step: 'Replace', startedAt: ago(MINUTE), cause: 'x' } as const;

function objection(
  server: WatchedServer,
  scene: Partial<Scene> = {},
  step: 'PowerCycle' | 'Replace' = 'PowerCycle',
) {
  return objectionTo(step, server, aScene(server, scene))?.guard;
}

describe('The guards', () => {
  it('let a web that died alone be recovered', () => {
    expect(objection(aServer())).to.equal(undefined);
  });

  const web = aServer();
  const other = (parts: Partial<WatchedServer>): WatchedServer[] => [
    web,
    well('shop-web2', parts),
    well('shop-web3'),
  ];
  const cases: [GuardName, string, () => GuardName | undefined][] = [
    [
      'quorum',
      'fewer votes than a quorum',
      () => objection(aServer({ course: { ...DEAD, quorumSince: undefined } })),
    ],
    ['hold', 'a quorum of 44 s', () => objection(web, { now: 44_000 })],
    [
      'hold',
      'a quorum of 119 s about a master',
      () => objection(aServer({ role: 'master' }), { now: 119_000 }),
    ],
    [
      'self-vouch',
      'an answer that somebody had of it',
      () => objection(aServer({ voucher: 'it answers the operator' })),
    ],
    ['storm', 'a second one that is dead', () => objection(web, { servers: other({ course: DEAD }) })],
    ['storm', 'a storm that was over 119 s ago', () => objection(web, { calmMs: 119_000 })],
    [
      'cross-project',
      'suspicions in two projects',
      () => objection(web, { fleet: { servers: 9, suspects: 2, projects: 2 } }),
    ],
    [
      'server-budget',
      'two recoveries of it in 6 hours',
      () => objection(aServer({ recoveries: [past(HOUR), past(5 * HOUR)] })),
    ],
    [
      'server-budget',
      'two that its clock puts into the future',
      () => objection(aServer({ recoveries: [past(-HOUR), past(-2 * HOUR)] })),
    ],
    [
      'project-budget',
      'three of its project in 24 hours',
      () => objection(web, { servers: other({ recoveries: [past(HOUR), past(9 * HOUR), past(23 * HOUR)] }) }),
    ],
    ['suspended', 'a suspended project', () => objection(web, { isSuspended: true })],
    [
      'occupied',
      'a power cycle under way',
      () => objection(aServer({ occupied: 'it is on its way (PoweringOn)' })),
    ],
    [
      'deploy',
      'a deploy that began before it fell silent',
      () => objection(web, { deployingMs: 2 * MINUTE }),
    ],
    ['newborn', 'an age of 9 minutes', () => objection(aServer({ bornMs: 9 * MINUTE }))],
    ['off', 'a recovery that is off', () => objection(web, { modes: { web: 'off', master: 'off' } })],
    [
      'mode',
      'a recovery that waits for a person',
      () => objection(web, { modes: { web: 'manual', master: 'auto' } }),
    ],
    [
      'mode',
      'the loss of a master without a snapshot',
      () =>
        objection(
          aServer({ role: 'master' }),
          { now: 2 * MINUTE, modes: { web: 'auto', master: 'auto' } },
          'Replace',
        ),
    ],
    [
      'mode',
      'a recovery that waits for a person, though the budgets are spent',
      () =>
        objection(aServer({ role: 'master', recoveries: [past(HOUR), past(2 * HOUR)] }), { now: 2 * MINUTE }),
    ],
    [
      'flapping',
      'a server that comes and goes',
      () => objection(aServer({ course: { ...DEAD, turns: [0, 1, 2] } }), {}, 'Replace'),
    ],
  ];
  for (const [guard, what, found] of cases)
    it(`object to ${what}`, () => {
      expect(found()).to.equal(guard);
    });

  it('object to a second recovery in a project', () => {
    const servers = [web, ...['shop-web2', 'shop-web3', 'shop-web4', 'shop-web5'].map(name => well(name))];
    servers[1] = well('shop-web2', { recovery: RECOVERY });
    expect(objection(web, { servers })).to.equal('in-flight');
  });

  it('do not object because of what is long over', () => {
    expect(objection(aServer({ recoveries: [past(6 * HOUR), past(7 * HOUR)] }))).to.equal(undefined);
    expect(objection(web, { calmMs: 120_000, deployingMs: 30_000 })).to.equal(undefined);
    expect(objection(aServer({ course: { ...DEAD, turns: [0, 1, 2] } }))).to.equal(undefined);
  });

  it('do not take it for flapping that a power cycle brought a server back that died again', () => {
    // At 0 s a quorum came, at 60 s it was gone by the power cycle, and at 200 s it came again.
    const course = { ...DEAD, turns: [0, 60_000, 200_000], quorumSince: 200_000 };
    const now = 260_000;
    const cycle = {
      ...past(0, 2),
      step: 'PowerCycle' as const,
      startedAt: ago(210_000),
      endedAt: ago(180_000),
    };
    expect(objection(aServer({ course }), { now }, 'Replace')).to.equal('flapping');
    expect(objection(aServer({ course, recoveries: [cycle] }), { now }, 'Replace')).to.equal(undefined);
    const earlier = { ...course, turns: [-90_000, -60_000, 0, 60_000, 200_000] };
    expect(
      objection(aServer({ course: earlier, recoveries: [cycle] }), { now }, 'Replace'),
      'what it did before',
    ).to.equal('flapping');
  });

  it('leave a person who names the server only suspension, and one recovery at a time', () => {
    const named = aServer({ approvedID: 2, course: undefined, bornMs: 0, recoveries: [past(1), past(2)] });
    expect(objection(named, { calmMs: 0, modes: { web: 'off', master: 'off' } })).to.equal(undefined);
    expect(objection(named, { isSuspended: true })).to.equal('suspended');
    expect(objection(named, { servers: [named, well('shop-web2', { recovery: RECOVERY })] })).to.equal(
      'in-flight',
    );
    expect(objection(aServer({ approvedID: 1, course: undefined }))).to.equal('quorum');
  });
});
