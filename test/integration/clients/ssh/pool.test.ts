import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, watch } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../../clients/clock.ts';
import {
  isAuthenticationRefused,
  isConnectionLost,
  isForwardRefused,
  isHostKeyMismatch,
  isSshError,
  isUnreachable,
} from '../../../../clients/ssh/errors.ts';
import { generateKeyPair } from '../../../../clients/ssh/key-pair.ts';
import { createSshPool } from '../../../../clients/ssh/pool.ts';
import type { SshPool } from '../../../../clients/ssh/ssh.ts';
import { SecretText } from '../../../../config/secret-text.ts';
import { itKeepsTheSshContract } from '../../../environment/ssh-contract.ts';
import { untilThere } from '../../../environment/until-there.ts';
import { startSshd, type Sshd } from '../../../environment/sshd.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { rejection } from '../../../fakes/rejection.ts';

describe('The SSH client, with a real sshd', () => {
  let sshd: Sshd;
  let pool: SshPool;
  let folder: string;

  before(async () => {
    sshd = await startSshd();
    folder = mkdtempSync(join(tmpdir(), 'dropfleet-ssh-'));
  });
  after(async () => {
    await sshd.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    pool = createSshPool({ clock: systemClock, random: Math.random });
  });
  afterEach(() => pool.close());

  const host = () => pool.host(sshd.access);

  describe('as every pool', () => itKeepsTheSshContract(() => ({ pool, access: sshd.access })));

  it('leaves no timer behind when it is closed while a command runs', async () => {
    const clock = fakeClock();
    const closing = createSshPool({ clock, random: Math.random });
    const begun = untilThere(folder, names => names.includes('begun'));
    const cutOff = rejection(closing.host(sshd.access).run(['sh', '-c', `touch ${folder}/begun; sleep 60`]));
    await begun;
    closing.close();
    await cutOff;
    expect(clock.pending()).to.equal(0);
  });

  it('gives up a login that is under way when it is closed', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const clock = fakeClock();
    const closing = createSshPool({ clock, random: Math.random });
    const cutOff = rejection(closing.host({ ...sshd.access, port }).run(['true']));
    const [socket] = (await once(silent, 'connection')) as [Socket];
    socket.on('error', () => undefined).resume();
    closing.close();
    expect(isUnreachable(await cutOff)).to.equal(true);
    expect(clock.pending()).to.equal(0);
    silent.close();
  });

  it('carries bytes as they are', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const { stdoutBytes } = await host().run(['cat'], { stdin: bytes });
    expect(stdoutBytes.equals(bytes)).to.equal(true);
  });

  it('shares one login among all who come at once, and runs at most 8 commands at a time', async () => {
    const before = sshd.logins();
    const script = `touch ${folder}/$$.run; ls ${folder}/*.run | wc -l; sleep 0.1; rm ${folder}/$$.run`;
    const results = await Promise.all(Array.from({ length: 24 }, () => host().succeed(['sh', '-c', script])));
    expect(Math.max(...results.map(({ stdout }) => Number(stdout)))).to.be.within(2, 8);
    expect(sshd.logins() - before).to.equal(1);
  });

  it('counts a signal that ended a command as shells do', async () => {
    expect((await host().run(['sh', '-c', 'kill -KILL $$'])).code).to.equal(137);
  });

  it('connects from the host to where a forward leads, or says why that failed', async () => {
    const forward = await host().forward('127.0.0.1', sshd.port);
    const [greeting] = (await once(forward, 'data')) as [Buffer];
    expect(greeting.toString()).to.match(/^SSH-2.0-OpenSSH/);
    forward.destroy();
    const error = await rejection(host().forward('127.0.0.1', 1));
    expect(isForwardRefused(error)).to.equal(true);
    expect(error.message).to.include('cannot connect to 127.0.0.1 port 1').and.include('refused');
  });

  it('writes a file with mode and owner', async () => {
    const path = join(folder, "it's a file");
    await host().writeFile(path, 'first', { mode: 0o640 });
    await host().writeFile(path, 'second', { mode: 0o604, owner: 'nobody:nogroup' });
    expect(readFileSync(path, 'utf8')).to.equal('second');
    const { mode, uid } = statSync(path);
    expect({ mode: mode & 0o7777, uid }).to.deep.equal({ mode: 0o604, uid: 65_534 });
  });

  it('says that a command was lost when its connection was, and connects again for the next', async () => {
    const started = once(watch(folder), 'change');
    const running = rejection(host().run(['sh', '-c', `touch ${folder}/started; sleep 10`]));
    await started;
    await sshd.kill();
    expect(isConnectionLost(await running)).to.equal(true);
    await sshd.start();
    expect((await host().run(['echo', 'back'])).stdout).to.equal('back\n');
  });

  it('tells an unknown host, a refused key and a silent port from each other', async () => {
    const { privateKey } = await generateKeyPair('a stranger');
    const wrongPin = pool.host({ ...sshd.access, hostKeys: ['SHA256:of-another'] });
    const wrongKey = pool.host({ ...sshd.access, privateKey: new SecretText(privateKey) });
    const wrongPort = pool.host({ ...sshd.access, port: 1 });
    expect(isHostKeyMismatch(await rejection(wrongPin.hostKey()))).to.equal(true);
    expect(isAuthenticationRefused(await rejection(wrongKey.hostKey()))).to.equal(true);
    const error = await rejection(wrongPort.hostKey());
    expect(isUnreachable(error) && isSshError(error)).to.equal(true);
  });
});
