import { isFileError } from './files/file-error.ts';
import type { FileSystem } from './files/file-system.ts';

/** The user that a process runs as, from the machine's /etc/passwd and /etc/group. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly home: string;
  readonly shell: string;
}

/** The user of that name or number in the machine's /etc/passwd. */
export function findUser(files: FileSystem, name: string): User | undefined {
  const fields = lines(files, '/etc/passwd').find(([own, , uid]) => own === name || uid === name);
  if (fields === undefined) return undefined;
  const [own = '', , uid, gid, , home = '/', shell = '/bin/sh'] = fields;
  const groups = lines(files, '/etc/group')
    .filter(([, , , members = '']) => members.split(',').includes(own))
    .map(([, , number]) => Number(number));
  return { name: own, uid: Number(uid), gid: Number(gid), groups: [Number(gid), ...groups], home, shell };
}

export const userName = (files: FileSystem, uid: number): string =>
  lines(files, '/etc/passwd').find(([, , number]) => Number(number) === uid)?.[0] ?? String(uid);

export const groupName = (files: FileSystem, gid: number): string =>
  lines(files, '/etc/group').find(([, , number]) => Number(number) === gid)?.[0] ?? String(gid);

/** The number of a group given by name or number. */
export function findGroup(files: FileSystem, name: string): number | undefined {
  const fields = lines(files, '/etc/group').find(([own, , gid]) => own === name || gid === name);
  return fields === undefined ? undefined : Number(fields[2]);
}

/** Adds a user with a group and a home of its own. */
export function addUser(files: FileSystem, name: string): User {
  const uid =
    1 +
    Math.max(
      999,
      ...lines(files, '/etc/passwd')
        .map(([, , number]) => Number(number))
        .filter(n => n < 60_000),
    );
  append(files, '/etc/passwd', `${name}:x:${uid}:${uid}::/home/${name}:/bin/bash`);
  append(files, '/etc/group', `${name}:x:${uid}:`);
  files.makeDirectory(`/home/${name}`, 0o755);
  files.changeOwner(`/home/${name}`, uid, uid);
  return findUser(files, name)!;
}

/** Makes the group where it is missing. */
export function addToGroup(files: FileSystem, group: string, user: string): void {
  const all = lines(files, '/etc/group');
  const found = all.find(([name]) => name === group);
  if (found === undefined) all.push([group, 'x', String(nextGroup(all)), user]);
  else if (!(found[3] ?? '').split(',').includes(user)) found[3] = found[3] ? `${found[3]},${user}` : user;
  files.write('/etc/group', Buffer.from(all.map(fields => `${fields.join(':')}\n`).join('')));
}

const nextGroup = (groups: readonly string[][]): number =>
  1 + Math.max(99, ...groups.map(([, , gid]) => Number(gid)).filter(gid => gid < 1000));

function append(files: FileSystem, path: string, line: string): void {
  files.write(path, Buffer.from(`${line}\n`), { append: true });
}

function lines(files: FileSystem, path: string): string[][] {
  try {
    return Buffer.from(files.read(path))
      .toString()
      .split('\n')
      .filter(line => line !== '')
      .map(line => line.split(':'));
  } catch (error) {
    if (isFileError(error)) return [];
    throw error;
  }
}
