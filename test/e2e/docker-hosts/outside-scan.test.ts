import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../clients/clock.ts';
import type { CloudDroplet } from '../../../clients/digitalocean/cloud.ts';
import { createSshPool } from '../../../clients/ssh/pool.ts';
import type { SshPool } from '../../../clients/ssh/ssh.ts';
import { SecretText } from '../../../config/secret-text.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import { hostOf } from '../../../reconcilers/host/access.ts';
import { HOST } from '../../../reconcilers/host/concern.ts';
import { describeOnStandalone } from '../../environment/api-server.ts';
import { openTestHosts } from '../../environment/docker-droplets.ts';
import { openOperatorWorld, type OperatorWorld } from '../../environment/operator-world.ts';

/** What a service listens on, and what it must not: a database that somebody started by hand. */
const [SERVICE, DATABASE] = [9_000, 3_306];
const TIMEOUT_MS = 1_000;

/**
 * Prints which TCP ports of the addresses accept a connection: `python3 - ADDRESS...`. Many are asked at once, and the
 * kernel keeps their answers, so that none is missed where processes are slow; there is time for each to ask again.
 */
const SCAN = `
import json, resource, socket, sys, time
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
def ask(address, port):
    asking = socket.socket()
    asking.setblocking(False)
    asking.connect_ex((address, port))
    return asking
def accepted(asking):
    with asking:
        try: return bool(asking.getpeername())
        except OSError: return False
addresses, at_once = sys.argv[1:], 8192
found = [[] for _ in addresses]
for first in range(1, 65536, at_once):
    ports = range(first, min(first + at_once, 65536))
    asked = [[ask(address, port) for port in ports] for address in addresses]
    time.sleep(1.5)
    for open_ports, of_address in zip(found, asked):
        open_ports += [port for port, asking in zip(ports, of_address) if accepted(asking)]
print(json.dumps(found))
`;

// A master and a web behind the firewalls that the operator makes, and a machine of somebody else beside them.
describeOnStandalone(
  'An outside scan of docker droplets',
  'firewalls do not know which API server there is',
  server => {
    let world: OperatorWorld;
    let shell: SshPool;
    let stranger: CloudDroplet;
    let folder: string;

    const droplet = (name: string): Droplet => world.droplet(`shop-${name}`)!;
    const addressOf = (name: string): string => droplet(name).status!.publicAddress!;
    /** As root on a droplet of the fleet. */
    async function onHost(name: string, script: string): Promise<string> {
      const { sshPort } = world.sandbox.hosts!;
      const host = hostOf(
        { ssh: shell, port: sshPort, privateKey: new SecretText(world.sshKey.privateKey) },
        droplet(name),
      )!;
      return (await host.succeed(['sudo', '-n', 'sh', '-c', script])).stdout;
    }
    /** As root on the machine of somebody else, whose host key nobody has pinned. */
    const onStranger = (command: string[], stdin = ''): Promise<string> =>
      new Promise((resolve, reject) => {
        const unpinned = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'];
        const login = ['-i', join(folder, 'key'), '-q', `root@${stranger.publicAddress!}`];
        const child = execFile('ssh', [...unpinned, ...login, ...command], (error, stdout) =>
          error === null ? resolve(stdout) : reject(error),
        );
        child.stdin!.end(stdin);
      });

    before(async function () {
      this.timeout(600_000); // the image may have to be built
      const driver = await openTestHosts(`scan-${randomBytes(4).toString('hex')}`);
      world = await openOperatorWorld(server(), {
        driver: { ...driver, close: () => driver.reset().then(() => driver.close()) },
        timings: HOST.timings,
        patienceMs: 120_000,
      });
      shell = createSshPool({ clock: systemClock, random: Math.random });
      folder = await mkdtemp(join(tmpdir(), 'dropfleet-scan-'));
      await writeFile(join(folder, 'key'), world.sshKey.privateKey, { mode: 0o600 });
      await world.writeCsv('shop,2,,');
      world.startOperator({ firewalls: true });
      await world.untilReady('shop', 2);
      stranger = await createStranger(world);
      for (const port of [SERVICE, DATABASE])
        await onHost('web1', `python3 -m http.server ${port} >/dev/null 2>&1 & sleep 1`);
    });
    after(async () => {
      shell?.close();
      await world?.close();
      await rm(folder, { recursive: true, force: true });
    });

    it('finds the web of a master, and nothing of a web droplet', async function () {
      this.timeout(300_000);
      const addresses = [addressOf('master'), addressOf('web1')];
      const start = performance.now();
      const found = JSON.parse(await onStranger(['python3', '-', ...addresses], SCAN)) as number[][];
      console.log(`      2 x 65,535 ports in ${((performance.now() - start) / 1_000).toFixed(0)} s`);
      expect(found).to.deep.equal([[80], []]);
    });

    it('finds no service by the private address either, unless it comes from the fleet', async () => {
      const address = droplet('web1').status!.privateAddress!;
      const script = (port: number): string =>
        `curl -s -o /dev/null -m 2 http://${address}:${port}/ && echo open || echo closed`;
      for (const port of [SERVICE, DATABASE])
        expect(await onStranger(['sh', '-c', `'${script(port)}'`]), String(port)).to.equal('closed\n');
      expect(await onHost('master', script(SERVICE))).to.equal('open\n');
      expect(await onHost('master', script(DATABASE))).to.equal('closed\n');
    });

    it('finds SSH from where the operator is', async () => {
      const open = await Promise.all([22, SERVICE, DATABASE].map(port => answers(addressOf('web1'), port)));
      expect(open).to.deep.equal([true, false, false]);
    });
  },
);

/** A droplet in the same network that carries no tag of the fleet. */
async function createStranger({ owner }: OperatorWorld): Promise<CloudDroplet> {
  const [key] = await owner.listKeys();
  const { id } = await owner.createDroplet({
    name: 'stranger',
    region: 'nyc3',
    size: 's-1vcpu-1gb',
    image: 'debian-13-x64',
    tags: [],
    sshKeys: [key!.id],
  });
  for (;;) {
    const droplet = await owner.getDroplet(id);
    if (droplet.status === 'active') return droplet;
    await new Promise(resolve => setTimeout(resolve, 500));
  }
}

/** Whether anything accepts a connection there. */
const answers = (host: string, port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS });
    const end = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket
      .once('connect', () => end(true))
      .once('timeout', () => end(false))
      .once('error', () => end(false));
  });
