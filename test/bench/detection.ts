// How long a dead web goes unnoticed: from its death until two of its observers have voted, on simulated time, with the
// very monitor that runs. The witness, whose vote may come sooner than either, is left out.
//
//     node test/bench/detection.ts [trials]
import { address, createMonitorRig, pass } from '../environment/monitor-rig.ts';

/** What is promised, in seconds. */
const MEAN = 16;
const P99 = 20;
const STEP_MS = 100;

const trials = Number(process.argv[2] ?? 200);

/** Seconds until both votes are in. */
async function detect(trial: number): Promise<number> {
  const rig = createMonitorRig(4, 1_000 + trial * 7_919);
  await rig.start('m1');
  // Death comes at any moment of the observers' rhythm.
  await pass(rig.clock, 15_000 + ((trial * 617) % 5_000));
  rig.network.dead.add(address(3));
  const diedAt = rig.clock.monotonic();
  while (rig.votes().length < 2) await rig.clock.advance(STEP_MS);
  const seconds = (rig.clock.monotonic() - diedAt) / 1_000;
  await rig.close();
  return seconds;
}

const seconds: number[] = [];
for (let trial = 0; trial < trials; trial++) seconds.push(await detect(trial));
seconds.sort((a, b) => a - b);
const mean = seconds.reduce((sum, one) => sum + one, 0) / seconds.length;
const p99 = seconds[Math.ceil(seconds.length * 0.99) - 1]!;
console.log(
  `${trials} deaths of a web: both droplets' votes after ${seconds[0]!.toFixed(1)} s at least, ${mean.toFixed(1)} s on average, ${p99.toFixed(1)} s at p99`,
);
if (mean > MEAN || p99 > P99) {
  console.error(`promised are ${MEAN} s on average and ${P99} s at p99`);
  process.exitCode = 1;
}
