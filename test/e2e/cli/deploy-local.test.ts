import { expect } from 'chai';
import { mkdir, writeFile } from 'node:fs/promises';
import {
  openWorkplace,
  runDropfleet,
  startDropfleet,
  type Ending,
  type Workplace,
} from '../../environment/dropfleet.ts';

// A folder's files on their way to a master, an emulated one; what becomes of them there is the operator's part.
describe('dropfleet deploy uat --local', function () {
  this.timeout(180_000);
  let place: Workplace;
  let daemon: ReturnType<typeof startDropfleet>;
  const run = (...args: string[]): Promise<Ending> => runDropfleet(place, ...args);

  before(async () => {
    place = await openWorkplace(['shop,1,,'], { GIT_CONFIG_GLOBAL: '/dev/null' });
    const config = { projects: { shop: { services: { website: {} } } } };
    await writeFile(place.path('config', 'deployment_config.json'), JSON.stringify(config));
    await mkdir(place.path('site'));
    await writeFile(place.path('site', 'Dockerfile'), 'FROM scratch\n');
    await writeFile(place.path('site', 'index.html'), 'hello');
    daemon = startDropfleet(place, 'up', '--http-port', '0');
    await daemon.says(/1 of 1 droplets Ready/, 120_000);
  });
  after(async () => {
    await daemon.stop();
    await place.remove();
  });

  it('sends the files as a tar to the master, and asks for a version that says so', async () => {
    const { stdout } = await run(
      'deploy',
      'uat',
      'shop',
      '--local',
      '--project-path',
      'site',
      '--timeout',
      '15s',
    );
    expect(stdout).to.match(/^v0\.1\.0-uat-\d{8}-\d{4}-local-[0-9a-f]{7} is the files in site\.$/m);
    const listed = await run('ssh', 'shop-master', '--', 'sudo', 'ls', '/var/lib/dropfleet/sources');
    expect(listed.stdout).to.match(/^[0-9a-f]{40}\.tar\n$/);
    const path = `/var/lib/dropfleet/sources/${listed.stdout.trim()}`;
    const names = await run('ssh', 'shop-master', '--', 'sudo', 'tar', '-tf', path);
    expect(names.stdout.trim().split('\n')).to.have.members(['Dockerfile', 'index.html']);
    expect((await run('ssh', 'shop-master', '--', 'sudo', 'stat', '-c', '%a', path)).stdout.trim()).to.equal(
      '600',
    );
  });
});
