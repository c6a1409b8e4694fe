// Runs in a process of its own, which journal.test.ts kills: creates droplets, and tells the id of each that
// was answered.
import { dropletBody, startTestSandbox } from '../../../../builders/sandbox.ts';

const limits = { perHour: 1e6, perMinute: 1e6 };
const test = await startTestSandbox({ stateFile: process.argv[2]!, limits });
for (;;) {
  const { body } = await test.send('POST', '/v2/droplets', dropletBody());
  process.send!(body.droplet.id);
}
