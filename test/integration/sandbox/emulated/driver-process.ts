import { systemClock } from '../../../../clients/clock.ts';
import { createEmulatedDriver } from '../../../../sandbox/hosts/emulated/driver.ts';
import { aHost } from '../../../builders/hosts.ts';

// A sandbox's hosts in a process of their own, so that it can be killed: EMULATED_FOLDER and EMULATED_KEY say
// where they are kept and who may log in. Tells its parent when the host answers.
const driver = await createEmulatedDriver({
  folder: process.env['EMULATED_FOLDER']!,
  clock: systemClock,
  random: Math.random,
  bootMs: 0,
});
await driver.converge(
  aHost({ authorizedKeys: [process.env['EMULATED_KEY']!] }),
  new AbortController().signal,
);
// A test that failed leaves no hosts behind.
process.once('disconnect', () => process.exit());
process.send!(driver.sshPort);
