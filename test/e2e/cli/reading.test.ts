import { expect } from 'chai';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { startSandbox } from '../../../sandbox/server.ts';
import { startStandalone } from '../../../standalone/server.ts';
import { openWorkplace, runDropfleet, startDropfleet, type Workplace } from '../../environment/dropfleet.ts';

/** Every file below the place, with what it holds and when that was written. */
async function filesOf(place: Workplace): Promise<string[]> {
  const entries = await readdir(place.folder, { recursive: true, withFileTypes: true });
  const paths = entries.map(({ parentPath, name }) => join(parentPath, name)).toSorted();
  return await Promise.all(
    paths.map(async path => {
      const { mtimeMs, mode } = await stat(path);
      const content = await readFile(path, 'latin1').catch(() => 'a folder');
      return `${path} ${mode} ${mtimeMs} ${content}`;
    }),
  );
}

/** Another process that has the state directory for its own. */
async function hold(place: Workplace): Promise<() => Promise<void>> {
  const api = await startStandalone({ stateDir: place.path('.dropfleet', 'sandbox', 'kubernetes'), port: 0 });
  const cloud = await startSandbox({ port: 0, stateFile: place.path('.dropfleet', 'sandbox', 'cloud.json') });
  return async () => {
    await cloud.close();
    await api.close();
  };
}

// What may be called at any time, by anybody, beside anything.
describe('A command that reads', () => {
  let place: Workplace;
  const run = (...args: string[]) => runDropfleet(place, ...args);
  before(async () => (place = await openWorkplace(['shop,2,,'])));
  after(() => place.remove());

  it('makes nothing where nothing is yet, and status says so', async () => {
    const before = await filesOf(place);
    expect((await run('plan')).stdout).to.match(/^\+ +droplet shop-web1 +create/m);
    const { code, stdout } = await run('status');
    expect(stdout).to.match(/^There is no state in \.dropfleet\/sandbox yet\. Nothing is running here: /m);
    expect(code).to.equal(1);
    expect(await filesOf(place)).to.deep.equal(before);
  });

  it('changes no file of a fleet that nobody keeps', async () => {
    expect((await run('orchestrate')).code).to.equal(0);
    const before = await filesOf(place);
    const status = await run('status');
    expect(status.stdout).to.match(/^2 of 2 droplets Ready, \$12\.00 a month\nNothing is running here: /m);
    expect(status.code).to.equal(0);
    expect((await run('plan')).stdout).to.match(/^Nothing to do/m);
    expect((await run('cleanup', '--dry-run')).stdout).to.equal('No orphans, and no old snapshots.\n');
    // Its machines were the command's that made them.
    expect((await run('ssh', 'web1', '--', 'true')).stderr).to.include('cannot be reached by SSH');
    expect(await filesOf(place)).to.deep.equal(before);
  });

  it('shows the fleet while another process holds its state, and leaves the lock to that', async () => {
    const release = await hold(place);
    try {
      const lock = await readFile(place.path('.dropfleet', 'sandbox', 'cloud.json.lock'), 'utf8');
      const [status, plan] = [await run('status'), await run('plan')];
      expect((await run('cleanup', '--dry-run')).stdout).to.equal('No orphans, and no old snapshots.\n');
      expect(status.stdout).to.match(/^2 of 2 droplets Ready/m);
      expect({ stderr: status.stderr, code: status.code }).to.deep.equal({ stderr: '', code: 0 });
      expect(plan.stdout).to.match(/^Nothing to do/m);
      expect(await readFile(place.path('.dropfleet', 'sandbox', 'cloud.json.lock'), 'utf8')).to.equal(lock);
    } finally {
      await release();
    }
  });

  it('is not in the way of up, which waits for a command that does hold the state', async () => {
    const release = await hold(place);
    const up = startDropfleet(place, 'up', '--boot-delay', '200ms');
    try {
      await up.says(/^Waiting for another dropfleet command to finish\.$/m);
    } finally {
      await release();
    }
    await up.says(/^2 of 2 droplets Ready/m);
    expect((await up.stop()).code).to.equal(0);
  });
});
