import { rm } from 'node:fs/promises';
import type { HostDriver, HostSpec } from '../driver.ts';
import { HostError } from '../driver.ts';
import { createBase } from './base.ts';
import type { Clock } from './clock.ts';
import { basePrograms, PROGRAMS } from './commands/programs.ts';
import { emptyDirectory, sizeOf } from './files/inode.ts';
import type { Host } from './host.ts';
import { createLife, type HostFacts, type Life } from './life.ts';
import { createNetwork } from './network/network.ts';
import { claimPort } from './ports.ts';
import { openStore } from './storage/store.ts';
import type { MachineContent, SystemState } from './system.ts';
import { createVolumes } from './volumes.ts';

export interface EmulatedOptions {
  /** Where machines, snapshots and volumes outlive this process. Made when missing; nothing else may be in it. */
  readonly folder: string;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Of loopback addresses: 127.18.0.0/16 unless said otherwise. */
  readonly publicRange?: string;
  /** From when sshd answers until cloud-init is done, in milliseconds: 300 unless said otherwise. */
  readonly bootMs?: number;
}

const DEFAULT_RANGE = '127.18.0.0/16';
const DEFAULT_BOOT_MS = 300;
const GIGABYTE = 2 ** 30;

/**
 * Machines that live in this process: an SSH server each, on a loopback address of its own, files in memory,
 * and programs that do what those of the same name would, as far as dropfleet uses them. Whoever connects from
 * outside has the address 127.0.0.1, which is thus the operator's.
 *
 * Rejects with HostError where the system has no loopback addresses for them.
 */
export async function createEmulatedDriver(options: EmulatedOptions): Promise<HostDriver> {
  const { folder, clock, random, publicRange = DEFAULT_RANGE, bootMs = DEFAULT_BOOT_MS } = options;
  const ssh = await claimPort(publicRange, 22, 2222);
  const http = await claimPort(publicRange, 80, 8080);
  const sshPort = ssh.port;
  const base = createBase(basePrograms());
  const store = await openStore(folder, { host: base, snapshot: base, volume: emptyDirectory() });
  const network = createNetwork(clock, random);
  const volumes = createVolumes(store);
  const lives = new Map<number, Life>();
  const outsidePort = (port: number): number => (port === 80 ? http.port : port);
  const context = {
    store,
    network,
    volumes,
    clock,
    random,
    sshPort,
    outsidePort,
    bootMs,
    base,
    programs: PROGRAMS,
  };

  async function lifeOf(spec: HostSpec): Promise<Life> {
    const life = lives.get(spec.id) ?? createLife(context, spec);
    lives.set(spec.id, life);
    return life;
  }

  async function contentOf(id: number): Promise<MachineContent> {
    const running = lives.get(id)?.host()?.machine.content();
    if (running !== undefined) return running;
    const kept = await store.load<HostFacts>('host', id);
    if (kept === undefined) throw new HostError(`There is no emulated host ${id}; create the droplet again.`);
    return { root: kept.root, system: kept.facts.system };
  }

  async function destroy(id: number): Promise<void> {
    await lives.get(id)?.end();
    lives.delete(id);
    await store.remove('host', id);
  }

  const faultOf = (id: number): Host => {
    const host = lives.get(id)?.host();
    if (host === undefined) throw new HostError(`There is no emulated host ${id} to set a fault on.`);
    return host;
  };

  const driver: HostDriver = {
    kind: 'emulated',
    publicRange,
    sshPort,
    operatorAddress: '127.0.0.1',
    async inventory() {
      const numbers = async (kind: 'host' | 'snapshot'): Promise<number[]> =>
        (await store.list(kind)).map(Number);
      return {
        hosts: await numbers('host'),
        snapshots: await numbers('snapshot'),
        volumes: await store.list('volume'),
      };
    },
    async converge(spec, signal) {
      signal.throwIfAborted();
      await (await lifeOf(spec)).converge(spec);
    },
    async restart(spec, how) {
      await (await lifeOf(spec)).restart(spec, how);
    },
    destroy,
    async takeSnapshot(id, snapshot) {
      const { root, system } = await contentOf(id);
      await store.save<SystemState>('snapshot', snapshot, { root, facts: system });
      return sizeOf(root) / GIGABYTE;
    },
    destroySnapshot: snapshot => store.remove('snapshot', snapshot),
    copyVolume: (from, to) => volumes.copy(from, to),
    destroyVolume: id => volumes.destroy(id),
    async setFault(id, fault) {
      faultOf(id);
      await lives.get(id)!.setFault(fault);
    },
    faultsOf: async id => lives.get(id)?.host()?.faults.all() ?? [],
    async clearFaults(id, type) {
      await lives.get(id)?.clearFaults(type);
    },
    async reset() {
      await driver.close();
      await rm(folder, { recursive: true, force: true });
    },
    async close() {
      await Promise.all([...lives.values()].map(life => life.end()));
      lives.clear();
      await Promise.all([ssh.release(), http.release()]);
    },
  };

  return driver;
}
