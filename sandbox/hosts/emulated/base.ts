import {
  emptyDirectory,
  inodeAt,
  segmentsOf,
  withInode,
  type DirectoryInode,
  type Inode,
} from './files/inode.ts';
import { programFile } from './shell/execute.ts';

/** Programs that stand in /usr/sbin. */
const ADMINISTRATORS = new Set('dockerd mkfs.ext4 mkswap nft nginx poweroff reboot sshd swapon'.split(' '));

const FOLDERS: readonly (readonly [path: string, mode?: number])[] = [
  ['/boot'], ['/dev'], ['/dev/disk'], ['/dev/disk/by-id'], ['/etc'], ['/etc/apt'], ['/etc/apt/apt.conf.d'], ['/etc/apt/preferences.d'],
  ['/etc/apt/keyrings'], ['/etc/apt/sources.list.d'], ['/etc/cloud'], ['/etc/cron.d'], ['/etc/default'],
  ['/etc/ssh'], ['/etc/ssh/sshd_config.d'], ['/etc/sudoers.d', 0o750], ['/etc/sysctl.d'], ['/etc/systemd'],
  ['/etc/systemd/system'], ['/home'], ['/media'], ['/mnt'], ['/opt'], ['/proc', 0o555], ['/proc/sys'], ['/proc/sys/kernel'], ['/proc/sys/kernel/random'], ['/root', 0o700],
  ['/run'], ['/run/lock', 0o1777], ['/srv'], ['/sys', 0o555], ['/tmp', 0o1777], ['/usr'], ['/usr/bin'],
  ['/usr/lib'], ['/usr/local'], ['/usr/local/bin'], ['/usr/local/sbin'], ['/usr/sbin'], ['/usr/share'],
  ['/usr/share/keyrings'], ['/var'], ['/var/cache'], ['/var/lib'], ['/var/lib/cloud'], ['/var/log'],
  ['/var/tmp', 0o1777],
]; // prettier-ignore

const LINKS: readonly (readonly [path: string, target: string])[] = [
  ['/bin', 'usr/bin'],
  ['/lib', 'usr/lib'],
  ['/sbin', 'usr/sbin'],
  ['/var/run', '/run'],
];

const FILES: readonly (readonly [path: string, text: string, mode?: number])[] = [
  [
    '/etc/passwd',
    'root:x:0:0:root:/root:/bin/bash\n' +
      'daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n' +
      'www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n' +
      'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  ],
  ['/etc/group', 'root:x:0:\ndaemon:x:1:\nadm:x:4:\nsudo:x:27:\nwww-data:x:33:\nnogroup:x:65534:\n'],
  ['/etc/shadow', 'root:*:20000:0:99999:7:::\n', 0o640],
  ['/etc/fstab', '/dev/vda1 / ext4 rw,discard,errors=remount-ro 0 1\n'],
  ['/etc/debian_version', '13.1\n'],
  [
    '/etc/os-release',
    'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\nVERSION_ID="13"\n' +
      'VERSION="13 (trixie)"\nVERSION_CODENAME=trixie\nID=debian\n',
  ],
  ['/etc/ssh/sshd_config', 'Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\nPrintMotd no\n'],
  ['/etc/sudoers', '@includedir /etc/sudoers.d\n', 0o440],
  ['/etc/machine-id', '0123456789abcdef0123456789abcdef\n'],
  [
    '/proc/meminfo',
    'MemTotal:        1000000 kB\nMemFree:          600000 kB\nMemAvailable:     700000 kB\n',
    0o444,
  ],
  ['/proc/swaps', 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n', 0o444],
  ['/var/log/cloud-init.log', '', 0o640],
  ['/var/log/cloud-init-output.log', '', 0o640],
];

/** The files of a fresh Debian with the programs that come with it. All machines share them. */
export function createBase(programs: Iterable<string>): DirectoryInode {
  let root = emptyDirectory();
  const put = (path: string, inode: Inode): void => {
    root = withInode(root, segmentsOf(path), inode);
  };
  const owned = { uid: 0, gid: 0, modified: 0 };
  for (const [path, mode] of FOLDERS) put(path, emptyDirectory(mode));
  for (const [path, target] of LINKS) put(path, { type: 'link', target, mode: 0o777, ...owned });
  for (const [path, text, mode] of FILES)
    put(path, { type: 'file', data: Buffer.from(text), mode: mode ?? 0o644, ...owned });
  for (const device of ['null', 'zero', 'full'])
    put(`/dev/${device}`, { type: 'device', device, mode: 0o666, ...owned });
  for (const name of programs) root = withProgram(root, name);
  return root;
}

/** The tree with a program in its place. */
export function withProgram(root: DirectoryInode, name: string): DirectoryInode {
  const segments = ['usr', ADMINISTRATORS.has(name) ? 'sbin' : 'bin', name];
  if (inodeAt(root, segments) !== undefined) return root;
  const data = programFile(name);
  return withInode(root, segments, { type: 'file', data, mode: 0o755, uid: 0, gid: 0, modified: 0 });
}
