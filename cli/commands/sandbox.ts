import { resetSandboxCloud, startSandboxCloud, type HostsChoice } from '../world/embedded.ts';
import { readWorldSettings } from '../world/settings.ts';
import { SANDBOX_PORT, type GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { untilStopped } from '../stop.ts';

/** Runs the sandbox cloud alone until it is stopped. */
export async function sandbox(
  options: GlobalOptions & { port?: number; bootDelay: number; hosts: HostsChoice },
): Promise<void> {
  const { folder } = readWorldSettings(options);
  const { port = SANDBOX_PORT } = options;
  const ports = { sandbox: port, standalone: 0, fixed: options.port !== undefined };
  const cloud = await startSandboxCloud(folder, { ...options, ports });
  const { url, hosts } = cloud;
  const result = { url, ...(hosts && { hosts: hosts.kind, sshPort: hosts.sshPort }) };
  printResult(options, result, () => [
    `DigitalOcean sandbox at ${url}. Any token is accepted.`,
    hosts === undefined ? 'Droplets are records only.' : `Droplets are ${hosts.kind} hosts (${hosts.why}).`,
    'Try:',
    `  curl -H 'Authorization: Bearer any' ${url}/v2/droplets`,
    `  ${environmentFor(url, hosts?.sshPort)} npx dropfleet plan`,
  ]);
  await untilStopped();
  await cloud.close();
}

const environmentFor = (url: string, sshPort = 22): string =>
  `DIGITALOCEAN_API_URL=${url} DO_TOKEN=any${sshPort === 22 ? '' : ` DROPFLEET_SSH_PORT=${sshPort}`}`;

/** Removes all that the sandbox of this state directory made: machines, snapshots, volumes, and its state. */
export async function sandboxReset(options: GlobalOptions): Promise<void> {
  const { folder } = readWorldSettings(options);
  await resetSandboxCloud(folder);
  printResult(options, { reset: folder }, () => [`The sandbox in ${folder} is empty now.`]);
}
