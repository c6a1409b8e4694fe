import type { DirectoryInode } from './files/inode.ts';

/** What systemd knows of a service. */
export interface ServiceState {
  readonly active: 'active' | 'inactive' | 'failed';
  readonly enabled: boolean;
  /** When it last became what it is, in milliseconds since the epoch. */
  readonly since: number;
  /** Of its main process; another one after every start. */
  readonly pid: number;
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
  /** Milliseconds since the epoch; 0 while it is off. */
  readonly bootedAt: number;
}

/** All that an image of a machine holds. */
export interface MachineContent {
  readonly root: DirectoryInode;
  readonly system: SystemState;
}
