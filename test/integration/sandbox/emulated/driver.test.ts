import { fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readdir, readFile, stat } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { expect } from 'chai';
import { systemClock } from '../../../../clients/clock.ts';
import { fingerprintOfLine } from '../../../../clients/ssh/fingerprint.ts';
import { createSshPool } from '../../../../clients/ssh/pool.ts';
import type { SshHost, SshPool } from '../../../../clients/ssh/ssh.ts';
import { isHostError, type HostRule, type HostSpec } from '../../../../sandbox/hosts/driver.ts';
import { createEmulatedDriver } from '../../../../sandbox/hosts/emulated/driver.ts';
import { aHost } from '../../../builders/hosts.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { openEmulatedWorld, type EmulatedWorld } from './world.ts';

const { signal } = new AbortController();

describe('The driver of emulated hosts', () => {
  let world: EmulatedWorld;
  let pool: SshPool;
  let web: HostSpec;
  let other: HostSpec;

  beforeEach(async () => {
    world = await openEmulatedWorld();
    pool = createSshPool({ clock: systemClock, random: () => 0 });
    web = aHost({ authorizedKeys: [world.publicKey] });
    other = {
      ...web,
      id: 2,
      name: 'shop-web2',
      addresses: { ...web.addresses, public: '127.18.0.3', private: '10.116.0.3' },
    };
    await world.driver.converge(web, signal);
  });
  afterEach(async () => {
    pool.close();
    await world.close();
  });

  const on = async (host: HostSpec, command: string): Promise<string> => {
    const { code, stdout, stderr } = await world.ssh(host, [command]);
    if (code !== 0) throw new Error(`${command}: ${code} ${stderr}`);
    return stdout.trim();
  };
  const change = (host: HostSpec, changes: Partial<HostSpec>): Promise<void> =>
    world.driver.converge({ ...host, ...changes }, signal);
  const client = async (host: HostSpec): Promise<SshHost> => {
    const line = await on(host, 'cat /etc/ssh/ssh_host_ed25519_key.pub');
    return pool.host({
      address: host.addresses.public,
      port: world.driver.sshPort,
      user: 'root',
      privateKey: { reveal: () => world.privateKey },
      hostKeys: [fingerprintOfLine(line)],
    });
  };
  const banner = async (stream: Duplex): Promise<string> => {
    // How the connection ends later is nobody's concern; until its first line comes, an error rejects.
    stream.on('error', () => undefined);
    return String((await once(stream, 'data'))[0]);
  };

  describe('with power', () => {
    it('closes the port of a host that is off, and keeps its files but for those in memory', async () => {
      await on(web, 'echo kept >/root/file; echo gone >/run/file');
      const boot = await on(web, 'cat /proc/sys/kernel/random/boot_id');
      await change(web, { power: 'off' });
      expect((await world.ssh(web, ['true'])).stderr).to.contain('Connection refused');
      await change(web, { power: 'on' });
      expect(await on(web, 'cat /root/file; ls /run'))
        .to.match(/^kept/)
        .and.not.contain('file');
      expect(await on(web, 'cat /proc/sys/kernel/random/boot_id')).to.not.equal(boot);
    });

    it('reboots a host that asks for it', async () => {
      const boot = await on(web, 'cat /proc/sys/kernel/random/boot_id');
      await world.ssh(web, ['systemctl reboot']);
      while ((await world.ssh(web, ['cat /proc/sys/kernel/random/boot_id'])).stdout.trim() === boot);
      expect(await on(web, 'echo up')).to.equal('up');
    });

    it('does nothing to a host that is as it should be', async () => {
      const ssh = await client(web);
      await ssh.succeed(['touch', '/root/file']);
      await change(web, {});
      expect((await ssh.succeed(['ls', '/root'])).stdout).to.equal('file\n');
    });
  });

  describe('over time', () => {
    it('lets machines go on when its process ends and starts again', async () => {
      await on(
        web,
        'echo kept >/root/file; rm /etc/fstab; systemctl stop cron; mkdir -m 700 /opt/x; ln -s x /opt/y',
      );
      const look =
        'cat /root/file /proc/sys/kernel/random/boot_id; ls -l /opt /etc/fstab 2>&1; systemctl is-active cron; cat /etc/ssh/*.pub; true';
      const before = await on(web, look);
      await world.reopen();
      await world.driver.converge(web, signal);
      expect(await on(web, look)).to.equal(before);
    });

    it('loses nothing of a command that has ended when its process is killed', async function () {
      await world.driver.close();
      const env = { ...process.env, EMULATED_FOLDER: world.folder, EMULATED_KEY: world.publicKey };
      const child = fork(new URL('driver-process.ts', import.meta.url), { env });
      await once(child, 'message');
      for (let round = 1; round <= 20; round++) await on(web, `echo ${round} >>/root/rounds`);
      child.kill('SIGKILL');
      await once(child, 'exit');
      await world.reopen();
      await world.driver.converge(web, signal);
      expect((await on(web, 'cat /root/rounds')).split('\n')).to.deep.equal(
        Array.from({ length: 20 }, (_, i) => `${i + 1}`),
      );
    });

    it('keeps what it holds from others', async () => {
      for (const name of await readdir(world.folder)) {
        const { mode } = await stat(join(world.folder, name));
        expect((mode & 0o077).toString(8), name).to.equal('0');
      }
    });

    it('says what it still has, and removes all of it at a reset', async () => {
      await world.driver.converge(other, signal);
      await world.driver.takeSnapshot(1, 11);
      await change(web, { volumes: [{ id: 'v-1', name: 'data', size: 10 }] });
      await world.reopen();
      expect(await world.driver.inventory()).to.deep.equal({
        hosts: [1, 2],
        snapshots: [11],
        volumes: ['v-1'],
      });
      await world.driver.reset();
      await world.reopen();
      expect(await world.driver.inventory()).to.deep.equal({ hosts: [], snapshots: [], volumes: [] });
    });

    it('forgets a host that was destroyed, though a command of it was still under way', async () => {
      const running = world.ssh(web, ['sleep 60; echo x >/root/late']);
      await on(web, 'true');
      await world.driver.destroy(1);
      expect((await running).code).to.equal(255);
      expect((await world.driver.inventory()).hosts).to.deep.equal([]);
    });

    it('reads past the half line that a crash has left', async () => {
      await on(web, 'echo kept >/root/file');
      await world.driver.close();
      const file = join(world.folder, 'host-1.jsonl');
      await appendFile(file, '{"files":[["/root/file",nu');
      await world.reopen();
      await world.driver.converge(web, signal);
      await on(web, 'echo more >>/root/file');
      await world.reopen();
      await world.driver.converge(web, signal);
      expect(await on(web, 'cat /root/file')).to.equal('kept\nmore');
      expect(await readFile(file, 'utf8')).to.match(/\n$/);
    });
  });

  describe('with images', () => {
    it('gives a deleted file back with the snapshot that has it, and another host key', async () => {
      await on(web, 'echo precious >/root/file; systemctl stop cron; systemctl disable cron');
      const key = await on(web, 'cat /etc/ssh/ssh_host_ed25519_key.pub');
      expect(await world.driver.takeSnapshot(1, 11)).to.be.greaterThan(0);
      await on(web, 'rm /root/file');
      await change(web, { installation: 2, image: { type: 'snapshot', id: 11 } });
      expect(await on(web, 'cat /root/file; systemctl is-enabled cron || true')).to.equal(
        'precious\ndisabled',
      );
      expect(await on(web, 'cat /etc/ssh/ssh_host_ed25519_key.pub')).to.not.equal(key);
    });

    it('makes other hosts from a snapshot, each with files of its own from then on', async () => {
      await on(web, 'echo shared >/root/file');
      await world.driver.takeSnapshot(1, 11);
      await world.driver.converge({ ...other, image: { type: 'snapshot', id: 11 } }, signal);
      await on(other, 'echo own >>/root/file');
      expect(await on(web, 'cat /root/file; hostname')).to.equal('shared\nshop-web1');
      expect(await on(other, 'cat /root/file; hostname')).to.equal('shared\nown\nshop-web2');
    });

    it('says which snapshot is missing', async () => {
      const error = await rejection(change(web, { installation: 2, image: { type: 'snapshot', id: 99 } }));
      expect(isHostError(error) && error.message).to.contain('99');
    });

    it('begins with nothing at a rebuild', async () => {
      await on(web, 'echo old >/root/file');
      await change(web, { installation: 2 });
      expect(await on(web, 'ls /root')).to.equal('');
    });
  });

  it('lets the files of a volume move from host to host', async () => {
    const volumes = [{ id: 'v-1', name: 'data', size: 10 }];
    const device = '/dev/disk/by-id/scsi-0DO_Volume_data';
    await change(web, { volumes });
    await world.driver.converge(other, signal);
    await on(
      web,
      `mkfs.ext4 -q ${device} && mkdir /mnt/data && mount ${device} /mnt/data && echo there >/mnt/data/file`,
    );
    await world.reopen();
    await change(web, { volumes });
    await world.driver.converge(other, signal);
    expect(await on(web, 'cat /mnt/data/file')).to.equal('there');
    await change(web, {});
    expect(await on(web, `ls /mnt/data; test -e ${device} || echo detached`)).to.equal('detached');
    await change(other, { volumes });
    expect(await on(other, `mkdir /mnt/d && mount ${device} /mnt/d && cat /mnt/d/file`)).to.equal('there');
  });

  describe('with a network', () => {
    const rule = (port: number, ...peers: string[]): HostRule => ({
      protocol: 'tcp',
      ports: [port, port],
      peers,
    });
    const everything: HostRule = { protocol: 'tcp', ports: [1, 65_535], peers: ['0.0.0.0/0', '::/0'] };

    beforeEach(() => world.driver.converge(other, signal));

    it('leads from host to host, by private and public address, and to the host itself', async () => {
      const ssh = await client(web);
      for (const address of ['10.116.0.3', '127.18.0.3', '127.0.0.1', '10.116.0.2'])
        expect(await banner(await ssh.forward(address, world.driver.sshPort)), address).to.match(
          /^SSH-2\.0-/,
        );
    });

    it('refuses what nothing listens at', async () => {
      const ssh = await client(web);
      expect(String(await rejection(ssh.forward('10.116.0.3', 8080)))).to.contain('10.116.0.3');
    });

    it('leads through one host to the next, for the OpenSSH client', async () => {
      const { stdout, stderr } = await world.jump(web, other, 'hostname');
      expect({ stdout, stderr }).to.deep.equal({ stdout: 'shop-web2\n', stderr: '' });
    });

    it('lets only those in whom a firewall names', async () => {
      await change(web, { firewall: { inbound: [rule(22, '198.51.100.7')], outbound: [everything] } });
      const socket = connect(world.driver.sshPort, web.addresses.public);
      let heard = '';
      socket.on('data', data => (heard += String(data)));
      await once(socket, 'connect');
      // A whole login elsewhere takes longer than the first line here would.
      await on(other, 'true');
      expect(heard).to.equal('');
      socket.destroy();
      await change(web, { firewall: { inbound: [rule(22, '127.0.0.1')], outbound: [everything] } });
      expect(await on(web, 'echo in')).to.equal('in');
    });

    it('holds firewalls up between hosts, on both ends', async () => {
      const ssh = await client(web);
      const port = world.driver.sshPort;
      const open = { inbound: [everything], outbound: [everything] };
      const isOpen = async (): Promise<boolean> => {
        const limit = new AbortController();
        const attempt = ssh.forward('10.116.0.3', port, { signal: limit.signal }).then(
          () => true,
          () => false,
        );
        // Whatever gets through has done so before the next answer of the same connection.
        const answered = ssh.run(['true']).then(() => false);
        const result = await Promise.race([attempt, answered]);
        limit.abort();
        return result;
      };
      await change(other, { firewall: { ...open, inbound: [rule(port, '10.116.0.2')] } });
      expect(await isOpen()).to.equal(true);
      await change(other, { firewall: { ...open, inbound: [rule(port, '10.116.0.9')] } });
      expect(await isOpen()).to.equal(false);
      await change(other, { firewall: open });
      await change(web, { firewall: { inbound: [everything], outbound: [rule(80, '0.0.0.0/0')] } });
      expect(await isOpen()).to.equal(false);
    });

    it('answers at a reserved address as long as it leads there', async () => {
      const reserved = '127.18.200.1';
      await change(web, { addresses: { ...web.addresses, reserved } });
      const there = { ...web, addresses: { ...web.addresses, public: reserved } };
      expect(await on(there, 'hostname')).to.equal('shop-web1');
      await change(web, {});
      expect((await world.ssh(there, ['true'])).stderr).to.contain('Connection refused');
    });

    it('opens ten sessions in a connection and no more, as sshd', async () => {
      const sessions = await world.openSessions(web, 11);
      expect(sessions).to.deep.equal([...Array.from({ length: 10 }, () => 'open'), 'refused']);
    });
  });

  describe('with faults', () => {
    it('leaves who is connected to a crashed host in the dark until it is revived', async () => {
      const ssh = await client(web);
      const lost = ssh.run(['sleep', '60']).catch((error: unknown) => error);
      await on(web, 'true');
      await world.driver.setFault(1, { type: 'crash' });
      expect((await world.ssh(web, ['true'])).stderr).to.contain('Connection refused');
      await change(web, {});
      expect((await world.ssh(web, ['true'])).stderr, 'a crash outlives a look').to.contain(
        'Connection refused',
      );
      await world.driver.clearFaults(1);
      expect(await lost).to.be.instanceOf(Error);
      expect(await on(web, 'echo back')).to.equal('back');
    });

    it('lets a frozen host go on where it was', async () => {
      const ssh = await client(web);
      await world.driver.setFault(1, { type: 'freeze' });
      const waiting = ssh.run(['echo', 'thawed']);
      const socket = connect(world.driver.sshPort, web.addresses.public);
      await once(socket, 'connect');
      await world.driver.clearFaults(1);
      expect((await waiting).stdout).to.equal('thawed\n');
      expect(await banner(socket)).to.match(/^SSH/);
      socket.destroy();
    });

    it('ends a freeze by a restart', async () => {
      await world.driver.setFault(1, { type: 'freeze' });
      await world.driver.restart(web, 'hard');
      expect(await on(web, 'echo up')).to.equal('up');
    });

    it('cuts two hosts off from each other, and nobody else', async () => {
      await world.driver.converge(other, signal);
      const ssh = await client(web);
      await world.driver.setFault(2, { type: 'cut', peer: 1 });
      const heard = ssh.forward('10.116.0.3', world.driver.sshPort).then(banner);
      const isHeard = Promise.race([heard.then(() => true), ssh.run(['true']).then(() => false)]);
      expect(await isHeard).to.equal(false);
      expect(await on(other, 'echo reached')).to.equal('reached');
      await world.driver.clearFaults(2);
      expect(await heard).to.match(/^SSH/);
    });

    it('cuts the operator off, but not the hosts from each other', async () => {
      await world.driver.converge(other, signal);
      const ssh = await client(web);
      await world.driver.setFault(2, { type: 'cut', peer: 'operator' });
      expect(await banner(await ssh.forward('10.116.0.3', world.driver.sshPort))).to.match(/^SSH/);
      const socket = connect(world.driver.sshPort, other.addresses.public);
      await once(socket, 'connect');
      const isHeard = Promise.race([banner(socket).then(() => true), ssh.run(['true']).then(() => false)]);
      expect(await isHeard).to.equal(false);
      socket.destroy();
    });

    it('has no room on a full disk, but in memory, and has it again afterwards', async () => {
      await world.driver.setFault(1, { type: 'disk-full' });
      const { code, stderr } = await world.ssh(web, ['echo more >/root/file']);
      expect({ code, stderr }).to.satisfy(() => code !== 0 && stderr.includes('No space left on device'));
      expect(await on(web, 'echo memory >/run/file; cat /run/file; df -P / | grep -c 100%')).to.equal(
        'memory\n1',
      );
      await world.driver.clearFaults(1);
      expect(await on(web, 'echo more >/root/file; cat /root/file')).to.equal('more');
    });

    it('has a wrong clock', async () => {
      await world.driver.setFault(1, { type: 'clock-skew', ms: -86_400_000 });
      const difference = Date.now() / 1000 - Number(await on(web, 'date +%s'));
      expect(Math.round(difference / 3600)).to.equal(24);
    });

    it('has faults that end one by one', async () => {
      const [crash, loss, skew] = [
        { type: 'crash' },
        { type: 'loss', percent: 100 },
        { type: 'clock-skew', ms: -86_400_000 },
      ] as const;
      for (const fault of [crash, loss, skew]) await world.driver.setFault(1, fault);
      await world.driver.clearFaults(1, 'loss');
      expect((await world.ssh(web, ['true'])).stderr).to.contain('Connection refused');
      await world.driver.clearFaults(1, 'crash');
      expect(await world.driver.faultsOf(1)).to.deep.equal([skew]);
      const difference = Date.now() / 1000 - Number(await on(web, 'date +%s'));
      expect(Math.round(difference / 3600)).to.equal(24);
    });

    it('cannot be set on a host that is not there', async () => {
      expect(isHostError(await rejection(world.driver.setFault(9, { type: 'freeze' })))).to.equal(true);
    });
  });

  it('has no sshd with a host key that nobody can read, and lets the other hosts be', async () => {
    await world.driver.converge(other, signal);
    const ruin = 'echo nonsense >/etc/ssh/ssh_host_ed25519_key; systemctl restart ssh';
    expect((await world.ssh(web, [ruin])).code).to.not.equal(0);
    expect((await world.ssh(web, ['true'])).code).to.equal(255);
    expect(await on(other, 'echo there')).to.equal('there');
  });

  it('makes a host after all when its port was taken at first, first boot included', async () => {
    const blocker = createServer().listen(world.driver.sshPort, other.addresses.public);
    await once(blocker, 'listening');
    const files = 'write_files: [{ path: /root/file, content: "once\\n", append: true }]';
    const userData = `#cloud-config\n${files}\nruncmd: [echo booted >>/root/file]\n`;
    const wanted = { ...other, userData };
    const error = await rejection(world.driver.converge(wanted, signal));
    expect(isHostError(error) && error.message).to.contain(other.addresses.public);
    blocker.close();
    await once(blocker, 'close');
    await world.driver.converge(wanted, signal);
    expect(await on(other, 'cloud-init status --wait; cat /root/file')).to.equal(
      'status: done\nonce\nbooted',
    );
  });

  it('takes another port than the sandbox that runs beside it, on the same addresses', async () => {
    const options = { folder: join(world.folder, 'x'), clock: systemClock, random: Math.random };
    const second = await createEmulatedDriver(options);
    try {
      expect(second.sshPort).to.not.equal(world.driver.sshPort);
      await second.converge(web, signal);
      expect(await on(web, 'hostname')).to.equal('shop-web1');
    } finally {
      await second.close();
    }
  });

  it('says what to do where loopback has only one address', async () => {
    const options = { folder: join(world.folder, 'x'), clock: systemClock, random: Math.random };
    // No machine has an address of this range, as macOS has none but 127.0.0.1.
    const error = await rejection(createEmulatedDriver({ ...options, publicRange: '192.0.2.0/24' }));
    expect(isHostError(error) && error.message)
      .to.contain('--hosts')
      .and.contain('ifconfig');
  });
});
