import { makeFolders } from './files/folders.ts';
import { withProgram } from './base.ts';
import { REGISTRY_CONFIG, REGISTRY_FILE } from './containers/registry/settings.ts';
import type { Machine } from './model.ts';
import { addService, removeService } from './services.ts';

/** What a package of the emulated Debian brings. */
interface Package {
  readonly version: string;
  readonly programs?: readonly string[];
  /** Started when installed, unless said otherwise. */
  readonly services?: readonly string[];
  readonly startsServices?: boolean;
  readonly files?: readonly (readonly [path: string, text: string])[];
}

const NGINX_CONF = `user www-data;
pid /run/nginx.pid;
events { worker_connections 768; }
http {
  server {
    listen 80 default_server;
    location / { return 200 "Welcome to nginx!\\n"; }
  }
}
`;

/** The emulated mirror: of Debian 13, as far as dropfleet installs from it. */
const PACKAGES: Readonly<Record<string, Package>> = {
  'apt-transport-https': { version: '3.0.3' },
  'ca-certificates': { version: '20250419' },
  'cloud-init': { version: '25.1.4-1' },
  containerd: { version: '1.7.24~ds1-6+b4', services: ['containerd'] },
  crun: { version: '1.21-1' },
  curl: { version: '8.14.1-2+deb13u2' },
  'docker-cli': { version: '26.1.5+dfsg1-9+b9', programs: ['docker'] },
  'docker.io': { version: '26.1.5+dfsg1-9+b9', programs: ['dockerd'], services: ['docker'] },
  'docker-registry': {
    version: '2.8.3+ds1-3+b5',
    programs: ['docker-registry'],
    services: ['docker-registry'],
    files: [[REGISTRY_FILE, REGISTRY_CONFIG]],
  },
  gnupg: { version: '2.4.7-21', programs: ['gpg'] },
  nftables: { version: '1.1.3-1', programs: ['nft'], services: ['nftables'], startsServices: false },
  nginx: {
    version: '1.26.3-3+deb13u1',
    programs: ['nginx'],
    services: ['nginx'],
    files: [['/etc/nginx/nginx.conf', NGINX_CONF]],
  },
  'openssh-server': { version: '1:10.0p1-7' },
  podman: { version: '5.4.2+ds1-2', programs: ['podman'] },
  sudo: { version: '1.9.16p2-3' },
  systemd: { version: '257.8-1~deb13u1' },
  'unattended-upgrades': {
    version: '2.12',
    programs: ['unattended-upgrade'],
    services: ['unattended-upgrades'],
  },
};

/** Programs that are there only with their package. */
export const PACKAGED_PROGRAMS: ReadonlySet<string> = new Set(
  Object.values(PACKAGES).flatMap(({ programs = [] }) => programs),
);

/** What a fresh machine has. */
export const BASE_PACKAGES: Readonly<Record<string, string>> = Object.fromEntries(
  ['ca-certificates', 'cloud-init', 'curl', 'openssh-server', 'sudo', 'systemd'].map(name => [
    name,
    PACKAGES[name]!.version,
  ]),
);

/** The version that would be installed; undefined for a package that the mirror has not. */
export const candidateVersion = (name: string): string | undefined => PACKAGES[name]?.version;

/** Installs a package of the mirror. Throws FileError when there is no room for its files. */
export async function installPackage(machine: Machine, name: string): Promise<void> {
  const found = PACKAGES[name]!;
  if (machine.system.packages[name] === found.version) return;
  for (const [path, text] of found.files ?? []) writeIfMissing(machine, path, text);
  // Like any file: it needs room.
  machine.files.write(`/var/lib/dpkg-${name}.list`, Buffer.from((found.programs ?? []).join('\n') || name));
  for (const program of found.programs ?? []) machine.disk.replace(withProgram(machine.disk.root(), program));
  const packages = { ...machine.system.packages, [name]: found.version };
  machine.system = { ...machine.system, packages };
  for (const service of found.services ?? [])
    await addService(machine, service, found.startsServices ?? true);
}

export async function removePackage(machine: Machine, name: string): Promise<void> {
  for (const service of PACKAGES[name]?.services ?? []) await removeService(machine, service);
  for (const program of PACKAGES[name]?.programs ?? [])
    for (const folder of ['/usr/bin', '/usr/sbin'])
      if (machine.files.find(`${folder}/${program}`) !== undefined)
        machine.files.remove(`${folder}/${program}`, 'file');
  const { [name]: _gone, ...packages } = machine.system.packages;
  machine.system = { ...machine.system, packages };
}

/** A configuration file that an administrator changed stays. */
function writeIfMissing(machine: Machine, path: string, text: string): void {
  if (machine.files.find(path, false) !== undefined) return;
  const folder = path.replace(/\/[^/]*$/, '');
  makeFolders(machine.files, folder);
  machine.files.write(path, Buffer.from(text));
}

/** Debian's order of versions: negative, zero or positive. */
export function compareVersions(a: string, b: string): number {
  const [first, second] = [a, b].map(splitVersion) as [string[], string[]];
  for (const [index, part] of first.entries()) {
    const order = index === 0 ? Number(part) - Number(second[0]) : compareParts(part, second[index]!);
    if (order !== 0) return order;
  }
  return 0;
}

/** Epoch, upstream version, revision. */
function splitVersion(version: string): string[] {
  const [, epoch = '0', rest = ''] = /^(?:(\d+):)?(.*)$/.exec(version)!;
  const at = rest.lastIndexOf('-');
  return at < 0 ? [epoch, rest, '0'] : [epoch, rest.slice(0, at), rest.slice(at + 1)];
}

function compareParts(a: string, b: string): number {
  const pieces = (text: string): string[] => text.match(/\d+|\D+/g) ?? [];
  const [first, second] = [pieces(a), pieces(b)];
  // Text and numbers take turns, and a version begins with text, if empty.
  for (const list of [first, second]) if (/^\d/.test(list[0] ?? '')) list.unshift('');
  for (let index = 0; index < Math.max(first.length, second.length); index++) {
    const [one = '', other = ''] = [first[index], second[index]];
    const order = index % 2 === 1 ? Number(one || 0) - Number(other || 0) : compareText(one, other);
    if (order !== 0) return order;
  }
  return 0;
}

/** Letters before other characters, and a tilde before everything, even the end. */
function compareText(a: string, b: string): number {
  const weight = (character: string | undefined): number => {
    if (character === '~') return -1;
    if (character === undefined) return 0;
    return /[A-Za-z]/.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256;
  };
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const order = weight(a[index]) - weight(b[index]);
    if (order !== 0) return order;
  }
  return 0;
}
