// A standalone API in a process of its own, for tests that kill it. Its state is in $STANDALONE_STATE_DIR.
import { startStandalone } from '../../../standalone/server.ts';

const stateDir = process.env['STANDALONE_STATE_DIR'];
if (stateDir !== undefined) {
  const { kubeconfig } = await startStandalone({ stateDir, port: 0 });
  process.send!(kubeconfig);
}
