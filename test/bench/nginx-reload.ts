// Requests lost over nginx reloads: node test/bench/nginx-reload.ts [nginx...]
import { reloadUnderLoad } from '../environment/reload-rig.ts';

const RELOADS = 50;
const CONNECTIONS = 64;
const DELAY_MS = 20;
const REQUESTS = 100_000;

const programs = process.argv.slice(2);
for (const nginx of programs.length > 0 ? programs : ['nginx']) {
  const startedAt = performance.now();
  const run = { reloads: RELOADS, connections: CONNECTIONS, delayMs: DELAY_MS, requests: REQUESTS, nginx };
  const { version, reloads, total, failed, connections, reasons } = await reloadUnderLoad(run);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(
    `nginx ${version}: ${failed}/${total} requests failed over ${reloads} reloads (GET and POST from ${CONNECTIONS} ` +
      `clients, ${DELAY_MS} ms one way, ${connections} connections, no retry, ${seconds} s)`,
  );
  for (const [reason, times] of Object.entries(reasons)) console.log(`  ${times} x ${reason}`);
  if (failed > 0) process.exitCode = 1;
}
