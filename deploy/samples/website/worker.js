// The worker: does its rounds until it is stopped, and ends the one that it is at.
import { setTimeout as sleep } from 'node:timers/promises';

const { DROPFLEET_VERSION: version = 'unreleased', INTERVAL_SECONDS = '10' } = process.env;
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

process.stdout.write(`worker ${version} begins\n`);
while (!stop.signal.aborted) {
  process.stdout.write('looked for mail to send: there is none\n');
  await sleep(Number(INTERVAL_SECONDS) * 1_000, undefined, { signal: stop.signal }).catch(() => undefined);
}
process.stdout.write('worker ends\n');
