import { expect } from 'chai';
import type { ServiceDeploymentStatus } from '../../../../crds/service-deployment.ts';
import type { Container } from '../../../../reconcilers/service/facts.ts';
import {
  planRollout,
  type RolloutInput,
  type RolloutStep,
  type ServerView,
} from '../../../../reconcilers/service/rollout-plan.ts';

const [A, B, C] = [18_000, 20_000, 22_000];

const aContainer = (
  release: string,
  port: number | undefined,
  parts: Partial<Container> = {},
): Container => ({
  service: 'shop-prod-site',
  uid: 'uid',
  kind: 'service',
  release,
  version: `v-${release}`,
  ...(port !== undefined && { port }),
  state: 'running',
  exitCode: 0,
  restarts: 0,
  image: 'sha256:1',
  name: `site-${release}${parts.kind === 'task' ? '-task' : ''}`,
  ...parts,
});

/** web1 is 10.0.0.1, and so on. */
const web = (
  n: number,
  containers: Container[] | undefined,
  parts: Partial<ServerView> = {},
): ServerView => ({
  droplet: `web${n}`,
  address: `10.0.0.${n}`,
  isAssigned: true,
  isAvailable: true,
  isThere: true,
  containers,
  ...parts,
});

const target = (release: string, parts = {}) => ({
  release,
  port: 8_000,
  hostPorts: [A, B, C],
  hasTask: false,
  canStart: true,
  ...parts,
});

/** The status of a service whose release answers at that port of those webs, and is all that nginx knows. */
const serving = (release: string, port: number, webs: number[], past?: string): ServiceDeploymentStatus => {
  const endpoints = webs.map(n => ({ droplet: `web${n}`, address: `10.0.0.${n}:${port}` }));
  return {
    release,
    endpoints,
    routed: { addresses: endpoints.map(({ address }) => address) },
    ...(past !== undefined && {
      unproven: true,
      history: [
        { version: `v-${past}`, image: 'sha256:1', release: past, deployedAt: '2026-01-01T00:00:00Z' },
      ],
    }),
  };
};

/** What is planned for a web of which `two` is wanted. */
const plan = (servers: ServerView[], status: ServiceDeploymentStatus, parts: Partial<RolloutInput> = {}) =>
  planRollout({
    type: 'web',
    isStopFirst: false,
    isFallback: false,
    mayEnd: false,
    target: target('two'),
    status,
    servers,
    proven: new Set(),
    isBalanced: true,
    isDrained: () => false,
    servedMs: 0,
    watchMs: 60_000,
    ...parts,
  });

const start = (...at: { droplet: string; hostPort?: number; replaced?: string[] }[]): RolloutStep => ({
  type: 'start',
  at: at.map(one => ({ hostPort: undefined, replaced: [], ...one })),
  isTrial: true,
});
/** The same of a release that has served for long. */
const restart = (...at: Parameters<typeof start>): object => ({ ...start(...at), isTrial: false });
const one = aContainer('one', A);
const two = aContainer('two', B);
const task = (exitCode: number): Container =>
  aContainer('two', undefined, { kind: 'task', state: 'exited', exitCode });
const PROVEN = { proven: new Set(['web1/site-two', 'web2/site-two']) };
const ONE_SERVES = serving('one', A, [1]);
/** For the first minute. */
const TWO_SERVES = serving('two', B, [1], 'one');
const TWO_IS_PROVEN = { ...TWO_SERVES, unproven: false };
const OLD = { servedMs: 60_000 };

