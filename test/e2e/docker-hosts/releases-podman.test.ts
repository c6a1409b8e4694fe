import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runDropfleet } from '../../environment/dropfleet.ts';
import { startLoad } from '../../environment/raw-load.ts';
import { canary, openReleaseFleet, type ReleaseFleet } from '../../environment/release-fleet.ts';
import { createSampleApp, type SampleApp } from '../../environment/sample-app.ts';

const PATIENCE_MS = 600_000;
const NAME = 'shop-uat-api';
const BUSYBOX = '/usr/bin/busybox';

describe('Releases, on hosts with podman', function () {
  this.timeout(PATIENCE_MS);
  const secret = canary();
  let folder: string;
  let app: SampleApp;
  let fleet: ReleaseFleet;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dropfleet-app-'));
    app = await createSampleApp(join(folder, 'shop'));
    await app.release('v1', 'one');
    fleet = await openReleaseFleet(2, { GIT_CONFIG_GLOBAL: '/dev/null' }, async place => {
      await writeFile(place.path('.env'), `API_KEY=${secret}\n`);
      await configure({}, place);
    });
  });
  after(async () => {
    await fleet?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Gives the project these services, of deployment_config.json. */
  const configure = (services: object, place = fleet.place): Promise<void> => {
    const git_config = { base_url: `file://${folder}`, url_pattern: '{base_url}/{project}' };
    const config = { deployment_platform: 'podman', git_config, projects: { shop: { services } } };
    return writeFile(place.path('config', 'deployment_config.json'), JSON.stringify(config));
  };
  const answer = () => fleet.ask('uat/api/answer');
  const containers = async (): Promise<string[]> => {
    const list = `podman ps -a --filter label=dropfleet.service=${NAME} --format '{{.Names}}'`;
    return (await fleet.shell('shop-web1', list)).split('\n').filter(Boolean);
  };
  const current = () => `${NAME}-${fleet.service(NAME)!.status!.release}`;

  it('are built on the master, and served by the web with their secrets', async () => {
    await fleet.apply(NAME, {
      source: { git: { url: app.url, ref: 'main' } },
      healthCheck: { path: '/health' },
      platform: 'podman',
      secrets: ['api_key'],
      version: 'v1',
    });
    await fleet.serves(NAME, 'v1');
    expect(await answer()).to.equal('shop uat api v1 one ');
    const read = `podman exec ${current()} /usr/bin/busybox env | grep ^API_KEY`;
    expect(await fleet.shell('shop-web1', read)).to.equal(`API_KEY=${secret}`);
  });

  it('follow each other without a lost request, whether they are good, bad, or sicken', async () => {
    const host = fleet.address('shop-master');
    const load = startLoad({ host, port: 80, path: '/shop/uat/api/echo', connections: 4 });
    await app.release('exits', 'bad', 'exits');
    await fleet.apply(NAME, { version: 'exits' });
    expect(await fleet.rejected(NAME, 'exits')).to.include({ reason: 'ContainerExited' });
    await app.release('sickens', 'ill', 'sickens');
    await fleet.apply(NAME, { version: 'sickens' });
    await fleet.serves(NAME, 'sickens');
    expect(await answer()).to.equal('shop uat api sickens ill ');
    expect(await fleet.rejected(NAME, 'sickens')).to.include({ reason: 'NotHealthy' });
    await fleet.serves(NAME, 'v1');
    await app.release('v2', 'two');
    await fleet.apply(NAME, { version: 'v2' });
    await fleet.settled(NAME, 'v2');
    expect(await containers()).to.deep.equal([current()]);
    await fleet.apply(NAME, { version: 'v1' });
    await fleet.serves(NAME, 'v1');
    expect(await answer()).to.equal('shop uat api v1 one ');
    const { total, failed, reasons } = await load.stop();
    console.log(`      ${failed} of ${total} requests failed`);
    expect(reasons).to.deep.equal({});
  });

  it('go from uat to prod by commands, are rejected for a migration, come from a folder, and go back', async () => {
    const site = { health_check: true };
    const image = (environment: string) => fleet.service(`shop-${environment}-site`)!.status!.image;
    await configure({ site });
    const said = await fleet.command('deploy', 'uat', 'shop');
    const first = /^(v0\.1\.0-uat-\S+) is commit /m.exec(said)![1]!;
    expect(await fleet.ask('uat/site/answer')).to.match(new RegExp(`^shop uat site ${first} two`));
    expect(await fleet.command('deploy', 'prod', 'shop')).to.not.contain('build |');
    expect(image('prod')).to.equal(image('uat'));
    await app.release('migrates', 'three');
    await configure({
      site: { ...site, release_command: [BUSYBOX, 'sh', '-c', 'echo "no such table"; exit 7'] },
    });
    const { code, stderr } = await runDropfleet(fleet.place, 'deploy', 'uat', 'shop');
    expect(stderr).to.match(/was rejected: .*the release command failed: exit code 7.*no such table/);
    expect(code).to.equal(1);
    expect(await fleet.ask('uat/site/answer')).to.match(new RegExp(`^shop uat site ${first} two`));
    await configure({ site });
    await app.release('local', 'local');
    await fleet.command('deploy', 'uat', 'shop', '--local', '--project-path', join(folder, 'shop'));
    expect(await fleet.ask('uat/site/answer')).to.match(/ local /);
    await fleet.command('rollback', 'shop', 'uat', '--to', first);
    expect(await fleet.ask('uat/site/answer')).to.match(new RegExp(`^shop uat site ${first} two`));
    const told = await fleet.command('reproduce', first, '--project', 'shop', '--dir', 'again');
    expect(told).to.contain(`site: ran as ${image('prod')}`);
  });

  it('are gone when their service is deleted', async () => {
    await fleet.kubectl.succeed('delete', 'sdep', NAME, '--timeout', '120s');
    expect(await containers()).to.deep.equal([]);
  });
});
