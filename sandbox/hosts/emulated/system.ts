import type { EngineKind, EngineState } from './containers/model.ts';
import type { DirectoryInode } from './files/inode.ts';

/** What systemd knows of a service. */
export interface ServiceState {
  readonly active: 'active' | 'activating' | 'inactive' | 'failed';
  readonly enabled: boolean;
  /** When it last became what it is, in milliseconds since the epoch. */
  readonly since: number;
  /** Of its main process; another one after every start. */
  readonly pid: number;
  /** Of a unit that no file describes, made by systemd-run; gone when it has ended well, and after a boot. */
  readonly transient?: TransientFacts;
}

export interface TransientFacts {
  readonly description: string;
  /** Its state is forgotten even when it failed. */
  readonly isCollected: boolean;
  readonly remains: boolean;
  readonly isOneshot: boolean;
  /** Of its main process, once that has ended. */
  readonly exitStatus?: number;
  readonly result?: 'success' | 'exit-code' | 'signal' | 'timeout';
}

/** What cloud-init came to. */
export interface CloudInitState {
  readonly status: 'not run' | 'running' | 'done' | 'error';
  readonly errors: readonly string[];
  /** What it did not understand and passed over. */
  readonly warnings: readonly string[];
}

/** What a machine knows beside its files. Immutable and plain, so that it is copied and kept like them. */
export interface SystemState {
  /** The versions of the installed packages. */
  readonly packages: Readonly<Record<string, string>>;
  readonly services: Readonly<Record<string, ServiceState>>;
  readonly cloudInit: CloudInitState;
  /** The ids of mounted volumes, by the folder where they are. */
  readonly mounts: Readonly<Record<string, string>>;
  /** nftables' tables, as `inet filter`. Gone with the next boot. */
  readonly tables: readonly string[];
  /** The addresses of its loopback besides 127.0.0.1. Gone with the next boot. */
  readonly loopback?: readonly string[];
  /** What its container engines have; none before the first image. */
  readonly engines?: Readonly<Partial<Record<EngineKind, EngineState>>>;
  /** Milliseconds since the epoch; 0 while it is off. */
  readonly bootedAt: number;
}

/** All that an image of a machine holds. */
export interface MachineContent {
  readonly root: DirectoryInode;
  readonly system: SystemState;
}
