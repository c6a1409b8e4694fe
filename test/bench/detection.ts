// How long a dead web goes unnoticed, until its recovery is decided, and how often a lossy network makes a web look dead
// that is not: on simulated time, with the very monitor, tally, judge and witness that run.
//
//     node test/bench/detection.ts [trials [hours]]
import type { Clock } from '../../clients/clock.ts';
import { createInformer } from '../../clients/kubernetes/informer.ts';
import { DROPLETS, LEASES } from '../../clients/kubernetes/kinds.ts';
import { CommandAborted } from '../../clients/ssh/errors.ts';
import type { SshPool } from '../../clients/ssh/ssh.ts';
import { SecretText } from '../../config/secret-text.ts';
import { findCondition } from '../../crds/conditions.ts';
import { HEALTH } from '../../reconcilers/health/concern.ts';
import { followLeases } from '../../reconcilers/health/leases.ts';
import { createHealthReconciler } from '../../reconcilers/health/reconcile.ts';
import { readVote } from '../../reconcilers/health/vote.ts';
import { createWitness } from '../../reconcilers/health/witness.ts';
import { aProject } from '../builders/objects.ts';
import { address, createMonitorRig, pass, servers } from '../environment/monitor-rig.ts';
import { createRig, ownOf } from '../unit/reconcilers/reconcile-rig.ts';

/** What is promised, in seconds. */
const MEAN = 16;
const P99 = 20;
const STEP_MS = 100;
const HOUR_MS = 3_600_000;
/** TCP sends its first packet again after so long; a probe is over before the third. */
const AGAIN_MS = 1_000;
const SERVERS = 4;
const WEB = 3;

const trials = Number(process.argv[2] ?? 200);
const hours = Number(process.argv[3] ?? 24);

/** Numbers from 0 up to but not including 1, the same ones each time. */
const randomFrom = (seed: number) => (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;

/** Whether a packet and its answer come through, at once or when it is sent again; rejects where neither does. */
async function cross(loss: number, random: () => number, clock: Clock, signal?: AbortSignal): Promise<void> {
  const isThrough = (): boolean => random() < (1 - loss) ** 2;
  if (isThrough()) return;
  await new Promise<void>(resolve => clock.after(AGAIN_MS, resolve));
  if (isThrough()) return;
  await new Promise<never>((_resolve, reject) => {
    const stop = (): void => reject(new CommandAborted('stopped'));
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** The same ways between servers, which lose that part of all packets. A server has no such trouble with itself. */
const lossy = (network: SshPool, loss: number, random: () => number, clock: Clock): SshPool => ({
  ...network,
  host(target) {
    const host = network.host(target);
    return {
      ...host,
      async forward(to, port, options = {}) {
        if (to !== '127.0.0.1') await cross(loss, random, clock, options.signal);
        return await host.forward(to, port, options);
      },
    };
  },
});

/** A project of a master and three webs with its monitor and the operator that judges it. */
async function start(seed: number, loss = 0) {
  const old = servers(SERVERS).map(({ status, ...droplet }) => ({
    ...droplet,
    status: { ...status, server: { ...status!.server, launchedAt: '2025-01-01T00:00:00Z' } },
  }));
  const { client, clock, context, run, log } = createRig([
    aProject('shop', { spec: { servers: SERVERS } }),
    ...old,
  ]);
  const rig = createMonitorRig(SERVERS, seed, { clock, kubernetes: client });
  const random = randomFrom(seed + 1);
  const informer = createInformer(client, LEASES, { clock, random, log });
  const leases = followLeases(informer, clock);
  const witness = createWitness({
    kubernetes: client,
    leases: informer,
    namespace: 'default',
    clock,
    random,
    log,
    timings: HEALTH.timings,
    async answers({ status }) {
      const isLost = random() >= (1 - loss) ** 2 && random() >= (1 - loss) ** 2;
      return !isLost && !rig.network.dead.has(status!.server!.privateAddress!);
    },
  });
  const reconcile = createHealthReconciler({ ...context, ...ownOf(HEALTH) }, { leases, witness });
  let voteWrites = 0;
  let waits = (): void => undefined;
  let looking: Promise<void> = Promise.resolve();
  const look = (): void => {
    looking = looking.then(async () => {
      waits();
      const outcome = await reconcile('default/shop', run);
      if (outcome !== undefined) waits = clock.after(outcome.requeueAfterMs, look);
    });
  };
  informer.onChange(({ object }) => {
    if (readVote(object) === undefined) return;
    voteWrites++;
    look();
  });
  informer.start(rig.stop.signal);
  const ssh = lossy(rig.network, loss, random, clock);
  await rig.start('m1', { hosts: { ssh, port: 22, privateKey: new SecretText('key') } });
  const web = () => client.stored(DROPLETS, 'default/shop-web2')!.status!;
  return {
    rig,
    clock,
    voteWrites: () => voteWrites,
    isFound: () => findCondition(web().conditions, 'Healthy')?.status === 'False',
    isDecided: () => web().recovery !== undefined,
    recoveries: () =>
      client.storedAll(DROPLETS).filter(({ status }) => status?.recovery !== undefined).length,
  };
}

/** Seconds from the death of a web until a quorum has found it, and until its recovery begins. */
async function detect(trial: number): Promise<{ found: number; decided: number }> {
  const { rig, clock, isFound, isDecided } = await start(1_000 + trial * 7_919);
  // Death comes at any moment of the observers' rhythm.
  await pass(clock, 15_000 + ((trial * 617) % 5_000));
  rig.network.dead.add(address(WEB));
  const diedAt = clock.monotonic();
  const secondsUntil = async (isSo: () => boolean): Promise<number> => {
    while (!isSo()) await clock.advance(STEP_MS);
    return (clock.monotonic() - diedAt) / 1_000;
  };
  const found = await secondsUntil(isFound);
  const decided = await secondsUntil(isDecided);
  await rig.close();
  return { found, decided };
}

/** What a network that loses so many packets makes of servers that are all well. */
async function standStill(loss: number): Promise<void> {
  const { rig, clock, voteWrites, recoveries } = await start(77, loss);
  let begun = 0;
  for (let hour = 0; hour < hours && begun === 0; hour++) {
    for (let left = HOUR_MS; left > 0; left -= 5_000) await clock.advance(5_000);
    begun = recoveries();
  }
  await rig.close();
  console.log(
    `${hours} hours of ${SERVERS} servers that are well, ${loss * 100} % of packets lost: ${voteWrites()} changes of votes, ${begun} recoveries`,
  );
  if (begun > 0 || (loss === 0 && voteWrites() > 0))
    fail('promised are no recovery, and no vote without loss');
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}

const of = (all: readonly number[]) => {
  const sorted = all.toSorted((a, b) => a - b);
  const mean = all.reduce((sum, one) => sum + one, 0) / all.length;
  const p99 = sorted[Math.ceil(all.length * 0.99) - 1]!;
  const text = `${sorted[0]!.toFixed(1)} s at least, ${mean.toFixed(1)} s on average, ${p99.toFixed(1)} s at p99`;
  return { mean, p99, text };
};

const ends: { found: number; decided: number }[] = [];
for (let trial = 0; trial < trials; trial++) ends.push(await detect(trial));
const found = of(ends.map(end => end.found));
console.log(`${trials} deaths of a web: found by a quorum after ${found.text}`);
console.log(`its recovery decided after ${of(ends.map(({ decided }) => decided)).text}`);
if (found.mean > MEAN || found.p99 > P99) fail(`promised are ${MEAN} s on average and ${P99} s at p99`);
for (const loss of [0, 0.05, 0.2]) await standStill(loss);
