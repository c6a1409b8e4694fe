import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openDockerHosts } from '../../sandbox/hosts/docker/hosts.ts';
import type { HostAddresses, HostDriver, HostSpec } from '../../sandbox/hosts/driver.ts';

const execute = promisify(execFile);

/** The docker hosts of a test, under a name of their own, and the way into them. */
export interface DockerDroplets {
  readonly sandbox: string;
  hosts: HostDriver;
  /** A spec of a small machine that is on; its last number in every range is 10 more than the id. */
  spec(id: number, changes?: Partial<HostSpec>): HostSpec;
  /** Runs a shell command on a machine, by SSH as root, and resolves with what it printed, trimmed. */
  ssh(spec: HostSpec, command: string): Promise<string>;
  /** Whether that command succeeds. */
  succeeds(spec: HostSpec, command: string): Promise<boolean>;
  /** Leaves this life, without a farewell to Docker, for a new one with the same name. */
  reopen(): Promise<void>;
  /** Removes everything. */
  end(): Promise<void>;
}

/** Cloud-init does a little at each first boot, so that one sees that it did. */
export const USER_DATA = '#cloud-config\nruncmd: [[sh, -c, "hostname >/root/first-boot"]]\n';

/** Makes the image `tiny` for a machine's own Docker out of the machine's files: a shell with its libraries. */
export const MAKE_TINY_IMAGE =
  'tar -ch /bin/sh /lib/x86_64-linux-gnu/libc.so.6 /lib64/ld-linux-x86-64.so.2 | docker import - tiny';

export async function openDockerDroplets(): Promise<DockerDroplets> {
  const sandbox = `test-${randomBytes(4).toString('hex')}`;
  const open = (): Promise<HostDriver> => openTestHosts(sandbox);
  const folder = await mkdtemp(join(tmpdir(), 'dropfleet-docker-'));
  const key = join(folder, 'key');
  await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const publicKey = (await readFile(`${key}.pub`, 'utf8')).trim();
  const ssh = async ({ addresses }: HostSpec, command: string): Promise<string> =>
    (await execute('ssh', [...sshOptions(key), `root@${addresses.public}`, command])).stdout.trim();
  const droplets: DockerDroplets = {
    sandbox,
    hosts: await open(),
    spec: (id, changes) => specOf(droplets.hosts.publicRange, publicKey, id, changes),
    ssh,
    succeeds: (spec, command) =>
      ssh(spec, command).then(
        () => true,
        () => false,
      ),
    async reopen() {
      await droplets.hosts.close();
      droplets.hosts = await open();
    },
    async end() {
      await droplets.hosts.reset();
      await droplets.hosts.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return droplets;
}

/** Docker hosts under that name. */
export const openTestHosts = (sandbox: string): Promise<HostDriver> =>
  openDockerHosts({
    sandbox,
    onProgress: line => console.log(`      ${line}`),
    buildArguments: buildArguments(),
  });

/** What Docker has with the label or the name of a sandbox. */
export async function labelled(sandbox: string): Promise<readonly string[]> {
  const filter = ['--filter', `label=dropfleet.sandbox=${sandbox}`];
  const lists = [
    ['ps', '--all', '--format', 'container {{.Names}}'],
    ['network', 'ls', '--format', 'network {{.Name}}'],
    ['volume', 'ls', '--format', 'volume {{.Name}}'],
  ].map(list => linesOf([...list, ...filter]));
  lists.push(linesOf(['images', '--format', 'image {{.Repository}}:{{.Tag}}', `dropfleet-${sandbox}`]));
  return (await Promise.all(lists)).flat().filter(line => line !== '');
}

const linesOf = async (args: readonly string[]): Promise<string[]> =>
  (await execute('docker', args)).stdout.split('\n');

/** DROPFLEET_DROPLET_BASE and DROPFLEET_DROPLET_NGINX choose the image's base and the suite that nginx is from. */
function buildArguments(): Record<string, string> {
  const { DROPFLEET_DROPLET_BASE: base, DROPFLEET_DROPLET_NGINX: suite } = process.env;
  return { ...(base !== undefined && { BASE: base }), ...(suite !== undefined && { NGINX_SUITE: suite }) };
}

function specOf(publicRange: string, key: string, id: number, changes: Partial<HostSpec> = {}): HostSpec {
  return {
    id,
    name: `web${id}`,
    power: 'on',
    installation: 1,
    image: { type: 'distribution', slug: 'debian-12-x64' },
    vcpus: 1,
    memory: 1024,
    disk: 25,
    addresses: addressesOf(publicRange, id),
    userData: USER_DATA,
    authorizedKeys: [key],
    volumes: [],
    firewall: undefined,
    ...changes,
  };
}

const addressesOf = (publicRange: string, id: number): HostAddresses => ({
  public: publicRange.replace(/\d+\/\d+$/, String(id + 10)),
  private: `10.100.0.${id + 10}`,
  privateRange: '10.100.0.0/20',
  reserved: undefined,
});

const sshOptions = (key: string): readonly string[] => {
  const options = [
    'BatchMode=yes',
    'ConnectTimeout=5',
    'LogLevel=ERROR',
    // Each rebuild has another host key, and nobody else answers on these addresses.
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
  ];
  return ['-i', key, ...options.flatMap(option => ['-o', option])];
};
