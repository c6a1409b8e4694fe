import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import {
  openWorkplace,
  startDropfleet,
  type RunningCommand,
  type Workplace,
} from '../../environment/dropfleet.ts';

const FAST = ['--boot-delay', '200ms'];

describe('dropfleet ssh that is ended from outside', () => {
  let place: Workplace;
  let daemon: RunningCommand;
  const left = async (): Promise<string[]> =>
    (await readdir(place.path('.dropfleet', 'sandbox'))).filter(name => name.startsWith('ssh-'));

  /** With a program of that name that says who it is, and stays. */
  async function login(): Promise<{ command: RunningCommand; program: number }> {
    const command = startDropfleet(
      { ...place, env: { PATH: `${place.path('bin')}:${process.env['PATH']}` } },
      'ssh',
      'master',
    );
    const [, pid] = await command.says(/^program (\d+)$/m);
    return { command, program: Number(pid) };
  }
  const isAlive = (pid: number): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  before(async () => {
    place = await openWorkplace(['blog,1,,']);
    await mkdir(place.path('bin'));
    await writeFile(place.path('bin', 'ssh'), '#!/bin/sh\necho "program $$"\nexec sleep 60\n');
    await chmod(place.path('bin', 'ssh'), 0o755);
    daemon = startDropfleet(place, 'up', ...FAST);
    await daemon.says(/^1 of 1 droplets Ready, /m);
  });
  after(async () => {
    await daemon.stop('SIGKILL');
    await place.remove();
  });

  for (const [signal, expected] of [
    ['SIGHUP', 129],
    ['SIGTERM', 143],
  ] as const)
    it(`by ${signal} takes ssh with it and leaves no key behind`, async () => {
      const { command, program } = await login();
      expect(await left()).to.have.length(1);
      const { code, stderr } = await command.stop(signal);
      expect({ code, stderr }).to.deep.equal({ code: expected, stderr: '' });
      expect(isAlive(program)).to.equal(false);
      expect(await left()).to.deep.equal([]);
    });

  it('by SIGKILL has its key swept when dropfleet is started again', async () => {
    const { command, program } = await login();
    process.kill(command.pid, 'SIGKILL');
    process.kill(program);
    await command.ended;
    expect(await left()).to.have.length(1);
    await daemon.stop();
    daemon = startDropfleet(place, 'up', ...FAST);
    await daemon.says(/^Kubernetes /m);
    expect(await left()).to.deep.equal([]);
  });
});
