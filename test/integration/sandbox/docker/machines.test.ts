import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { openDockerDroplets, type DockerDroplets } from '../../../environment/docker-droplets.ts';

const FOREVER = new AbortController().signal;

/** Takes every inotify instance that there is, and then waits for an sshd where none is. */
const WAIT_WITHOUT_INOTIFY = `
import ctypes, os, subprocess
assert ctypes.CDLL(None).inotify_init() < 0
print(subprocess.run(['/usr/local/lib/hypervisor/answers', str(os.getpid()), '1'], stderr=subprocess.PIPE, text=True))
`;

describe('docker hosts', () => {
  let droplets: DockerDroplets;
  before(async function () {
    this.timeout(600_000); // the image may have to be built
    droplets = await openDockerDroplets();
  });
  after(() => droplets.end());

  it('has three machines up, with cloud-init finished and SSH answering', async () => {
    const specs = [1, 2, 3].map(id => droplets.spec(id));
    const start = performance.now();
    await Promise.all(specs.map(spec => droplets.hosts.converge(spec, FOREVER)));
    const states = await Promise.all(specs.map(spec => droplets.ssh(spec, 'cloud-init status --wait')));
    console.log(`      three machines: ${((performance.now() - start) / 1_000).toFixed(1)} s`);
    expect(states.map(state => state.replace(/^\.*\s*/, ''))).to.deep.equal(specs.map(() => 'status: done'));
    expect(await Promise.all(specs.map(spec => droplets.ssh(spec, 'cat /root/first-boot')))).to.deep.equal(
      specs.map(({ name }) => name),
    );
  });

  it('runs systemd, both engines and nginx on each', async () => {
    const spec = droplets.spec(1);
    expect(await droplets.ssh(spec, 'cat /proc/1/comm')).to.equal('systemd');
    // SSH answers before the last of the boot's services has begun.
    await droplets.ssh(spec, 'systemctl is-system-running --wait || true');
    expect(await droplets.ssh(spec, 'systemctl is-active docker ssh nginx')).to.equal(
      'active\nactive\nactive',
    );
    await droplets.ssh(spec, 'podman info && docker info && systemctl reload nginx');
    expect(await fetch(`http://${spec.addresses.public}/`).then(reply => reply.status)).to.equal(200);
  });

  it('puts machines of one VPC within reach of each other by their private addresses', async () => {
    const [one, two] = [droplets.spec(1), droplets.spec(2)];
    expect(
      await droplets.ssh(one, `ping -c 1 -W 2 ${two.addresses.private} >/dev/null && echo there`),
    ).to.equal('there');
  });

  it('changes nothing about a machine that is as it should be', async () => {
    const spec = droplets.spec(1);
    const before = await droplets.ssh(spec, 'cat /proc/sys/kernel/random/boot_id; touch /run/here');
    await droplets.hosts.converge(spec, FOREVER);
    expect(await droplets.ssh(spec, 'ls /run/here; cat /proc/sys/kernel/random/boot_id')).to.equal(
      `/run/here\n${before}`,
    );
  });

  it('holds a machine to the memory and the disk of its size', async () => {
    const spec = droplets.spec(1);
    expect(await droplets.ssh(spec, 'df --output=size --block-size=G / | tail -n 1')).to.match(/^2[45]G$/);
    expect(
      await droplets.succeeds(spec, `python3 -c 'len("x" * ${2 * spec.memory} * 1024 * 1024)'`),
    ).to.equal(false);
    expect(await droplets.succeeds(spec, `python3 -c 'len("x" * 64 * 1024 * 1024)'`)).to.equal(true);
  });

  it('keeps the files through off and on, and boots again', async () => {
    const spec = droplets.spec(1);
    const before = await droplets.ssh(
      spec,
      'echo kept >/root/file; sync; cat /proc/sys/kernel/random/boot_id',
    );
    await droplets.hosts.converge({ ...spec, power: 'off' }, FOREVER);
    expect(await droplets.succeeds(spec, 'true')).to.equal(false);
    await droplets.hosts.converge(spec, FOREVER);
    expect(await droplets.ssh(spec, 'cat /root/file')).to.equal('kept');
    expect(await droplets.ssh(spec, 'cat /proc/sys/kernel/random/boot_id')).not.to.equal(before);
  });

  for (const how of ['graceful', 'hard'] as const)
    it(`comes back from a ${how} restart with its files`, async () => {
      const spec = droplets.spec(1);
      await droplets.ssh(spec, 'echo kept >/root/restarted; sync; touch /run/before');
      await droplets.hosts.restart(spec, how);
      expect(await droplets.ssh(spec, 'cat /root/restarted')).to.equal('kept');
      expect(await droplets.succeeds(spec, 'test -e /run/before')).to.equal(false);
    });

  it('starts a machine again that was told to reboot from inside', async () => {
    const spec = droplets.spec(2);
    const before = await droplets.ssh(spec, 'cat /proc/sys/kernel/random/boot_id');
    await droplets.ssh(spec, 'systemctl reboot').catch(() => undefined);
    let now = before;
    while (now === before)
      now = await droplets.ssh(spec, 'cat /proc/sys/kernel/random/boot_id').catch(() => before);
    expect(
      await droplets.ssh(
        spec,
        `ping -c 1 -W 2 ${droplets.spec(1).addresses.private} >/dev/null && echo there`,
      ),
    ).to.equal('there');
  });

  it('keeps the files through a resize, which gives the disk and the limits their new size', async () => {
    const spec = droplets.spec(3);
    await droplets.ssh(spec, 'echo kept >/root/file');
    const large = { ...spec, memory: 2048, disk: 60 };
    await droplets.hosts.converge({ ...spec, power: 'off' }, FOREVER);
    await droplets.hosts.converge(large, FOREVER);
    expect(
      await droplets.ssh(large, 'cat /root/file; df --output=size --block-size=G / | tail -n 1'),
    ).to.match(/^kept\n\s*(59|60)G$/);
    expect(await droplets.succeeds(large, `python3 -c 'len("x" * 1500 * 1024 * 1024)'`)).to.equal(true);
  });

  it('says what to raise when no sshd answers because no program can watch files any more', () => {
    // By the limit of a user namespace of its own: whoever else runs on this machine goes on to watch files.
    const wait = 'echo 0 >/proc/sys/user/max_inotify_instances && exec python3 -c "$0"';
    const argv = ['unshare', '--user', '--map-root-user', '--net', 'sh', '-c', wait, WAIT_WITHOUT_INOTIFY];
    expect(
      execFileSync('docker', ['exec', `dropfleet-${droplets.sandbox}`, ...argv], { encoding: 'utf8' }),
    ).to.match(
      /returncode=1.*have fewer droplets, or raise that: sudo sysctl fs\.inotify\.max_user_instances=\d+/,
    );
  });

  it('recreates the files, and runs cloud-init again, for another installation', async () => {
    const spec = droplets.spec(3);
    await droplets.ssh(spec, 'touch /root/old');
    const hostKey = await droplets.ssh(spec, 'cat /etc/ssh/ssh_host_ed25519_key.pub');
    await droplets.hosts.converge({ ...spec, installation: 2 }, FOREVER);
    await droplets.ssh(spec, 'cloud-init status --wait');
    expect(await droplets.ssh(spec, 'ls /root')).to.equal('first-boot');
    expect(await droplets.ssh(spec, 'cat /etc/ssh/ssh_host_ed25519_key.pub')).not.to.equal(hostKey);
  });

  it('leaves no trace of a droplet that is destroyed, and may be told so twice', async () => {
    await droplets.hosts.destroy(3);
    await droplets.hosts.destroy(3);
    expect((await droplets.hosts.inventory()).hosts).to.have.members([1, 2]);
  });
});
