import type { HostDriver } from '../driver.ts';
import { convergeMachine } from './converge.ts';
import { createDocker } from './docker.ts';
import { inspectEngine } from './engine.ts';
import { clearFaults, setFault } from './faulty.ts';
import { createHypervisor } from './hypervisor.ts';
import { ensureImage, type BuildArguments } from './image.ts';
import { readFaults } from './kept-faults.ts';
import { namesOf } from './names.ts';
import { ensureNetwork } from './network.ts';
import { restartMachine } from './power.ts';
import type { Rack } from './rack.ts';
import { inventoryOf, releaseImages, removeDroplet, resetAll } from './removal.ts';
import { takeTurns } from './turns.ts';
import { watchReboots } from './watch-reboots.ts';

/** How droplets are made from Docker containers. */
export interface DockerHostsOptions {
  /** Tells the sandboxes of one daemon apart: letters, digits and dashes. */
  readonly sandbox: string;
  /** Hears a sentence on what takes long or is missing, for a person. */
  readonly onProgress: (line: string) => void;
  /** Arguments of sandbox/Dockerfile. */
  readonly buildArguments?: BuildArguments;
}

const SSH_PORT = 22;

/**
 * Hosts that are Docker containers, each a machine with systemd, a disk and addresses of its own. Builds their
 * image first, if there is none. Rejects with HostError when they cannot be had here.
 */
export async function openDockerHosts(options: DockerHostsOptions): Promise<HostDriver> {
  const docker = createDocker();
  const names = namesOf(options.sandbox);
  const engine = await inspectEngine(docker, options.onProgress);
  const claim = (): Promise<string> =>
    ensureImage(docker, names, options.buildArguments ?? {}, options.onProgress);
  const image = await claim();
  const network = await ensureNetwork(docker, names);
  const hypervisor = createHypervisor(docker, names, claim);
  return driverOf({
    docker,
    names,
    engine,
    network,
    image,
    hypervisor,
    specs: new Map(),
    faults: new Map(),
    inTurn: takeTurns(),
    onProgress: options.onProgress,
  });
}

function driverOf(rack: Rack): HostDriver {
  const { hypervisor, inTurn } = rack;
  const reboots = watchReboots(rack);
  return {
    kind: 'docker',
    publicRange: rack.network.range,
    sshPort: SSH_PORT,
    operatorAddress: rack.network.gateway,
    async inventory() {
      await releaseImages(rack);
      return await inventoryOf(rack);
    },
    converge: (spec, signal) => inTurn(spec.id, () => convergeMachine(rack, spec, signal)),
    restart: (spec, how) => inTurn(spec.id, () => restartMachine(rack, spec, how)),
    destroy: id => inTurn(id, () => removeDroplet(rack, id)),
    takeSnapshot: (id, snapshot) => inTurn(id, () => takeSnapshot(rack, id, snapshot)),
    destroySnapshot: async snapshot =>
      void (await hypervisor.run('disks', ['remove', 'snapshots', String(snapshot)])),
    copyVolume: async (from, to) => void (await hypervisor.run('disks', ['copy-volume', from, to])),
    destroyVolume: async id => void (await hypervisor.run('disks', ['remove', 'volumes', id])),
    setFault: (id, fault) => inTurn(id, () => setFault(rack, id, fault)),
    faultsOf: id => readFaults(rack, id),
    clearFaults: (id, type) => inTurn(id, () => clearFaults(rack, id, type)),
    reset: () => resetAll(rack),
    close: () => reboots.close(),
  };
}

const GIGABYTE = 1e9;

/** The disk's bytes and the image's, on which they belong, as GB to two digits. */
async function takeSnapshot(
  { docker, hypervisor, image }: Rack,
  id: number,
  snapshot: number,
): Promise<number> {
  const disk = Number(await hypervisor.run(String(id), ['snapshot', String(id), String(snapshot)]));
  const base = Number(await docker.run(['image', 'inspect', '--format', '{{.Size}}', image]));
  return Math.round(((disk + base) / GIGABYTE) * 100) / 100;
}
