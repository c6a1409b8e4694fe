import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../../clients/clock.ts';
import { isCommandAborted, isCommandFailed } from '../../../../clients/ssh/errors.ts';
import { createSshPool } from '../../../../clients/ssh/pool.ts';
import type { SshHost, SshPool } from '../../../../clients/ssh/ssh.ts';
import { canMakeUsers, makeHostUser, type HostUser } from '../../../environment/host-user.ts';
import { startSshd, type Sshd } from '../../../environment/sshd.ts';
import { untilThere } from '../../../environment/until-there.ts';
import { rejection } from '../../../fakes/rejection.ts';

const USER = 'dropfleet-test';

describe('The SSH client, as a user with sudo', () => {
  let user: HostUser;
  let sshd: Sshd;
  let pool: SshPool;
  let host: SshHost;
  let folder: string;

  before(async function () {
    if (!canMakeUsers()) this.skip();
    user = makeHostUser(USER);
    sshd = await startSshd({ user: USER });
    folder = mkdtempSync(join(tmpdir(), 'dropfleet-ssh-'));
    chmodSync(folder, 0o777);
    pool = createSshPool({ clock: systemClock, random: Math.random });
    host = pool.host(sshd.access);
  });
  after(async () => {
    if (user === undefined) return;
    pool.close();
    await sshd.close();
    rmSync(folder, { recursive: true });
    user.remove();
  });

  it('is that user, and root through sudo', async () => {
    expect((await host.succeed(['id', '-un'])).stdout).to.equal(`${USER}\n`);
    expect((await host.succeed(['sudo', '-n', 'id', '-un'])).stdout).to.equal('root\n');
  });

  it("writes a file into root's folders and gives it away", async () => {
    const path = join(folder, 'file');
    await host.writeFile(path, 'a secret', { mode: 0o600 });
    const { uid, mode } = statSync(path);
    expect({ uid, mode }).to.deep.equal({ uid: 0, mode: 0o100600 });
    await host.writeFile(path, 'another', { mode: 0o640, owner: `${USER}:root` });
    expect(readFileSync(path, 'utf8')).to.equal('another');
    expect((await host.succeed(['cat', path])).stdout).to.equal('another');
  });

  it('puts nothing of a file into the command line', async () => {
    const spy = `for c in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$c; done 2>/dev/null; true`;
    const [, seen] = await Promise.all([
      host.writeFile(join(folder, 'hidden'), `a-secret${'x'.repeat(3_000_000)}`, { mode: 0o600 }),
      host.succeed(['sh', '-c', spy]),
    ]);
    expect(seen.stdout).not.to.include('a-secretxxx');
  });

  for (const [name, sudo] of [
    ['its own', []],
    ["root's", ['sudo', '-n']],
  ] as const)
    it(`tells ${name} process that its command is not wanted any more`, async () => {
      const [started, ending] = [`started-${sudo.length}`, `told-${sudo.length}`];
      const wanted = new AbortController();
      const script = `trap ': >${folder}/${ending}; exit' TERM; sleep 10 & : >${folder}/${started}; wait`;
      const running = rejection(host.run([...sudo, 'sh', '-c', script], { signal: wanted.signal }));
      await untilThere(folder, names => names.includes(started));
      wanted.abort();
      expect(isCommandAborted(await running)).to.equal(true);
      await untilThere(folder, names => names.includes(ending));
    });

  it('says what is wrong when the disk is full', async function () {
    const small = join(folder, 'small');
    const mount = `mkdir -p ${small} && mount -t tmpfs -o size=64k none ${small}`;
    if (spawnSync('sh', ['-c', mount]).status !== 0) this.skip();
    try {
      await host.writeFile(join(small, 'file'), 'old', { mode: 0o644 });
      const error = await rejection(
        host.writeFile(join(small, 'file'), Buffer.alloc(100_000), { mode: 0o644 }),
      );
      expect(isCommandFailed(error)).to.equal(true);
      expect(error.message).to.match(
        /^writing .*file on .* failed with exit code 1: .*No space left on device/,
      );
      expect(spawnSync('ls', ['-A', small]).stdout.toString()).to.equal('file\n');
      expect(readFileSync(join(small, 'file'), 'utf8')).to.equal('old');
    } finally {
      spawnSync('umount', [small]);
    }
  });
});
