import { backUp, restore } from '../../standalone/backup.ts';
import { standaloneStateDir, startStandaloneApi } from '../world/embedded.ts';
import { readWorldSettings } from '../world/settings.ts';
import { STANDALONE_PORT, type GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { untilStopped } from '../stop.ts';

/** Runs the standalone Kubernetes API alone until it is stopped. */
export async function standalone(options: GlobalOptions & { port?: number; address: string }): Promise<void> {
  const { folder } = readWorldSettings(options);
  const { port = STANDALONE_PORT, address } = options;
  const ports = { standalone: port, sandbox: 0, fixed: options.port !== undefined };
  const api = await startStandaloneApi(folder, ports, address);
  const { url, kubeconfig } = api;
  printResult(options, { url, kubeconfig }, () => [
    `Kubernetes API at ${url}. Try: kubectl --kubeconfig ${kubeconfig} get projects`,
  ]);
  await untilStopped();
  await api.close();
}

/** Copies what the standalone API has stored to a new file, whether or not it runs. */
export async function standaloneBackup(options: GlobalOptions & { file: string }): Promise<void> {
  const { file } = options;
  await backUp(standaloneStateDir(readWorldSettings(options).folder), file);
  printResult(options, { file }, () => [`Backed up to ${file}. It holds Secrets: keep it as safe as them.`]);
}

/** Puts a backup in the place of what the standalone API has stored. It must not be running. */
export async function standaloneRestore(options: GlobalOptions & { file: string }): Promise<void> {
  const { file } = options;
  const kept = restore(standaloneStateDir(readWorldSettings(options).folder), file, Date.now());
  printResult(options, { file, kept: kept ?? null }, () => [
    `Restored ${file}.${kept === undefined ? '' : ` What was there before is in ${kept}.`}`,
  ]);
}
