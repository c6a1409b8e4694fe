// A standalone API in a process of its own, for tests that kill it. Its state is in $STANDALONE_STATE_DIR, its port
// $STANDALONE_PORT or any.
import { startStandalone } from '../../../standalone/server.ts';

const { STANDALONE_STATE_DIR: stateDir, STANDALONE_PORT: port = '0' } = process.env;
if (stateDir !== undefined) {
  const { kubeconfig } = await startStandalone({ stateDir, port: Number(port) });
  process.send!(kubeconfig);
}
