import { uuid } from '../../account/stamp.ts';
import { HostError, type HostFault, type HostSpec } from '../driver.ts';
import type { Clock } from './clock.ts';
import { beginFirstBoot, finishFirstBoot, writeResult } from './cloud-init/first-boot.ts';
import { stopContainers } from './containers/power.ts';
import { serve } from './daemons.ts';
import { withInode, type DirectoryInode } from './files/inode.ts';
import { createHost, type Host } from './host.ts';
import { freshContent, personalize } from './installation.ts';
import { createMachine } from './machine.ts';
import type { Program } from './model.ts';
import type { Network } from './network/network.ts';
import { resumeServices, startEnabledServices } from './services.ts';
import type { Kept } from './storage/record.ts';
import type { Store } from './storage/store.ts';
import type { MachineContent, SystemState } from './system.ts';
import { attachVolumes, mountAll, unmountVolume, type Volumes } from './volumes.ts';

/** What is kept of a machine beside its files. */
export interface HostFacts {
  readonly installation: number;
  readonly system: SystemState;
}

/** One droplet's machine through power, reboots, reinstallations and crashes. */
export interface Life {
  /** None before the first converge. */
  host(): Host | undefined;
  converge(spec: HostSpec): Promise<void>;
  restart(spec: HostSpec, how: 'graceful' | 'hard'): Promise<void>;
  setFault(fault: HostFault): Promise<void>;
  clearFaults(type?: HostFault['type']): Promise<void>;
  /** Ends it in this process; its files stay. */
  end(): Promise<void>;
}

export interface LifeContext {
  readonly store: Store;
  readonly network: Network;
  readonly volumes: Volumes;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sshPort: number;
  /** The port on loopback that stands for one of the machines'. */
  readonly outsidePort: (port: number) => number;
  /** From when sshd answers until cloud-init is done. */
  readonly bootMs: number;
  readonly base: DirectoryInode;
  readonly programs: ReadonlyMap<string, Program>;
}

