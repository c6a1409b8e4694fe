import { startStandaloneApi } from '../world/embedded.ts';
import { readWorldSettings } from '../world/settings.ts';
import type { GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { untilStopped } from '../stop.ts';

/** Runs the standalone Kubernetes API alone until it is told to stop. */
export async function standalone(options: GlobalOptions & { port: number }): Promise<void> {
  const { folder } = readWorldSettings(options);
  const api = await startStandaloneApi(folder, { standalone: options.port, sandbox: 0 });
  const { url, kubeconfig } = api;
  printResult(options, { url, kubeconfig }, () => [
    `Kubernetes API at ${url}. Try: kubectl --kubeconfig ${kubeconfig} get projects`,
  ]);
  await untilStopped();
  await api.close();
}
