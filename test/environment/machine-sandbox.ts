import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseHosts } from '../../sandbox/hosts/choose.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/server.ts';

/** A sandbox whose droplets are emulated hosts, in a folder of its own that goes when it is closed. */
export interface MachineSandbox extends Sandbox {
  /** What dropfleet needs in its environment to work in there. */
  readonly env: Record<string, string>;
}

/** Starts one on any port; what a machine lacks fails the test that is running, by name. */
export async function startMachineSandbox(options: Partial<SandboxOptions> = {}): Promise<MachineSandbox> {
  const folder = await mkdtemp(join(tmpdir(), 'dropfleet-machines-'));
  const unexpected = (line: string): never => {
    throw new Error(line);
  };
  const { driver } = await chooseHosts({
    choice: 'emulated',
    folder,
    random: Math.random,
    onProgress: unexpected,
  });
  const sandbox = await startSandbox({ port: 0, hosts: driver, onProblem: unexpected, ...options });
  return {
    ...sandbox,
    env: {
      DO_TOKEN: 'any',
      DIGITALOCEAN_API_URL: sandbox.url,
      DROPFLEET_SSH_PORT: String(driver.sshPort),
    },
    async close() {
      await sandbox.close();
      await rm(folder, { recursive: true });
    },
  };
}