describe('The next step of a rollout', () => {
  it('does nothing on a server that was not probed yet', () => {
    expect(plan([web(1, undefined)], {})).to.include({ type: 'wait', reason: 'NoServer' });
    expect(plan([web(1, [one]), web(2, undefined)], serving('one', A, [1, 2])).type).to.equal('wait');
    expect(plan([web(1, []), web(2, undefined, { isAvailable: false })], {}).type).to.equal('start');
  });

  it('starts the first release where it is missing, and beside the one that serves', () => {
    expect(plan([web(1, []), web(2, [])], {})).to.deep.equal(
      start({ droplet: 'web1', hostPort: A }, { droplet: 'web2', hostPort: A }),
    );
    expect(plan([web(1, [one])], ONE_SERVES)).to.deep.equal(start({ droplet: 'web1', hostPort: B }));
  });

  it('runs the release command once, before anything else, where it was begun', () => {
    const withTask = { target: target('two', { hasTask: true }) };
    expect(plan([web(1, [one])], ONE_SERVES, withTask)).to.deep.equal({ type: 'run-task', droplet: 'web1' });
    const unprobed = plan([web(1, []), web(2, undefined)], {}, withTask);
    expect(unprobed, 'it may have been run there').to.include({ type: 'wait', reason: 'ServerUnavailable' });
    const begun = [web(1, [one]), web(2, [task(1)])];
    expect(plan(begun, ONE_SERVES, withTask)).to.deep.equal({ type: 'run-task', droplet: 'web2' });
    expect(plan([web(1, [one, task(0)])], ONE_SERVES, withTask).type).to.equal('start');
    expect(plan([web(1, [])], TWO_SERVES, withTask).type, 'a repair').to.equal('start');
  });

  it('switches when the release is healthy on every server, and not because it runs', () => {
    expect(plan([web(1, [one, two])], ONE_SERVES)).to.deep.equal(start({ droplet: 'web1', hostPort: B }));
    expect(plan([web(1, [one, two])], ONE_SERVES, PROVEN)).to.deep.equal({
      type: 'switch',
      endpoints: [{ droplet: 'web1', address: `10.0.0.1:${B}` }],
    });
    expect(plan([web(1, [one, two]), web(2, [one])], ONE_SERVES, PROVEN).type).to.equal('start');
  });

  it('waits for the load balancer, then watches for a minute, then is proven, drains, and removes', () => {
    const servers = [web(1, [one, two])];
    const routed = { addresses: [`10.0.0.1:${A}`, `10.0.0.1:${B}`] };
    expect(plan(servers, { ...TWO_SERVES, routed })).to.deep.equal({ type: 'await-route' });
    const watched = { type: 'watch', at: [{ droplet: 'web1', names: ['site-two'] }] };
    expect(plan(servers, TWO_SERVES, { servedMs: 59_999 })).to.deep.equal(watched);
    expect(plan(servers, TWO_SERVES, OLD)).to.deep.equal({ type: 'prove' });
    const drain = { type: 'drain', addresses: [`10.0.0.1:${A}`] };
    expect(plan(servers, TWO_IS_PROVEN), 'whoever saw it').to.deep.equal(drain);
    expect(plan(servers, TWO_IS_PROVEN, { isDrained: () => true })).to.deep.equal({
      type: 'remove',
      at: [{ droplet: 'web1', names: ['site-one'] }],
    });
    expect(plan([web(1, [two])], TWO_SERVES)).to.deep.equal({ type: 'settled' });
  });

  it('clears away what an aborted release left, and drains it if it runs', () => {
    const half = aContainer('half', B);
    expect(plan([web(1, [one, half])], ONE_SERVES)).to.deep.equal({
      type: 'drain',
      addresses: [`10.0.0.1:${B}`],
    });
    const stopped = aContainer('half', B, { state: 'exited' });
    expect(plan([web(1, [one, stopped])], ONE_SERVES).type).to.equal('remove');
  });

  it('uses no port to which requests go, though the container there has vanished', () => {
    expect(plan([web(1, [])], ONE_SERVES)).to.deep.equal(start({ droplet: 'web1', hostPort: B }));
  });
});

