import { expect } from 'chai';
import { HostUnreachable } from '../../../clients/ssh/errors.ts';
import { itKeepsTheSshContract } from '../../environment/ssh-contract.ts';
import { rejection } from '../../fakes/rejection.ts';
import { fakeSsh, type FakeSsh } from '../../fakes/ssh.ts';

const ACCESS = {
  address: '127.0.0.1',
  port: 22,
  user: 'dropfleet',
  privateKey: { reveal: () => '' },
  hostKeys: ['SHA256:mine'],
};

describe('The fake SSH pool', () => {
  let ssh: FakeSsh;

  beforeEach(() => {
    ssh = fakeSsh();
    ssh.hosts.set('127.0.0.1', {
      hostKey: 'SHA256:mine',
      files: new Map(),
      answer([program], stdin) {
        if (program === 'cat') return { stdout: stdin };
        if (program === 'sleep') return 'hang';
        if (program === 'yes') return { stdout: 'y\n'.repeat(10_000) };
        return program === 'sh' ? { code: 3, stderr: 'trouble\n' } : undefined;
      },
    });
  });

  itKeepsTheSshContract(() => ({ pool: ssh, access: ACCESS }));

  it('fails on a command that no test expects', async () => {
    const error = await rejection(ssh.host(ACCESS).run(['reboot']));
    expect(error.message).to.equal('No test expects "reboot" on a host.');
  });

  it('fails when told to, before or after the effect', async () => {
    const host = ssh.host(ACCESS);
    ssh.failNext(new HostUnreachable('gone'));
    ssh.failNext(new HostUnreachable('gone'), { afterEffect: true });
    const path = '/etc/motd';
    const files = ssh.hosts.get('127.0.0.1')?.files;
    expect(await rejection(host.writeFile(path, 'a', { mode: 0o644 }))).to.be.instanceOf(HostUnreachable);
    expect(files?.has(path)).to.equal(false);
    expect(await rejection(host.writeFile(path, 'b', { mode: 0o644 }))).to.be.instanceOf(HostUnreachable);
    expect(files?.get(path)).to.equal('b');
    expect(ssh.calls.map(({ argv }) => argv)).to.deep.equal([
      ['write', path],
      ['write', path],
    ]);
  });
});
