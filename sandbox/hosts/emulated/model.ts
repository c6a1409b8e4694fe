// What the programs of an emulated machine work on. A machine has programs, and a program is given its machine, so
// that neither can be described without the other.

import type { Duplex } from 'node:stream';
import type { HostSpec } from '../driver.ts';
import type { Clock } from './clock.ts';
import type { Credentials } from './files/access.ts';
import type { Disk } from './files/disk.ts';
import type { FileSystem } from './files/file-system.ts';
import type { DirectoryInode } from './files/inode.ts';
import type { Input, Output } from './shell/streams.ts';
import type { MachineContent, SystemState } from './system.ts';
import type { User } from './users.ts';

export interface JournalEntry {
  readonly at: number;
  readonly unit: string;
  readonly text: string;
}

/** What the programs of one machine work on. */
export interface Machine {
  /** What the account says that it is now. */
  spec: HostSpec;
  readonly programs: ReadonlyMap<string, Program>;
  readonly disk: Disk;
  /** Replaced as a whole. */
  system: SystemState;
  readonly clock: Clock;
  /** Milliseconds that its wall clock is wrong by. */
  clockSkew: number;
  /** Its wall time, milliseconds since the epoch. */
  now(): number;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** The `$$` of every shell. */
  readonly shellPid: number;
  /** The files as root sees them. */
  readonly files: FileSystem;
  openFiles(who: Credentials): FileSystem;
  /** A process with a umask of its own. */
  fork(process: Process): Process;
  /** A process of a user with a fresh environment, as sshd and sudo make it; undefined for an unknown user. */
  login(name: string, signal: AbortSignal): Process | undefined;
  content(): MachineContent;
  /** Called when a service is to start, stop or read its configuration again; whether it could. */
  onService: (name: string, what: 'start' | 'stop' | 'reload') => Promise<boolean>;
  /** By the path of their device. */
  readonly volumes: Map<string, Volume>;
  /** What services said, the oldest first; as much as fits. */
  readonly journal: JournalEntry[];
  /** Opens a TCP connection from the machine; rejects when there is none to have. */
  connect: (address: string, port: number, signal: AbortSignal) => Promise<Duplex>;
  /** Whether one of its services listens on a port. */
  listensOn: (port: number) => boolean;
  /** Runs what no session waits for, until the power goes; what it leaves behind is kept. */
  background: (work: (signal: AbortSignal) => Promise<void>) => void;
  /** Called when the machine is to end: by `reboot` or `poweroff`. */
  onPower: (what: 'reboot' | 'poweroff') => void;
}

/** What a program has while it runs. */
export interface Process {
  /** Its own name first. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user: User;
  readonly credentials: Credentials;
  readonly files: FileSystem;
  readonly input: Input;
  readonly output: Output;
  readonly error: Output;
  readonly machine: Machine;
  /** Aborted when the session or the machine ends; its reason is of no matter. */
  readonly signal: AbortSignal;
}

/** Resolves with the exit status. A FileError that it does not catch becomes its message and status 1. */
export type Program = (process: Process) => number | Promise<number>;

/** A block device; at most one machine has it. */
export interface Volume {
  readonly id: string;
  /** Replaced as a whole. */
  root: DirectoryInode;
  /** Whether there is a file system on it. */
  isFormatted: boolean;
}
