import type { HostSpec } from '../driver.ts';
import type { DirectoryInode } from './files/inode.ts';
import type { Machine } from './model.ts';
import { BASE_PACKAGES } from './packages.ts';
import type { MachineContent, SystemState } from './system.ts';

const service = { active: 'inactive', enabled: true, since: 0, pid: 0 } as const;

const FRESH: SystemState = {
  packages: BASE_PACKAGES,
  services: { ssh: service, cron: service, 'systemd-journald': service },
  cloudInit: { status: 'not run', errors: [], warnings: [] },
  mounts: {},
  tables: [],
  bootedAt: 0,
};

/** A machine that never ran. */
export const freshContent = (root: DirectoryInode): MachineContent => ({ root, system: FRESH });

/** What the droplet's agent does before anything of the user's: name and root's keys. */
export function personalize(machine: Machine, { name, authorizedKeys }: HostSpec): void {
  const { files } = machine;
  const write = (path: string, text: string, mode = 0o644): void => {
    files.write(path, Buffer.from(text));
    files.changeMode(path, mode);
  };
  write('/etc/hostname', `${name}\n`);
  write('/etc/hosts', `127.0.1.1 ${name} ${name}\n127.0.0.1 localhost\n`);
  write('/etc/machine-id', `${randomHex(machine.random, 32)}\n`);
  if (files.find('/root/.ssh') === undefined) files.makeDirectory('/root/.ssh', 0o700);
  write('/root/.ssh/authorized_keys', authorizedKeys.map(key => `${key}\n`).join(''), 0o600);
}

/** Puts a host key where sshd looks for it. */
export function writeHostKey(machine: Machine, key: { privateKey: string; publicKey: string }): void {
  const path = '/etc/ssh/ssh_host_ed25519_key';
  machine.files.write(path, Buffer.from(key.privateKey));
  machine.files.changeMode(path, 0o600);
  machine.files.write(`${path}.pub`, Buffer.from(key.publicKey));
}

const randomHex = (random: () => number, length: number): string =>
  Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');