describe('A third release within the minute of the second', () => {
  const three = aContainer('three', C);
  const wanted = { target: target('three') };
  const past = (release: string, parts = {}) => ({
    version: `v-${release}`,
    image: 'sha256:1',
    release,
    deployedAt: '2026-01-01T00:00:00Z',
    ...parts,
  });
  /** One served for long, two for some seconds, and then three. */
  const status = {
    ...serving('three', C, [1]),
    unproven: true,
    history: [past('two', { unproven: true }), past('one')],
  };

  it('is started at once beside the two: the one that proved itself is what a failure goes back to', () => {
    expect(plan([web(1, [one, two])], TWO_SERVES, wanted)).to.deep.equal(
      start({ droplet: 'web1', hostPort: C }),
    );
  });

  it('is enough when the second has served for its minute meanwhile: that is proven, and the first goes', () => {
    expect(plan([web(1, [one, two])], TWO_SERVES, { ...wanted, ...OLD })).to.deep.equal({ type: 'prove' });
    expect(plan([web(1, [one, two])], TWO_IS_PROVEN, wanted).type).to.equal('drain');
  });

  it('does not prove a second of which a container failed, ended, vanished or was rejected', () => {
    const later = { ...wanted, ...OLD };
    const failed = [
      { ...two, restarts: 1 },
      { ...two, state: 'exited' },
      { ...two, state: 'restarting' },
    ];
    for (const one of failed) expect(plan([web(1, [one])], TWO_SERVES, later).type).to.equal('start');
    expect(plan([web(1, [two]), web(2, [])], serving('two', B, [1, 2], 'one'), later).type).to.equal('start');
    const rejected = { release: 'two', reason: 'NotHealthy', message: 'no' };
    expect(plan([web(1, [two])], { ...TWO_SERVES, rejected }, later).type).to.equal('start');
  });

  it('takes the place of the second, which was never proven, and keeps the first for its own minute', () => {
    const servers = [web(1, [one, two, three])];
    expect(plan(servers, status, wanted)).to.deep.equal({ type: 'drain', addresses: [`10.0.0.1:${B}`] });
    const watched = { type: 'watch', at: [{ droplet: 'web1', names: ['site-three'] }] };
    expect(plan([web(1, [one, three])], status, wanted)).to.deep.equal(watched);
    const failed = [web(1, [one, { ...three, restarts: 1 }])];
    expect(plan(failed, status, { ...wanted, ...OLD }), 'it failed before').to.deep.equal(watched);
  });

  it('leaves a port for a fourth', () => {
    const fourth = { target: target('four') };
    expect(plan([web(1, [one, three])], status, fourth)).to.deep.equal(
      start({ droplet: 'web1', hostPort: B }),
    );
  });

  it('goes back to the first when it is rejected, before the switch and after it', () => {
    const rejected = { release: 'three', reason: 'NotHealthy', message: 'no' };
    const back = { target: target('one'), isFallback: true, proven: new Set(['web1/site-one']) };
    const stopped = { ...three, state: 'exited' };
    expect(plan([web(1, [one, two, stopped])], { ...TWO_SERVES, rejected }, back).type).to.equal('switch');
    expect(plan([web(1, [one, three])], { ...status, rejected }, back).type).to.equal('switch');
  });
});

describe('A release that was rejected', () => {
  const rejected = { release: 'two', reason: 'NotHealthy', message: 'no' };
  const back = { target: target('one'), isFallback: true };

  it('is kept for its logs when it is stopped, and the one before goes on', () => {
    const failed = aContainer('two', B, { state: 'exited' });
    expect(plan([web(1, [one, failed])], { ...ONE_SERVES, rejected }, back)).to.deep.equal({
      type: 'settled',
    });
  });

  it('goes as soon as something else is wanted, whatever served in between', () => {
    const failed = aContainer('two', B, { state: 'exited' });
    const status = { ...serving('three', A, [1]), rejected };
    const servers = [web(1, [aContainer('three', A), failed])];
    expect(plan(servers, status, { target: target('three') })).to.deep.equal({
      type: 'remove',
      at: [{ droplet: 'web1', names: ['site-two'] }],
    });
  });

  it('is taken back after the switch: the one before is proven, switched to, and the rejected one drained', () => {
    const status = { ...TWO_SERVES, rejected };
    const servers = [web(1, [one, two])];
    expect(plan(servers, status, back)).to.deep.equal(start({ droplet: 'web1', hostPort: A }));
    const proven = new Set(['web1/site-one']);
    expect(plan(servers, status, { ...back, proven }).type).to.equal('switch');
    expect(plan(servers, { ...ONE_SERVES, rejected }, back).type).to.equal('drain');
  });

  it('leaves nothing to do when it was the first', () => {
    const nothing = { target: target('none', { canStart: false }), isFallback: true };
    const failed = aContainer('two', A, { state: 'exited' });
    expect(plan([web(1, [failed])], { rejected }, nothing)).to.deep.equal({ type: 'settled' });
  });

  it('is not started anew of another configuration: the servers that have it go on', () => {
    const kept = { target: target('one', { canStart: false }), isFallback: true };
    const status = { ...serving('one', A, [1, 2]), rejected };
    expect(plan([web(1, [one]), web(2, [])], status, kept)).to.deep.equal({
      type: 'switch',
      endpoints: [{ droplet: 'web1', address: `10.0.0.1:${A}` }],
    });
    expect(plan([web(1, []), web(2, [])], status, kept)).to.include({ type: 'wait', reason: 'Rejected' });
  });
});

