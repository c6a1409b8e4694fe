// A standalone API in a process of its own, for tests that kill it: `node server-process.ts <state directory>`.
import { startStandalone } from '../../../standalone/server.ts';

const { kubeconfig } = await startStandalone({ stateDir: process.argv[2]!, port: 0 });
process.send!(kubeconfig);
