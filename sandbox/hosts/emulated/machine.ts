import type { HostSpec } from '../driver.ts';
import type { Clock } from './clock.ts';
import { rootCredentials, type Credentials } from './files/access.ts';
import { createDisk } from './files/disk.ts';
import { createFileSystem, type FileSystem } from './files/file-system.ts';
import type { Machine, Process, Program } from './model.ts';
import { nullOutput, emptyInput } from './shell/streams.ts';
import type { MachineContent } from './system.ts';
import { findUser, type User } from './users.ts';

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
    listensOn: () => false,
    background: work => void work(new AbortController().signal),
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
