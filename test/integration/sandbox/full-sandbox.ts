// Runs in a process of its own, whose files full-disk.test.ts keeps from growing: tells its address.
import { startTestSandbox } from '../../builders/sandbox.ts';

const limits = { perHour: 1e6, perMinute: 1e6 };
const test = await startTestSandbox({ stateFile: process.argv[2]!, limits });
process.send!(test.sandbox.url);
