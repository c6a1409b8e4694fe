import { watch as watchFolder } from 'node:fs/promises';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../../clients/clock.ts';
import { isConnectionLost, isHostKeyMismatch, isUnreachable } from '../../../../clients/ssh/errors.ts';
import { createSshPool } from '../../../../clients/ssh/pool.ts';
import type { HostAccess, SshHost } from '../../../../clients/ssh/ssh.ts';
import { startRelay, type Relay } from '../../../environment/relay.ts';
import { startSshd, type Sshd } from '../../../environment/sshd.ts';
import { untilThere } from '../../../environment/until-there.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { packetTypes } from './ssh-packets.ts';

const SECRET = 'a-secret-that-must-go-nowhere-else';

describe('The SSH client, when things go wrong', () => {
  const closers: (() => unknown)[] = [];
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dropfleet-ssh-'));
    closers.push(() => rmSync(folder, { recursive: true }));
  });
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  });

  const open = async (...options: Parameters<typeof startSshd>): Promise<Sshd> => {
    const sshd = await startSshd(...options);
    closers.push(() => sshd.close());
    return sshd;
  };
  const relayTo = async (...options: Parameters<typeof startRelay>): Promise<Relay> => {
    const relay = await startRelay(...options);
    closers.push(() => relay.close());
    return relay;
  };
  const hostAt = (access: HostAccess, clock = systemClock): SshHost => {
    const pool = createSshPool({ clock, random: () => 0 });
    closers.push(() => pool.close());
    return pool.host(access);
  };

  it('tells an impostor nothing but the protocol, and a person which key was expected and shown', async () => {
    const real = await open();
    await hostAt(real.access).writeFile(join(folder, 'token'), SECRET, { mode: 0o600 });
    await real.kill();
    const impostor = await open({ port: real.port, pair: real.pair });
    const wire = await relayTo(impostor.port);
    const host = hostAt({ ...real.access, port: wire.port });

    const error = await rejection(host.writeFile(join(folder, 'token'), SECRET, { mode: 0o600 }));
    expect(isHostKeyMismatch(error) && error.shown).to.equal(impostor.access.hostKeys[0]);
    expect(error.message).to.include(real.access.hostKeys[0]).and.include(impostor.access.hostKeys[0]);
    await impostor.logged(/Connection closed|Received disconnect/);
    // KEXINIT, ECDH_INIT, DISCONNECT: no SERVICE_REQUEST (5), with which the login would begin.
    expect(packetTypes(wire.received())).to.deep.equal([20, 30, 1]);
    expect(impostor.log.join('\n')).not.to.match(/userauth|Accepted|Failed|for root|invalid user/);
  });

  it('notices a connection that is half open, although TCP does not', async () => {
    const sshd = await open();
    const relay = await relayTo(sshd.port);
    const clock = fakeClock();
    const host = hostAt({ ...sshd.access, port: relay.port }, clock);
    await host.hostKey();
    relay.freeze();
    const running = rejection(host.run(['true'], { timeoutMs: 60_000 }));
    await clock.advance(20_000);
    expect(isConnectionLost(await running)).to.equal(true);
  });

  it('leaves the old file as it is when the connection is cut in the middle of a new one', async () => {
    const sshd = await open();
    const relay = await relayTo(sshd.port);
    const host = hostAt({ ...sshd.access, port: relay.port });
    const path = join(folder, 'file');
    await host.writeFile(path, 'old', { mode: 0o644 });
    relay.cutAfter(500_000);
    const cleaned = untilGoneAgain(folder, '.file.');
    const error = await rejection(host.writeFile(path, Buffer.alloc(2_000_000, 'new'), { mode: 0o644 }));
    expect(isConnectionLost(error)).to.equal(true);
    await cleaned;
    expect(readdirSync(folder)).to.deep.equal(['file']);
    expect(readFileSync(path, 'utf8')).to.equal('old');
  });

  it('runs 8 commands over a sshd that allows 2 sessions at a time', async () => {
    const sshd = await open({ config: ['MaxSessions 2'] });
    const host = hostAt(sshd.access);
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) => host.succeed(['sh', '-c', `sleep 0.05; echo ${i}`])),
    );
    expect(results.map(({ stdout }) => Number(stdout))).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(sshd.logins()).to.equal(1);
  });

  it('says that a host which allows no session runs no command', async () => {
    const sshd = await open({ config: ['MaxSessions 0'] });
    const error = await rejection(hostAt(sshd.access).run(['true']));
    expect(isUnreachable(error)).to.equal(true);
    expect(error.message).to.include('MaxSessions');
  });

  it('tries later, not at once, when sshd takes no more connections', async () => {
    const sshd = await open({ config: ['MaxStartups 1'] });
    const other = connect(sshd.port, '127.0.0.1');
    await once(other, 'data');
    const clock = fakeClock();
    const host = hostAt(sshd.access, clock);
    const refusal = await rejection(host.hostKey());
    expect(isUnreachable(refusal)).to.equal(true);
    other.destroy();
    // Another question to sshd would have another answer.
    expect(await rejection(host.hostKey()), 'not asked again').to.equal(refusal);
    // It frees the other's place when it has noticed.
    const tryAgain = (): Promise<string> => clock.advance(30_000).then(() => host.hostKey());
    let key: string | undefined;
    while (key === undefined) key = await tryAgain().catch(() => undefined);
    expect(key).to.match(/^ssh-ed25519 /);
  });

  it('works over 100 ms each way with stalls as after lost packets', async () => {
    const sshd = await open();
    let chunks = 0;
    const relay = await relayTo(sshd.port, { delayMs: 100, isLost: () => ++chunks % 50 === 0 });
    const host = hostAt({ ...sshd.access, port: relay.port });
    const content = Buffer.alloc(1_000_000, 'x');
    await host.writeFile(join(folder, 'file'), content, { mode: 0o644 });
    const { stdoutBytes } = await host.succeed(['cat', join(folder, 'file')]);
    expect(stdoutBytes.equals(content)).to.equal(true);
  });

  it('streams 100 MB at the pace of the host, not into memory', async () => {
    const sshd = await open();
    const chunk = Buffer.alloc(64 * 1024, 'x');
    let produced = 0;
    function* content() {
      for (let i = 0; i < 1_600; i++) {
        produced += chunk.length;
        yield chunk;
      }
    }
    const awake = untilThere(folder, names => names.includes('awake'));
    const script = `head -c 1 >/dev/null; sleep 1; touch ${folder}/awake; wc -c`;
    const counting = hostAt(sshd.access).succeed(['sh', '-c', script], { stdin: toAsync(content()) });
    await awake;
    expect(produced, 'while the host does not read').to.be.lessThan(12_000_000);
    const { stdout } = await counting;
    expect(Number(stdout)).to.be.greaterThan(100_000_000);
    expect(produced).to.equal(1_600 * chunk.length);
  });
});

async function* toAsync<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) yield item;
}

/** Resolves when a file whose name begins so has come and gone, however quickly. */
async function untilGoneAgain(folder: string, beginning: string): Promise<void> {
  let hasCome = false;
  for await (const { filename } of watchFolder(folder)) {
    hasCome ||= filename?.startsWith(beginning) ?? false;
    if (hasCome && !readdirSync(folder).some(name => name.startsWith(beginning))) return;
  }
}