describe('A service that serves', () => {
  it('is on trial until the release before has gone', () => {
    const ended = aContainer('two', B, { state: 'exited', exitCode: 1 });
    expect(plan([web(1, [ended, one])], serving('two', B, [1], 'one'))).to.deep.equal(
      start({ droplet: 'web1', hostPort: B }),
    );
  });

  it('is started again where its container has vanished or ended, at its port', () => {
    const status = serving('two', B, [1, 2]);
    const repaired = restart({ droplet: 'web2', hostPort: B });
    expect(plan([web(1, [two]), web(2, [])], status)).to.deep.equal(repaired);
    const ended = aContainer('two', B, { state: 'exited', exitCode: 1 });
    expect(plan([web(1, [two]), web(2, [ended])], status)).to.deep.equal(repaired);
    const restarting = aContainer('two', B, { state: 'restarting' });
    expect(plan([web(1, [two]), web(2, [restarting])], status).type, 'the engine does').to.equal('settled');
  });

  it('may end with 0 where its restart policy says so, and with nothing else', () => {
    const ended = (exitCode: number) => [
      web(1, [aContainer('two', undefined, { state: 'exited', exitCode })]),
    ];
    const job = { type: 'worker', isBalanced: false, mayEnd: true } as const;
    const status = { release: 'two', endpoints: [{ droplet: 'web1', address: '10.0.0.1' }] };
    expect(plan(ended(0), status, job).type).to.equal('settled');
    expect(plan(ended(1), status, job).type).to.equal('start');
    expect(plan(ended(0), status, { ...job, mayEnd: false }).type).to.equal('start');
  });

  it('grows onto a new server, then gets requests there', () => {
    const servers = (...list: Container[]) => [web(1, [two]), web(2, list)];
    expect(plan(servers(), TWO_SERVES)).to.deep.equal(restart({ droplet: 'web2', hostPort: B }));
    expect(plan(servers(two), TWO_SERVES, PROVEN)).to.deep.equal({
      type: 'switch',
      endpoints: [1, 2].map(n => ({ droplet: `web${n}`, address: `10.0.0.${n}:${B}` })),
    });
  });

  it('shrinks: the server that goes gets no requests, and is not worked on', () => {
    const going = web(2, [two], { isAssigned: false, isAvailable: false, isThere: false });
    expect(plan([web(1, [two]), going], serving('two', B, [1, 2]))).to.deep.equal({
      type: 'switch',
      endpoints: [{ droplet: 'web1', address: `10.0.0.1:${B}` }],
    });
    expect(plan([web(1, [two]), going], serving('two', B, [1])).type).to.equal('settled');
  });

  it('moves from a master that was alone without a gap', () => {
    const master = web(9, [two], { isAssigned: false });
    expect(plan([master, web(1, [])], serving('two', B, [9]))).to.deep.equal(
      restart({ droplet: 'web1', hostPort: B }),
    );
    expect(plan([master, web(1, [two])], serving('two', B, [9]), PROVEN).type).to.equal('switch');
    expect(plan([master, web(1, [two])], serving('two', B, [1])).type).to.equal('drain');
  });

  it('keeps the endpoint of a server that is away, and waits for it with a new release', () => {
    const away = web(2, [two], { isAvailable: false });
    expect(plan([web(1, [two]), away], serving('two', B, [1, 2])).type).to.equal('settled');
    const gone = web(2, [one], { isAvailable: false });
    expect(plan([web(1, [one]), gone], serving('one', A, [1, 2]))).to.include({
      type: 'wait',
      reason: 'ServerUnavailable',
    });
  });

  it('does not wait for a server that is away to be cleared of what is left there', () => {
    const away = web(2, [aContainer('zero', A)], { isAvailable: false });
    expect(plan([web(1, [one]), away], ONE_SERVES)).to.deep.equal(start({ droplet: 'web1', hostPort: B }));
  });

  it('waits while none of its servers is available', () => {
    expect(plan([web(1, [], { isAvailable: false })], {})).to.include({ type: 'wait', reason: 'NoServer' });
  });
});

