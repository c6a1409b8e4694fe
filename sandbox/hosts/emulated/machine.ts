import type { Duplex } from 'node:stream';
import type { HostSpec } from '../driver.ts';
import type { Clock } from './clock.ts';
import { rootCredentials, type Credentials } from './files/access.ts';
import { createDisk, type Disk } from './files/disk.ts';
import { createFileSystem, type FileSystem } from './files/file-system.ts';
import type { Process, Program, User } from './shell/process.ts';
import { nullOutput, emptyInput } from './shell/streams.ts';
import type { MachineContent, SystemState } from './system.ts';
import { findUser } from './users.ts';
import type { Volume } from './volumes.ts';

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
  /** Called when the machine is to end: by `reboot` or `poweroff`. */
  onPower: (what: 'reboot' | 'poweroff') => void;
}

export interface MachineParts {
  readonly spec: HostSpec;
  readonly content: MachineContent;
  readonly programs: ReadonlyMap<string, Program>;
  readonly clock: Clock;
  readonly random: () => number;
}

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function createMachine({ spec, content, programs, clock, random }: MachineParts): Machine {
  const disk = createDisk(content.root);
  const now = (): number => clock.now() + machine.clockSkew;
  const openFiles = (who: Credentials): FileSystem => createFileSystem(disk, who, now);
  const machine: Machine = {
    spec,
    programs,
    disk,
    system: content.system,
    clock,
    clockSkew: 0,
    now,
    random,
    shellPid: 1000 + Math.floor(random() * 30_000),
    files: openFiles(rootCredentials()),
    openFiles,
    fork(process) {
      const credentials = { ...process.credentials };
      return { ...process, credentials, files: openFiles(credentials) };
    },
    login: (name, signal) => {
      const user = findUser(machine.files, name);
      return user && processOf(machine, user, signal);
    },
    content: () => ({ root: disk.root(), system: machine.system }),
    volumes: new Map(),
    journal: [],
    connect: () => Promise.reject(new Error('Network is unreachable')),
    onService: async () => true,
    onPower: () => undefined,
  };
  return machine;
}

function processOf(machine: Machine, user: User, signal: AbortSignal): Process {
  const credentials = { uid: user.uid, gid: user.gid, groups: user.groups, umask: 0o022 };
  return {
    args: [user.shell],
    env: { HOME: user.home, LOGNAME: user.name, PATH: DEFAULT_PATH, SHELL: user.shell, USER: user.name },
    cwd: machine.files.find(user.home)?.type === 'directory' ? user.home : '/',
    user,
    credentials,
    files: machine.openFiles(credentials),
    input: emptyInput,
    output: nullOutput,
    error: nullOutput,
    machine,
    signal,
  };
}

const JOURNAL_SIZE = 500;

/** Adds a line to the machine's journal. */
export function log(machine: Machine, unit: string, text: string): void {
  machine.journal.push({ at: machine.now(), unit, text });
  if (machine.journal.length > JOURNAL_SIZE) machine.journal.shift();
}
