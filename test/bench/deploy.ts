// What a deploy takes on three servers, from the edit of the ServiceDeployment until its version serves, and what runs
// on hosts for it: `node test/bench/deploy.ts`. Beside it, what Kamal runs for the same.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDeployRig, serves, stageOf, type DeployRig, type HostCommand } from './deploy-rig.ts';
import { createSampleApp } from '../environment/sample-app.ts';
import { inFolder } from './rig.ts';

const SERVERS = 3;
const WEBS = ['shop-web1', 'shop-web2'];
/** Longer than a deploy, so that what follows it is not counted as a part of it. */
const WATCH_MS = 3_000;

/**
 * The remote commands of `kamal deploy` on a web server with its proxy, one role and no assets, reckoned from
 * lib/kamal/cli of Kamal 2: every `execute`, `capture` and `upload!` counts as one.
 */
const KAMAL_PER_WEB = {
  // build.rb, pull: registry login, first mirror, audit, clean, pull, validate.
  pull: 6,
  // proxy.rb, boot: network, registry login, version, folder of its configuration, start or run.
  proxy: 5,
  // app.rb, stale_containers: the versions that are there, and the one that runs.
  stale: 2,
  // app/boot.rb: whether the version is there, the one that runs, audit, folder of the env file, its upload, run,
  // endpoint, deploy to the proxy, stop of the old one.
  boot: 9,
  // app.rb, boot: audit, tag as latest.
  tag: 2,
  // prune.rb: audit and containers; audit, dangling and tagged images.
  prune: 5,
};
const kamalPerWeb = Object.values(KAMAL_PER_WEB).reduce((a, b) => a + b, 0);

await inFolder(async folder => {
  const rig = await openDeployRig(folder, { servers: SERVERS, watchMs: WATCH_MS });
  try {
    await mkdir(join(folder, 'app'));
    const app = await createSampleApp(join(folder, 'app'));
    const source = { source: { git: { url: app.url, ref: 'main' } }, healthCheck: { path: '/health' } };
    await app.release('v1', 'one');
    await measure(rig, 'first deploy', 'v1', { ...source });
    await app.release('v2', 'two');
    await measure(rig, 'one line changed', 'v2', {});
    await app.release('v3', 'two');
    await measure(rig, 'nothing changed', 'v3', {});
  } finally {
    await rig.close();
  }
});

/** Deploys a version and prints where its time went. */
async function measure(
  rig: DeployRig,
  what: string,
  version: string,
  spec: Parameters<DeployRig['apply']>[0],
): Promise<void> {
  const bytesBefore = await bytesReceived(rig);
  const first = rig.commands.length;
  const began = performance.now();
  let starting = Infinity;
  let switching = Infinity;
  rig.onChange(service => {
    const now = performance.now();
    if (stageOf(service) === 'Starting') starting = Math.min(starting, now);
    if (service.status?.version === version) switching = Math.min(switching, now);
  });
  await rig.apply({ ...spec, version });
  await rig.until(service => serves(service, version));
  const ended = performance.now();
  const bytes = (await bytesReceived(rig)) - bytesBefore;
  await rig.until(service => service.status?.version === version && stageOf(service) === 'Running');
  const commands = rig.commands.slice(first).filter(({ name }) => name !== 'dropfleet-probe');
  const untilServing = commands.filter(command => command.began < ended);
  const distribution = span(commands, /^dropfleet-(publish|pull)$/);
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
  console.log(
    `${what}: ${seconds(ended - began)} until it serves: build ${seconds(starting - began)}, distribution ` +
      `${seconds(distribution)}, start and health ${seconds(switching - starting - distribution)}, ` +
      `switch ${seconds(ended - switching)}; ${(bytes / 1e6).toFixed(2)} MB to the webs`,
  );
  for (const droplet of ['shop-master', ...WEBS]) {
    const address = rig.address(droplet);
    const count = (list: readonly HostCommand[]): number =>
      list.filter(command => command.address === address).length;
    const ratio =
      droplet === 'shop-master'
        ? ''
        : `; Kamal ${kamalPerWeb} (${(kamalPerWeb / count(commands)).toFixed(1)} times)`;
    console.log(
      `  ${droplet}: ${count(untilServing)} commands until it serves, ${count(commands)} with the clean-up${ratio}`,
    );
  }
}

/** From the first beginning of such commands until their last end, without the time between. */
function span(commands: readonly HostCommand[], names: RegExp): number {
  let total = 0;
  let end = 0;
  const chosen = commands.filter(({ name }) => names.test(name)).toSorted((a, b) => a.began - b.began);
  for (const command of chosen) {
    total += Math.max(0, command.ended - Math.max(end, command.began));
    end = Math.max(end, command.ended);
  }
  return total;
}

/** What the webs have received on the private network. */
async function bytesReceived(rig: DeployRig): Promise<number> {
  const script =
    "device=$(ip -o -4 address | awk '$4 ~ /^10\\./ { print $2; exit }'); cat /sys/class/net/$device/statistics/rx_bytes";
  const counts = await Promise.all(WEBS.map(web => rig.shell(web, script)));
  return counts.reduce((sum, count) => sum + Number(count), 0);
}
