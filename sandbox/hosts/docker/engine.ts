import { HostError, type HostSpec } from '../driver.ts';
import type { Docker } from './docker.ts';
import type { Limits } from './machine.ts';

/** What the daemon and its kernel can do. */
export interface Engine {
  readonly cpus: number;
  readonly limitsCpu: boolean;
  readonly limitsMemory: boolean;
}

interface Info {
  readonly OSType: string;
  readonly NCPU: number;
  readonly CpuCfsQuota: boolean;
  readonly MemoryLimit: boolean;
}

/** Asks the daemon. Rejects with HostError when it is away or runs no Linux; `onProgress` hears what it lacks. */
export async function inspectEngine(docker: Docker, onProgress: (line: string) => void): Promise<Engine> {
  const info = JSON.parse(await docker.run(['info', '--format', '{{json .}}'])) as Info;
  if (info.OSType !== 'linux')
    throw new HostError('Docker does not run Linux containers here; switch it over, or use emulated hosts.');
  const engine = { cpus: info.NCPU, limitsCpu: info.CpuCfsQuota, limitsMemory: info.MemoryLimit };
  const missing = [...(engine.limitsCpu ? [] : ['CPU']), ...(engine.limitsMemory ? [] : ['memory'])];
  if (missing.length > 0)
    onProgress(`Droplets have no ${missing.join(' and ')} limits: this kernel cannot set any.`);
  return engine;
}

/** A size as the engine can hold it: a container is refused more processors than there are. */
export const limitsOf = ({ cpus, limitsCpu, limitsMemory }: Engine, { vcpus, memory }: HostSpec): Limits => ({
  cpus: limitsCpu ? Math.min(vcpus, cpus) : undefined,
  memory: limitsMemory ? memory : undefined,
});
