import { expect } from 'chai';
import {
  isCommandAborted,
  isCommandFailed,
  isCommandTimeout,
  isForwardRefused,
  isHostKeyMismatch,
  isOutputTooLong,
  isUnreachable,
} from '../../clients/ssh/errors.ts';
import type { HostAccess, SshPool } from '../../clients/ssh/ssh.ts';
import { rejection } from '../fakes/rejection.ts';

/** A pool, and a host that runs `cat`, `sleep 10`, `yes`, and `sh -c 'echo trouble >&2; exit 3'`. */
interface Subject {
  pool: SshPool;
  access: HostAccess;
}

/** What every SshPool does, the real one and the fake. */
export function itKeepsTheSshContract(subject: () => Subject): void {
  const host = (access: Partial<HostAccess> = {}) => subject().pool.host({ ...subject().access, ...access });

  it('gives stdin to a command and answers its stdout', async () => {
    const result = await host().run(['cat'], { stdin: 'a wörd' });
    expect(result).to.include({ code: 0, stdout: 'a wörd', stderr: '' });
    expect(result.stdoutBytes.toString()).to.equal('a wörd');
  });

  it('takes stdin as a stream', async () => {
    async function* words() {
      yield 'one ';
      yield Buffer.from('two');
    }
    expect((await host().run(['cat'], { stdin: words() })).stdout).to.equal('one two');
  });

  it('takes a failure for an answer, unless success is asked for', async () => {
    const failing = ['sh', '-c', 'echo trouble >&2; exit 3'];
    expect(await host().run(failing)).to.include({ code: 3, stdout: '', stderr: 'trouble\n' });
    const error = await rejection(host().succeed(failing));
    expect(isCommandFailed(error) && [error.code, error.stderr]).to.deep.equal([3, 'trouble\n']);
    expect(error.message).to.match(/failed with exit code 3: trouble$/);
  });

  it('stops what takes too long, what is not wanted any more, and what says too much', async () => {
    expect(isCommandTimeout(await rejection(host().run(['sleep', '10'], { timeoutMs: 50 })))).to.equal(true);
    const wanted = new AbortController();
    const running = rejection(host().run(['sleep', '10'], { signal: wanted.signal }));
    wanted.abort();
    expect(isCommandAborted(await running)).to.equal(true);
    expect(isOutputTooLong(await rejection(host().run(['yes'], { maxOutputBytes: 1_000 })))).to.equal(true);
  });

  it('does nothing for a caller who has left already', async () => {
    const signal = AbortSignal.abort();
    expect(isCommandAborted(await rejection(host().run(['cat'], { signal })))).to.equal(true);
    expect(isCommandAborted(await rejection(host().hostKey({ signal })))).to.equal(true);
  });

  it('refuses what no command line can say', async () => {
    expect(await rejection(host().run([]))).to.be.instanceOf(TypeError);
    expect(await rejection(host().run(['echo', '\0']))).to.be.instanceOf(TypeError);
  });

  it('knows a host by its key only, and without a key it asks nobody', async () => {
    const stranger = await rejection(host({ hostKeys: ['SHA256:of-another'] }).run(['cat']));
    expect(isHostKeyMismatch(stranger) && stranger.shown).to.equal(subject().access.hostKeys[0]);
    const unknown = await rejection(host({ hostKeys: [] }).run(['cat']));
    expect(isHostKeyMismatch(unknown) && unknown.shown).to.equal(undefined);
  });

  it('says when a forward finds nobody, and when there is no host', async () => {
    const error = await rejection(host().forward('127.0.0.9', 1));
    expect(isForwardRefused(error) && error.refusal).to.equal('refused');
    expect(isUnreachable(await rejection(host({ address: '127.0.0.9', port: 1 }).run(['cat'])))).to.equal(
      true,
    );
  });

  it('reaches nobody when it is closed', async () => {
    const { pool, access } = subject();
    const kept = pool.host(access);
    pool.close();
    expect(isUnreachable(await rejection(kept.run(['cat'])))).to.equal(true);
  });
}
