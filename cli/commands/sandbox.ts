import { resetSandboxCloud, startSandboxCloud, type HostsChoice } from '../world/embedded.ts';
import { readWorldSettings } from '../world/settings.ts';
import { SANDBOX_PORT, type GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { untilStopped } from '../stop.ts';

/** How the sandbox is to be. */
export interface SandboxChoices {
  port?: number;
  dnsPort?: number;
  /** Milliseconds. */
  bootDelay: number;
  hosts: HostsChoice;
}

/** Runs the sandbox cloud alone until it is stopped. */
export async function sandbox(options: GlobalOptions & SandboxChoices): Promise<void> {
  const { folder } = readWorldSettings(options);
  const { port = SANDBOX_PORT } = options;
  const ports = { sandbox: port, standalone: 0, fixed: options.port !== undefined };
  const cloud = await startSandboxCloud(folder, { ...options, ports });
  const { url, hosts, dnsPort } = cloud;
  const result = {
    url,
    ...(dnsPort !== undefined && { dnsPort }),
    ...(hosts && { hosts: hosts.kind, sshPort: hosts.sshPort }),
  };
  printResult(options, result, () => [
    `DigitalOcean sandbox at ${url}. Any token is accepted.`,
    hosts === undefined ? 'Droplets are records only.' : `Droplets are ${hosts.kind} hosts (${hosts.why}).`,
    ...(dnsPort === undefined ? [] : [`DNS for its domains is answered on 127.0.0.1:${dnsPort}.`]),
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
