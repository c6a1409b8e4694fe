import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runDropfleet, startDropfleet, type Ending } from '../../environment/dropfleet.ts';
import { openReleaseFleet, type ReleaseFleet } from '../../environment/release-fleet.ts';
import { createSampleApp, type SampleApp } from '../../environment/sample-app.ts';

const execute = promisify(execFile);
const BUSYBOX = '/usr/bin/busybox';
const WEB = { health_check: true };
const MAILER = {
  type: 'worker',
  command: [BUSYBOX, 'sh', '-c', `while :; do ${BUSYBOX} echo sent; ${BUSYBOX} sleep 1; done`],
  stop_seconds: 1,
};
const RUN_OPTIONS = {
  ulimits: { nofile: { soft: 5_000, hard: 6_000 } },
  cap_drop: ['NET_RAW'],
  security_opt: ['no-new-privileges'],
  labels: { 'com.example.team': 'shop' },
};

// What replaces a release is watched for a minute, in which the commands that only read have their turn.
describe('The commands of releases, on docker hosts', function () {
  this.timeout(600_000);
  let folder: string;
  let app: SampleApp;
  let fleet: ReleaseFleet;
  let first = '';

  const run = (...args: string[]): Promise<Ending> => runDropfleet(fleet.place, ...args);
  const write = (path: string, content: object): Promise<void> =>
    writeFile(fleet.place.path(path), JSON.stringify(content));
  const configure = (changes: object = {}, write_ = write) =>
    write_('config/deployment_config.json', {
      git_config: { base_url: `file://${folder}`, url_pattern: '{base_url}/{project}' },
      projects: { shop: { services: { api: WEB, site: WEB, mailer: MAILER, ...changes } } },
    });
  const status = (name: string) => fleet.service(name)!.status!;
  const inspect = async (name: string, droplet: string, format: string): Promise<unknown> => {
    const container = `${name}-${status(name).release}`;
    return JSON.parse(
      await fleet.shell(droplet, `docker inspect --format '{{json ${format}}}' ${container}`),
    );
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dropfleet-app-'));
    app = await createSampleApp(join(folder, 'shop'));
    await app.release('one', 'one');
    fleet = await openReleaseFleet(3, { GIT_CONFIG_GLOBAL: '/dev/null' }, async place => {
      await mkdir(place.path('templates', 'docker'), { recursive: true });
      await writeFile(place.path('templates', 'docker', 'run.json'), JSON.stringify(RUN_OPTIONS));
      await configure({}, (path, content) => writeFile(place.path(path), JSON.stringify(content)));
    });
  });
  after(async () => {
    await fleet?.close();
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(fleet?.said().slice(-3_000));
  });

  it('deploy uat builds two webs and a worker once, and all of them serve', async () => {
    const said = await fleet.command('deploy', 'uat', 'shop');
    first = /^(v0\.1\.0-uat-\S+) is commit /m.exec(said)![1]!;
    expect(said).to.contain(`${first} runs in uat of shop: api, site, mailer.`);
    expect(await fleet.ask('uat/api/answer')).to.match(new RegExp(`^shop uat api ${first} one`));
    expect(await fleet.ask('uat/site/api')).to.match(new RegExp(`^shop uat api ${first} one`));
    const [image, ...others] = new Set(
      ['api', 'site', 'mailer'].map(name => status(`shop-uat-${name}`).image),
    );
    expect(image).to.match(/^sha256:/);
    expect(others).to.deep.equal([]);
  });

  it('has containers started with the options of the template, on every web', async () => {
    for (const droplet of ['shop-web1', 'shop-web2']) {
      expect(await inspect('shop-uat-mailer', droplet, '.HostConfig')).to.deep.include({
        Ulimits: [{ Name: 'nofile', Soft: 5_000, Hard: 6_000 }],
        CapDrop: ['NET_RAW'],
        SecurityOpt: ['no-new-privileges'],
      });
      expect(await inspect('shop-uat-mailer', droplet, '.Config.Labels')).to.include({
        'com.example.team': 'shop',
        'dropfleet.kind': 'service',
      });
    }
  });

  it('deploy prod runs the same image, and builds nothing', async () => {
    const said = await fleet.command('deploy', 'prod', 'shop');
    expect(said).to.not.contain('build |');
    expect(status('shop-prod-api').image).to.equal(status('shop-uat-api').image);
    expect(await fleet.ask('prod/api/answer')).to.match(new RegExp(`^shop prod api ${first} one`));
  });

  it('deploy says why a migration failed, and what ran before goes on', async () => {
    const release_command = [BUSYBOX, 'sh', '-c', 'echo "no such table"; exit 7'];
    await app.release('two', 'two');
    await configure({ api: { ...WEB, release_command } });
    const { code, stderr } = await run('deploy', 'uat', 'shop', '--service', 'api');
    expect(stderr).to.match(/was rejected: .*the release command failed: exit code 7.*no such table/);
    expect(code).to.equal(1);
    expect(await fleet.ask('uat/api/answer')).to.match(new RegExp(`^shop uat api ${first} one`));
    await configure();
  });

  it('deploy fails with a release that sickens once it serves, which is rolled back by itself', async () => {
    await app.release('ill', 'ill', 'sickens');
    const deploy = startDropfleet(fleet.place, 'deploy', 'uat', 'shop', '--service', 'site');
    const [, version = ''] = await deploy.says(/^(v\S+) is commit /m);
    await fleet.serves('shop-uat-site', version);
    expect(await fleet.ask('uat/site/answer')).to.match(/ ill /);
    const { code, stderr } = await deploy.ended;
    expect(code).to.equal(1);
    expect(stderr).to.contain(`shop-uat-site goes on with ${first}.`);
    await fleet.serves('shop-uat-site', first);
    expect(await fleet.ask('uat/site/answer')).to.match(new RegExp(`^shop uat site ${first} one`));
  });

  it('deploy uat --local runs the files of a folder; meanwhile a version is reproduced, which answers', async () => {
    await app.release('local', 'local');
    const path = join(folder, 'shop');
    const local = fleet.command('deploy', 'uat', 'shop', '--local', '--project-path', path);
    await fleet.command('reproduce', first, '--project', 'shop', '--dir', 'again');
    expect(await reproduced(fleet.place.path('again'))).to.match(new RegExp(`^shop uat api ${first} one`));
    expect(await local).to.match(/^v0\.1\.0-uat-\S+-local-[0-9a-f]{7} is the files in /m);
    expect(await fleet.ask('uat/api/answer')).to.match(/ local /);
  });

  /** Runs what was written there with this machine's docker, and asks it. */
  async function reproduced(where: string): Promise<string> {
    const docker = async (...args: string[]) => (await execute('docker', args)).stdout.trim();
    const names = ['api', 'site', 'mailer'].map(name => `shop-reproduced-${name}`);
    try {
      await execute('sh', [join(where, 'run.sh')]);
      const [address] = (await docker('port', names[0]!)).split(' -> ').slice(-1);
      return await answerOf(`http://${address}/answer`);
    } finally {
      const images = ['api', 'site', 'mailer'].map(name => `shop-${name}:${first}`);
      await docker('rm', '--force', ...names).catch(() => undefined);
      await docker('network', 'rm', 'shop-reproduced').catch(() => undefined);
      await docker('rmi', '--force', ...images).catch(() => undefined);
    }
  }

  /** What answers there, as soon as it takes connections. */
  async function answerOf(url: string): Promise<string> {
    const { stdout } = await execute('curl', [
      '-fsS',
      '--retry',
      '30',
      '--retry-all-errors',
      '--retry-delay',
      '1',
      url,
    ]);
    return stdout;
  }

  it('an infra service of the file comes up in prod and uat, with a volume', async () => {
    const image = `${fleet.address('shop-master', 'privateAddress')}:5000/vendor/db:1`;
    const built = `dropfleet/shop:${status('shop-uat-api').image!.replace('sha256:', '')}`;
    await fleet.shell('shop-master', `docker tag ${built} ${image} && docker push -q ${image}`);
    await configure({ database: { type: 'infra', image, volumes: { data: '/data' }, stop_seconds: 5 } });
    for (const environment of ['prod', 'uat']) {
      const name = `shop-${environment}-database`;
      await fleet.until(name, () => fleet.service(name) !== undefined);
      await fleet.settled(name, '1');
    }
    await inDatabase('echo precious >/data/rows');
    const list = await fleet.shell('shop-master', "docker volume ls --format '{{.Name}}'");
    expect(list.split('\n').toSorted()).to.deep.equal(['shop-prod-database-data', 'shop-uat-database-data']);
  });
  const inDatabase = (script: string): Promise<string> =>
    fleet.command('exec', 'shop', 'uat', 'database', '--', BUSYBOX, 'sh', '-c', script);

  it('rollback has the version before answer again, while prod and a database are restarted', async () => {
    const before = status('shop-prod-api').release;
    const [, back] = await Promise.all([
      fleet.command('restart', 'shop', 'prod', 'api'),
      (async () => {
        await fleet.command('rollback', 'shop', 'uat', '--to', first);
        await fleet.command('restart', 'shop', 'uat', 'database');
        return await fleet.ask('uat/api/answer');
      })(),
      readsMeanwhile(),
    ]);
    expect(back).to.match(new RegExp(`^shop uat api ${first} one`));
    expect(status('shop-prod-api').release).to.not.equal(before);
    expect(await fleet.ask('prod/api/answer')).to.match(new RegExp(`^shop prod api ${first} one`));
    expect(await inDatabase(`${BUSYBOX} cat /data/rows`)).to.equal('precious\n');
  });

  async function readsMeanwhile(): Promise<void> {
    const logs = await fleet.command('logs', 'shop', 'prod', 'mailer', '--tail', '1');
    expect(logs).to.match(/^web[12] \| sent$/m);
    const say = [BUSYBOX, 'sh', '-c', 'echo $DROPFLEET_VERSION'];
    const printed = await fleet.command('exec', 'shop', 'prod', 'mailer', '--', ...say);
    expect(printed).to.equal(`${first}\n`);
  }

  it('history has what ran, and what runs, by the images that both environments share', async () => {
    const { releases } = JSON.parse(await fleet.command('history', 'shop', '--output', 'json')) as {
      releases: { environment: string; service: string; version: string; image: string; runs?: boolean }[];
    };
    const running = releases.filter(({ service, runs }) => service === 'api' && runs);
    expect(running.map(({ environment, version }) => [environment, version])).to.have.deep.members([
      ['prod', first],
      ['uat', first],
    ]);
    expect(running[0]!.image).to.equal(running[1]!.image);
    expect(releases.map(({ version }) => version).join()).to.contain('-local-');
  });
});
