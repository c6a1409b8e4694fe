import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Where embedded servers listen. A port that is taken is stepped over; 0 is any free one. */
export interface Ports {
  standalone: number;
  sandbox: number;
}

/** Where in that folder the standalone Kubernetes API keeps its data. */
export const standaloneStateDir = (folder: string): string => join(folder, 'kubernetes');

/** The standalone Kubernetes API, with its data in that folder; on loopback unless an IPv4 address is given. */
export async function startStandaloneApi(folder: string, ports?: Ports, address?: string) {
  const { startStandalone } = await import('../../standalone/server.ts');
  const stateDir = standaloneStateDir(folder);
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  return await startStandalone({
    stateDir,
    port: ports?.standalone ?? 0,
    allowNextPort: true,
    ...(address === undefined ? {} : { address }),
  });
}

/** The sandbox cloud, with its droplets in that folder. */
export async function startSandboxCloud(folder: string, ports?: Ports, bootDelayMs = 3_000) {
  const { startSandbox } = await import('../../sandbox/server.ts');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return await startSandbox({
    port: ports?.sandbox ?? 0,
    allowNextPort: true,
    stateFile: join(folder, 'cloud.json'),
    bootDelayMs,
  });
}
