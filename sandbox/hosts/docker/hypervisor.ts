import type { Docker, RunOptions } from './docker.ts';
import type { Names } from './names.ts';

/**
 * The sandbox's own container, which does for the machines what a hypervisor does: it keeps their disks, plugs
 * their cables, and filters their packets. So the sandbox needs no rights on the host but Docker's.
 */
export interface Hypervisor {
  /**
   * Runs a command of image/hypervisor/, one at a time for each `turn`, and resolves with what it printed. It
   * goes on when the sandbox dies. Rejects with HostError when it fails.
   */
  run(turn: string, argv: readonly string[], options?: RunOptions): Promise<string>;
  /** Where Docker finds a droplet's folder. */
  folderOf(id: number): Promise<string>;
}

/** Where the volume with the disks is, in the hypervisor. */
export const MACHINES = '/machines';

/** `ensureImage` resolves with the image that it is made of. */
export function createHypervisor(
  docker: Docker,
  names: Names,
  ensureImage: () => Promise<string>,
): Hypervisor {
  let running: Promise<void> | undefined;
  const ensure = (): Promise<void> => {
    running ??= ensureRunning(docker, names, ensureImage).catch(error => {
      running = undefined;
      throw error;
    });
    return running;
  };
  return {
    async run(turn, [command, ...args], options = {}) {
      // A mount made on the way is this run's own, and goes with it.
      const alone = ['unshare', '--mount', 'flock', '--close', `/run/${turn}.lock`];
      const argv = [...alone, `${COMMANDS}/${command}`, ...args];
      const exec = (): Promise<string> =>
        docker.run(['exec', '--interactive', names.sandbox, ...argv], {
          failure: `The sandbox's ${command} failed`,
          ...options,
        });
      await ensure();
      return exec().catch(async (error: Error) => {
        if (!STOPPED.test(error.message)) throw error;
        running = undefined;
        await ensure();
        return exec();
      });
    },
    async folderOf(id) {
      const root = await docker.run(['volume', 'inspect', '--format', '{{.Mountpoint}}', names.sandbox]);
      return `${root}/droplets/${id}`;
    },
  };
}

const COMMANDS = '/usr/local/lib/hypervisor';
const STOPPED = /no such container|is not running/i;

async function ensureRunning(
  docker: Docker,
  names: Names,
  ensureImage: () => Promise<string>,
): Promise<void> {
  const image = await ensureImage();
  const format = '{{.State.Running}} {{.Config.Image}}';
  const state = await docker.find(['container', 'inspect', '--format', format, names.sandbox]);
  if (state === `true ${image}`) return;
  if (state !== undefined) await docker.run(['rm', '--force', names.sandbox]);
  await docker.run(['volume', 'create', '--label', names.label, names.sandbox]);
  const owned = ['--detach', '--name', names.sandbox, '--label', names.label];
  // Everything it handles is the kernel's: other machines' processes, devices, mounts, network.
  const rights = ['--privileged', '--pid', 'host', '--network', 'host', '--volume', '/dev:/dev'];
  const disks = ['--volume', `${names.sandbox}:${MACHINES}`];
  const life = ['--stop-signal', 'SIGKILL', '--entrypoint', `${COMMANDS}/run`];
  await docker.run(['run', ...owned, ...rights, ...disks, ...life, image]);
}
