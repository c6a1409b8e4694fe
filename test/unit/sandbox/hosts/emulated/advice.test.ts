import { expect } from 'chai';
import { aMachine, runOn } from './machine.ts';

describe('What a message tells a person to run, on an emulated host', () => {
  const run = (script: string): ReturnType<typeof runOn> =>
    runOn(aMachine(), `printf %3000s x >/srv/large; ${script}`);

  it('shows what is large, the largest last', async () => {
    const { code, stdout } = await run('sudo du -xh / | sort -h | tail -n 2');
    expect(code).to.equal(0);
    expect(stdout).to.match(/^\S+K\t\/\S+\n\S+K\t\/\n$/);
    expect((await run('du -h /srv')).stdout).to.equal('3.0K\t/srv\n');
  });

  it('shows how full the disk is, by space and by files', async () => {
    const { stdout } = await run('df -h; df -i');
    expect(stdout).to.match(/^Filesystem +Size[^]*\d+G +1\.[67]G +\d+G +\d+% \/\n/);
    expect(stdout).to.match(/\nFilesystem +Inodes[^]* \d+ +\d+ +\d+ +1% \/\n$/);
  });

  it('shows what runs', async () => {
    const { code, stdout } = await run('ps aux');
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/^USER +PID COMMAND\n/)
      .and.to.match(/^root +1 systemd$/m);
  });

  it('is said to be missing, with the exit code of a shell, where it is', async () => {
    const { code, stderr } = await runOn(aMachine(), 'tcpdump -i eth0');
    expect(code).to.equal(127);
    expect(stderr).to.include('tcpdump: command not found');
  });
});
