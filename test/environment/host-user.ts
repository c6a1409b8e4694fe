import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';

/** A user of this machine that is made for a test, as cloud-init makes one on a host: a key only, and sudo. */
export interface HostUser {
  readonly name: string;
  /** Makes that line the user's authorized_keys. */
  letIn(publicKey: string): void;
  remove(): void;
}

/** Whether this process may make users, and has what it takes. */
export const canMakeUsers = (): boolean =>
  userInfo().uid === 0 && ['useradd', 'sudo'].every(command => succeeds('which', command));

/** What tells our users from everybody else's. */
const COMMENT = 'made by a test of dropfleet';

/** Makes the user, again when an earlier run left it; never touches one that somebody else made. */
export function makeHostUser(name: string): HostUser {
  const sudoers = `/etc/sudoers.d/${name}`;
  const remove = (): void => {
    rmSync(sudoers, { force: true });
    if (succeeds('id', name)) execFileSync('userdel', ['--force', '--remove', name], { stdio: 'ignore' });
  };
  if (
    succeeds('id', name) &&
    !execFileSync('getent', ['passwd', name], { encoding: 'utf8' }).includes(COMMENT)
  )
    throw new Error(`This machine has a user ${name} that no test made: the test needs the name.`);
  remove();
  // `*` is no password; `!`, useradd's own, would lock the account for keys too.
  execFileSync('useradd', [
    '--create-home',
    '--shell',
    '/bin/bash',
    '--password',
    '*',
    '--comment',
    COMMENT,
    name,
  ]);
  writeFileSync(sudoers, `${name} ALL=(ALL) NOPASSWD:ALL\n`, { mode: 0o440 });
  return {
    name,
    remove,
    letIn(publicKey) {
      const folder = `/home/${name}/.ssh`;
      execFileSync('install', ['-d', '-m', '700', '-o', name, '-g', name, folder]);
      writeFileSync(`${folder}/authorized_keys`, `${publicKey}\n`, { mode: 0o600 });
      execFileSync('chown', [`${name}:${name}`, `${folder}/authorized_keys`]);
    },
  };
}

function succeeds(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
