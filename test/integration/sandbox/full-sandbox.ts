// Runs in a process of its own, which full-disk.test.ts gives too little room: FOLDER has its state file, and with
// `hosts` also emulated hosts. Tells its address, or why it cannot start.
import { join } from 'node:path';
import { systemClock } from '../../../clients/clock.ts';
import { createEmulatedDriver } from '../../../sandbox/hosts/emulated/driver.ts';
import { startTestSandbox } from '../../builders/sandbox.ts';

const [folder, hosts] = process.argv.slice(2) as [string, string?];
const openHosts = () =>
  createEmulatedDriver({
    folder: join(folder, 'hosts'),
    clock: systemClock,
    random: Math.random,
    publicRange: '127.19.0.0/16',
    bootMs: 0,
  });
try {
  const driver = hosts === undefined ? undefined : await openHosts();
  const test = await startTestSandbox({
    stateFile: join(folder, 'state.jsonl'),
    limits: { perHour: 1e6, perMinute: 1e6 },
    bootDelayMs: 0,
    ...(driver && { hosts: driver }),
  });
  process.send!({ url: test.sandbox.url, sshPort: driver?.sshPort });
} catch (error) {
  process.send!({ refused: String(error) });
}
// A test that failed leaves no sandbox behind.
process.once('disconnect', () => process.exit());
