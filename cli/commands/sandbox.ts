import { startSandboxCloud } from '../world/embedded.ts';
import { readWorldSettings } from '../world/settings.ts';
import type { GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { untilStopped } from '../stop.ts';

/** Runs the sandbox cloud alone until it is told to stop. */
export async function sandbox(options: GlobalOptions & { port: number; bootDelay: number }): Promise<void> {
  const { folder } = readWorldSettings(options);
  const ports = { sandbox: options.port, standalone: 0 };
  const cloud = await startSandboxCloud(folder, ports, options.bootDelay);
  printResult(options, { url: cloud.url }, () => [
    `DigitalOcean sandbox at ${cloud.url}. Any token is accepted. Try:`,
    `  curl -H 'Authorization: Bearer any' ${cloud.url}/v2/droplets`,
    `  DIGITALOCEAN_API_URL=${cloud.url} DO_TOKEN=any dropfleet plan`,
  ]);
  await untilStopped();
  await cloud.close();
}
