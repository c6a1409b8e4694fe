// Requests lost over deploys, rollbacks and failing releases, on docker hosts:
// `node test/bench/deploy-under-load.ts [--requests 300000] [--deploys 20] [--rollbacks 5] [--failures 3]
//   [--watch-ms 3000] [--connections 16]`.
// Half of the clients keep their connections as long as the master lets them, half ask for the end of each; GET and POST
// in turns, no retry.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startLoad, type LoadReport } from '../environment/raw-load.ts';
import { createSampleApp } from '../environment/sample-app.ts';
import { openDeployRig, serves } from './deploy-rig.ts';
import { inFolder, percentile } from './rig.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '300000' },
    deploys: { type: 'string', default: '20' },
    rollbacks: { type: 'string', default: '5' },
    failures: { type: 'string', default: '3' },
    'watch-ms': { type: 'string', default: '3000' },
    connections: { type: 'string', default: '16' },
    servers: { type: 'string', default: '3' },
  },
});
const number = (name: keyof typeof values): number => Number(values[name]);

await inFolder(async folder => {
  const rig = await openDeployRig(folder, { servers: number('servers'), watchMs: number('watch-ms') });
  try {
    await mkdir(join(folder, 'app'));
    const app = await createSampleApp(join(folder, 'app'));
    await app.release('v0', 'page 0');
    await rig.apply({
      version: 'v0',
      source: { git: { url: app.url, ref: 'main' } },
      healthCheck: { path: '/health' },
    });
    await rig.until(service => serves(service, 'v0'));

    let times: number[] = [];
    const options = {
      host: rig.master,
      port: 80,
      path: '/shop/prod/site/echo',
      connections: number('connections') / 2,
      onAnswer: (ms: number) => void times.push(ms),
    };
    const loads = [startLoad(options), startLoad({ ...options, isClosing: true })];
    const sum = (): Pick<LoadReport, 'total' | 'failed'> => {
      const reports = loads.map(load => load.report());
      const of = (name: 'total' | 'failed') => reports.reduce((all, report) => all + report[name], 0);
      return { total: of('total'), failed: of('failed') };
    };
    let before = sum();
    let began = performance.now();
    /** What came together since the last line. */
    const tell = (phase: string): void => {
      const now = sum();
      const [total, failed] = [now.total - before.total, now.failed - before.failed];
      const seconds = (performance.now() - began) / 1_000;
      const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)];
      console.log(
        `${phase.padEnd(24)} ${failed}/${total} failed  p50 ${p50.toFixed(1)}  p99 ${p99.toFixed(1)} ms  ` +
          `${seconds.toFixed(1)} s  ${(total / seconds).toFixed(0)}/s`,
      );
      [before, began, times] = [now, performance.now(), []];
    };
    const requests = async (goal: number): Promise<void> => {
      while (sum().total < goal) await new Promise(resolve => setTimeout(resolve, 100));
    };

    await requests(number('requests') / 20);
    tell('before');
    const deploys = number('deploys');
    for (let n = 1; n <= deploys; n++) {
      await app.release(`v${n}`, `page ${n}`);
      await rig.apply({ version: `v${n}` });
      await rig.until(
        ({ status }) => status?.conditions?.find(({ type }) => type === 'Rolled')?.reason === 'Starting',
      );
      tell(`v${n}: build`);
      await rig.until(service => serves(service, `v${n}`));
      tell(`v${n}: start and switch`);
    }
    for (let n = 1; n <= number('rollbacks'); n++) {
      const version = `v${deploys - n}`;
      await rig.apply({ version });
      await rig.until(service => serves(service, version));
      tell(`back to ${version}`);
    }
    for (let n = 1; n <= number('failures'); n++) {
      await app.release(`bad${n}`, `page ${n}`, 'exits');
      await rig.apply({ version: `bad${n}` });
      await rig.until(({ status }) => status?.rejected?.version === `bad${n}`);
      tell(`bad${n}: rejected`);
    }
    await requests(number('requests'));
    tell('after');
    const reports = await Promise.all(loads.map(load => load.stop()));
    const { total, failed } = sum();
    const connections = reports.reduce((all, report) => all + report.connections, 0);
    console.log(
      `${failed}/${total} requests failed over ${deploys} deploys, ${values.rollbacks} rollbacks and ` +
        `${values.failures} failing releases (GET and POST, ${values.connections} clients, half of them with ` +
        `Connection: close, ${connections} connections, no retry)`,
    );
    for (const { reasons } of reports)
      for (const [reason, count] of Object.entries(reasons)) console.log(`  ${count} x ${reason}`);
    if (failed > 0) process.exitCode = 1;
  } finally {
    await rig.close();
  }
});
