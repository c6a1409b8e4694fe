import { gunzipSync } from 'node:zlib';
import { newHostKey } from '../host-keys.ts';
import { writeHostKey } from '../installation.ts';
import type { Machine } from '../model.ts';
import { addToGroup, addUser, findGroup, findUser } from '../users.ts';
import type { CloudConfig } from './user-data.ts';

type User = Exclude<NonNullable<CloudConfig['users']>[number], string>;
type File = NonNullable<CloudConfig['write_files']>[number];

/** What cloud-init does before sshd starts: name, users, files. Throws what a file system does. */
export function carryOutEarly(machine: Machine, config: CloudConfig): void {
  if (config.hostname !== undefined)
    machine.files.write('/etc/hostname', Buffer.from(`${config.hostname}\n`));
  for (const user of config.users ?? []) if (typeof user !== 'string') makeUser(machine, user);
  if (config.disable_root === true) disableRoot(machine);
  for (const file of config.write_files ?? []) putFile(machine, file);
}

/** The host key that the user data has, or one of the machine's own. */
export function putHostKey(machine: Machine, keys: CloudConfig['ssh_keys']): void {
  if (keys?.ed25519_private === undefined)
    return writeHostKey(machine, newHostKey(`root@${machine.spec.name}`));
  const ended = (text = ''): string => (text.endsWith('\n') ? text : `${text}\n`);
  writeHostKey(machine, { privateKey: ended(keys.ed25519_private), publicKey: ended(keys.ed25519_public) });
}

const listOf = (value: string | readonly string[] | undefined): string[] =>
  typeof value === 'string' ? value.split(/\s*,\s*/) : [...(value ?? [])];

function makeUser(machine: Machine, { name, groups, sudo, ssh_authorized_keys: keys = [] }: User): void {
  const { files } = machine;
  const user = findUser(files, name) ?? addUser(files, name);
  for (const group of listOf(groups)) addToGroup(files, group, name);
  if (sudo !== undefined && sudo !== false) {
    const rules = listOf(typeof sudo === 'string' ? [sudo] : sudo).map(rule => `${name} ${rule}\n`);
    files.write('/etc/sudoers.d/90-cloud-init-users', Buffer.from(rules.join('')), {
      append: true,
      mode: 0o440,
    });
  }
  if (files.find(`${user.home}/.ssh`) === undefined) files.makeDirectory(`${user.home}/.ssh`, 0o700);
  const path = `${user.home}/.ssh/authorized_keys`;
  files.write(path, Buffer.from(keys.map(key => `${key.trim()}\n`).join('')), { mode: 0o600 });
  for (const owned of [`${user.home}/.ssh`, path]) files.changeOwner(owned, user.uid, user.gid);
}

/** Its keys stay, but all they may run is a word of advice. */
function disableRoot({ files }: Machine): void {
  const path = '/root/.ssh/authorized_keys';
  const lines = Buffer.from(files.read(path)).toString();
  const advice = `no-port-forwarding,command="echo 'Please login as another user.'" `;
  files.write(path, Buffer.from(lines.replace(/^(?=\S)/gm, advice)));
}

function putFile(machine: Machine, file: File): void {
  const { files } = machine;
  makeFolders(machine, file.path.replace(/\/[^/]*$/, ''));
  files.write(file.path, contentOf(file), { append: file.append ?? false });
  files.changeMode(file.path, modeOf(file.permissions));
  const [user = 'root', group = user] = (file.owner ?? 'root:root').split(':');
  files.changeOwner(file.path, findUser(files, user)?.uid, findGroup(files, group));
}

/** An octal text, or a number that YAML has read as octal already. */
const modeOf = (permissions: string | number = '0644'): number =>
  typeof permissions === 'number' ? permissions : Number.parseInt(permissions, 8);

function makeFolders(machine: Machine, path: string): void {
  if (path === '' || machine.files.find(path) !== undefined) return;
  makeFolders(machine, path.replace(/\/[^/]*$/, ''));
  machine.files.makeDirectory(path);
}

/** `b64`, `gz`, both (`gz+b64`), in any of cloud-init's spellings. */
function contentOf({ content = '', encoding = '' }: File): Buffer {
  const isBase64 = /b64|base64/.test(encoding);
  const bytes = Buffer.from(content, isBase64 ? 'base64' : 'utf8');
  return /gz/.test(encoding) ? gunzipSync(bytes) : bytes;
}