describe('A service that is to run no more', () => {
  const nothing = { target: undefined };

  it('is taken out of the load balancer, then drained, then removed', () => {
    const out = { release: 'one', routed: { addresses: [`10.0.0.1:${A}`] } };
    expect(plan([web(1, [one])], ONE_SERVES, nothing)).to.deep.equal({ type: 'switch', endpoints: [] });
    expect(plan([web(1, [one])], out, nothing)).to.deep.equal({ type: 'await-route' });
    expect(plan([web(1, [one])], { ...out, routed: { addresses: [] } }, nothing).type).to.equal('drain');
    expect(plan([web(1, [one])], { release: 'one' }, { ...nothing, isDrained: () => true }).type).to.equal(
      'remove',
    );
    expect(plan([web(1, [])], { release: 'one' }, nothing)).to.deep.equal({ type: 'settled' });
  });

  it('waits for a server that comes back with its containers, and for none that goes', () => {
    for (const containers of [[one], undefined]) {
      const away = web(1, containers, { isAvailable: false });
      expect(plan([away], {}, nothing)).to.include({ type: 'wait', reason: 'ServerUnavailable' });
      expect(plan([{ ...away, isThere: false }], {}, nothing).type).to.equal('settled');
    }
  });
});

describe('A service that no load balancer knows', () => {
  const old = aContainer('one', undefined);
  const next = aContainer('two', undefined);
  const status = (release: string, past?: string): ServiceDeploymentStatus => {
    const { history, endpoints, unproven } = serving(release, 0, [1], past);
    const bare = endpoints!.map(({ droplet, address }) => ({ droplet, address: address.split(':')[0]! }));
    return { release, endpoints: bare, ...(history && { history, unproven: unproven! }) };
  };
  const worker = { type: 'worker', isBalanced: false, target: target('two', { hostPorts: [] }) } as const;

  it('starts a worker beside the old one, which is stopped, kept for a minute, and removed', () => {
    expect(plan([web(1, [old])], status('one'), worker)).to.deep.equal(start({ droplet: 'web1' }));
    const servers = [web(1, [old, next])];
    expect(plan(servers, status('one'), { ...worker, ...PROVEN }).type).to.equal('switch');
    expect(plan(servers, status('two', 'one'), worker)).to.deep.equal({
      type: 'stop',
      at: [{ droplet: 'web1', names: ['site-one'] }],
    });
    const stopped = [web(1, [{ ...old, state: 'exited' }, next])];
    expect(plan(stopped, status('two', 'one'), worker).type).to.equal('watch');
    const isProven = { ...status('two', 'one'), unproven: false };
    expect(plan(stopped, isProven, worker).type).to.equal('remove');
  });

  it('stops the old one first where it is told so, and starts it again when the new one was rejected', () => {
    const first = { ...worker, isStopFirst: true };
    expect(plan([web(1, [old])], status('one'), first)).to.deep.equal(
      start({ droplet: 'web1', replaced: ['site-one'] }),
    );
    const back = { ...first, target: target('one', { hostPorts: [] }), isFallback: true };
    const failed = [
      web(1, [
        { ...old, state: 'exited' },
        { ...next, state: 'exited' },
      ]),
    ];
    const rejected = { release: 'two', reason: 'ContainerExited', message: 'no' };
    expect(plan(failed, { ...status('one'), rejected }, back)).to.deep.equal(restart({ droplet: 'web1' }));
  });

  it('replaces infra at its one port', () => {
    const infra = {
      ...worker,
      type: 'infra',
      isStopFirst: true,
      target: target('two', { hostPorts: [7_000] }),
    } as const;
    const database = aContainer('one', 7_000);
    expect(plan([web(1, [database])], serving('one', 7_000, [1]), infra)).to.deep.equal(
      start({ droplet: 'web1', hostPort: 7_000, replaced: ['site-one'] }),
    );
  });
});
