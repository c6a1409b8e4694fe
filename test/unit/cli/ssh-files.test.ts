import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { sweepSshFiles, withSshFiles } from '../../../cli/world/ssh-files.ts';
import { rejection } from '../../fakes/rejection.ts';

describe('The files that ssh is given', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'dropfleet-ssh-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const content = { identity: 'key', knownHosts: 'host' };
  function leave(name: string, ...files: string[]): string {
    mkdirSync(join(folder, name));
    for (const file of files) writeFileSync(join(folder, name, file), 'secret');
    return join(folder, name);
  }

  it('are there for their owner alone, and only for as long as they are used', async () => {
    const answer = await withSshFiles(folder, content, async ({ identity, knownHosts }) => {
      expect([identity, knownHosts].map(path => readFileSync(path, 'utf8'))).to.deep.equal(['key', 'host']);
      for (const path of [dirname(identity), identity]) expect(statSync(path).mode & 0o077).to.equal(0);
      return 7;
    });
    expect(answer).to.equal(7);
    await rejection(withSshFiles(folder, content, () => Promise.reject(new Error('no ssh'))));
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it('are swept when the command that left them is gone, and by its successor', async () => {
    const { pid } = spawnSync('true');
    leave(`ssh-${pid}-aB3xYz`, 'identity', 'known_hosts');
    leave('ssh-aB3xYz', 'identity');
    utimesSync(leave(`ssh-${process.pid}-before`, 'identity'), 1_000, 1_000);
    await sweepSshFiles(folder);
    expect(readdirSync(folder)).to.deep.equal([]);
    leave(`ssh-${pid}-aB3xYz`, 'identity');
    await withSshFiles(folder, content, () => Promise.resolve());
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it('are left to a command that still runs, and what else is there to whom it belongs', async () => {
    leave(`ssh-${process.pid}-aB3xYz`, 'identity');
    leave('ssh-backup', 'id_ed25519');
    leave('ssh', 'id_ed25519', 'identity');
    writeFileSync(join(folder, 'ssh-1'), '');
    await sweepSshFiles(folder);
    expect(readdirSync(folder)).to.have.members([`ssh-${process.pid}-aB3xYz`, 'ssh-backup', 'ssh', 'ssh-1']);
    expect(readdirSync(join(folder, 'ssh-backup'))).to.deep.equal(['id_ed25519']);
    await sweepSshFiles(join(folder, 'nowhere'));
  });
});