export function createLife(context: LifeContext, { id }: { id: number }): Life {
  const { store, network, clock, random, sshPort, base, programs } = context;
  let host: Host | undefined;
  let installation: number | undefined;
  let written: Kept<HostFacts> = { root: base, facts: undefined as never };
  let writing: Promise<void> = Promise.resolve();
  let isOver = false;

  const current = (): Kept<HostFacts> => {
    const { root, system } = host!.machine.content();
    const facts = written.facts?.system === system ? written.facts : { installation: installation!, system };
    return { root, facts };
  };
  /** Keeps everything that changed; many commands that end together are written together. */
  function settled(): Promise<void> {
    // What could not be written is in the next line, as is all that changed since the last one that was.
    const before = writing.catch(() => undefined);
    writing = before.then(async () => {
      if (isOver) return;
      const next = current();
      await store.add('host', id, written, next);
      written = next;
      for (const volume of host!.machine.volumes.values()) await context.volumes.keep(volume);
    });
    return writing;
  }

  /** Keeps what nobody waits for: a failure is made good by whoever waits next. */
  const keep = (): Promise<void> => settled().catch(() => undefined);

  async function install(spec: HostSpec): Promise<void> {
    await host?.shut('graceful');
    const kept = host === undefined ? await store.load<HostFacts>('host', id) : undefined;
    const isKept = kept?.facts.installation === spec.installation;
    const content = isKept ? { root: kept.root, system: kept.facts.system } : await contentOf(spec);
    installation = spec.installation;
    host = hostOf(spec, content);
    network.hosts.set(id, host);
    if (isKept) written = kept;
    else await reset(spec);
  }

  async function reset(spec: HostSpec): Promise<void> {
    const { machine } = host!;
    personalize(machine, spec);
    machine.system = {
      ...machine.system,
      bootedAt: 0,
      mounts: {},
      cloudInit: { status: 'not run', errors: [], warnings: [] },
    };
    written = current();
    await store.save('host', id, written);
  }

  async function contentOf({ image }: HostSpec): Promise<MachineContent> {
    if (image.type === 'distribution') return freshContent(base);
    const kept = await store.load<SystemState>('snapshot', image.id);
    if (kept === undefined)
      throw new HostError(`The snapshot ${image.id} is gone; rebuild from another image.`);
    return { root: kept.root, system: kept.facts };
  }

  async function attach({ volumes }: HostSpec): Promise<void> {
    const wanted = volumes.map(async volume => ({
      host: volume,
      volume: await context.volumes.open(volume.id, volume.filesystem),
    }));
    attachVolumes(host!.machine, await Promise.all(wanted));
  }

  function hostOf(spec: HostSpec, content: MachineContent): Host {
    const machine = createMachine({ spec, content, programs, clock, random });
    const made = createHost({ machine, sshPort, outsidePort: context.outsidePort });
    machine.onService = (name, what) => serve(made, name, what, { sshPort, settled });
    machine.connect = (address, port, signal) => network.connect(made, address, port, signal);
    machine.listensOn = port => made.listeners.has(port) || made.inside.has(port);
    machine.background = work =>
      void work(made.signal())
        .catch(() => undefined)
        .then(keep);
    machine.onPower = what => void (what === 'reboot' ? reboot('graceful') : made.shut('graceful'));
    return made;
  }

  async function switchOn(): Promise<void> {
    const { machine } = host!;
    const before = machine.content();
    try {
      await host!.open();
      await (machine.system.bootedAt > 0 ? resumeServices(machine) : boot());
    } catch (error) {
      // The next try begins where this one did.
      await host!.shut('graceful');
      machine.disk.replace(before.root);
      machine.system = before.system;
      throw error;
    }
    if (machine.system.cloudInit.status === 'running') void finishFirstBoot(host!, context.bootMs).then(keep);
    await settled();
  }

  /** What is only in memory is gone. */
  async function boot(): Promise<void> {
    const { machine } = host!;
    for (const path of Object.keys(machine.system.mounts)) unmountVolume(machine, path);
    machine.disk.replace(withFreshMemory(machine.disk.root(), base));
    machine.files.write(BOOT_ID, Buffer.from(`${uuid(random)}\n`));
    machine.files.write(MEMORY_FILE, Buffer.from(`MemTotal: ${machine.spec.memory * 1024} kB\n`));
    machine.system = { ...machine.system, tables: [], loopback: [], bootedAt: machine.now() };
    mountAll(machine);
    stopContainers(machine);
    const { status } = machine.system.cloudInit;
    if (status === 'not run') beginFirstBoot(machine);
    else if (status !== 'running') writeResult(machine);
    await startEnabledServices(machine);
  }

  async function switchOff(how: 'graceful' | 'crash'): Promise<void> {
    await host!.shut(how);
    const { machine } = host!;
    machine.system = { ...machine.system, bootedAt: 0 };
    await settled();
  }

  async function reboot(how: 'graceful' | 'crash'): Promise<void> {
    await switchOff(how);
    await switchOn();
  }

  const life: Life = {
    host: () => host,
    async converge(spec) {
      if (host === undefined || installation !== spec.installation) await install(spec);
      host!.machine.spec = spec;
      await attach(spec);
      const hasCrashed = host!.faults.get('crash') !== undefined;
      if (spec.power === 'off' && host!.isOn()) await switchOff('graceful');
      else if (spec.power === 'on' && !host!.isOn() && !hasCrashed) await switchOn();
      else if (host!.isOn()) await host!.listen();
    },
    async restart(spec, how) {
      if (host === undefined) await life.converge(spec);
      for (const type of ['crash', 'freeze'] as const) host!.faults.remove(type);
      await reboot(how === 'hard' ? 'crash' : 'graceful');
    },
    async setFault(fault) {
      const { machine, faults } = host!;
      faults.set(fault);
      if (fault.type === 'crash') await switchOff('crash');
      if (fault.type === 'disk-full') machine.disk.isFull = true;
      if (fault.type === 'clock-skew') machine.clockSkew = fault.ms;
    },
    async clearFaults(type) {
      const { machine, faults } = host!;
      const hadCrashed = faults.get('crash') !== undefined;
      if (type === undefined) faults.clear();
      else faults.remove(type);
      machine.disk.isFull = faults.get('disk-full') !== undefined;
      machine.clockSkew = faults.get('clock-skew')?.ms ?? 0;
      const isOver = hadCrashed && faults.get('crash') === undefined;
      if (isOver && machine.spec.power === 'on') await switchOn();
    },
    async end() {
      network.hosts.delete(id);
      await host?.shut('graceful');
      await writing.catch(() => undefined);
      isOver = true;
    },
  };
  return life;
}

/** Linux': another one after every boot. */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

const MEMORY_FILE = '/proc/meminfo';

/** The tree as it is after a boot, when /run and /proc hold what every machine begins with. */
function withFreshMemory(root: DirectoryInode, base: DirectoryInode): DirectoryInode {
  return ['run', 'proc'].reduce((tree, name) => withInode(tree, [name], base.entries.get(name)), root);
}
