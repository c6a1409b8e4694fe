import { expect } from 'chai';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { systemClock } from '../../../clients/clock.ts';
import type { KubernetesClient } from '../../../clients/kubernetes/client.ts';
import { createKubernetesClient } from '../../../clients/kubernetes/http-client.ts';
import { DROPLETS, LEASES, PROJECTS, SERVICE_DEPLOYMENTS } from '../../../clients/kubernetes/kinds.ts';
import { loadConnection } from '../../../clients/kubernetes/kubeconfig.ts';
import { startStandalone, type StandaloneServer } from '../../../standalone/server.ts';
import { aDroplet, activeStatus, aProject } from '../../builders/objects.ts';
import { openWorkplace, runDropfleet, type Ending, type Workplace } from '../../environment/dropfleet.ts';
import { startFakeOperator, type Verdict } from '../../environment/fake-operator.ts';
import { createWorkingTree, type WorkingTree } from '../../integration/clients/git/repository.ts';

const DATABASE = { type: 'infra', image: 'postgres:17', port: 5432 };
const MAILER = { type: 'worker', command: ['node', 'mail.js'] };

// One person's session with a cluster in which an operator leads; what it would do to hosts is made up.
describe('dropfleet deploy, history, rollback and reproduce', function () {
  this.timeout(180_000);
  let place: Workplace;
  let api: StandaloneServer;
  let kubernetes: KubernetesClient & { close(): Promise<void> };
  let tree: WorkingTree;
  let operator: { stop(): void };
  let images = 0;
  const succeed: Verdict = () => ({ image: `sha256:${`${++images}`.padStart(64, '0')}` });
  let verdict: Verdict = succeed;
  let first = '';

  const run = (...args: string[]): Promise<Ending> =>
    runDropfleet(place, '--kubeconfig', api.kubeconfig, ...args);
  const specOf = async (name: string) =>
    (await kubernetes.get(SERVICE_DEPLOYMENTS, `default/shop-${name}`)).spec;
  const tags = (): string[] =>
    tree
      .git('ls-remote', '--tags', '--refs', 'origin')
      .split('\n')
      .filter(Boolean)
      .map(line => line.split('refs/tags/')[1]!);
  const configure = (
    services: object,
    git: object = { git_config: { base_url: `file://${place.folder}/git` } },
  ) =>
    writeFile(
      place.path('config', 'deployment_config.json'),
      JSON.stringify({ ...git, projects: { shop: { services } } }),
    );
  /** Everything that a command could have changed. */
  const everything = async (): Promise<string[]> => {
    const lists = await Promise.all([kubernetes.list(SERVICE_DEPLOYMENTS), kubernetes.list(LEASES)]);
    const versions = lists.flatMap(({ items }) =>
      items.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`),
    );
    return [...versions, ...tags()];
  };
  const expectUnchanged = async (...args: string[]): Promise<Ending> => {
    const before = await everything();
    const ending = await run(...args);
    expect(await everything()).to.deep.equal(before);
    return ending;
  };

  before(async () => {
    place = await openWorkplace(['shop,3,,'], {
      GIT_CONFIG_GLOBAL: '/dev/null',
      SHOP_UAT_KEY: 'x',
      SHOP_PROD_KEY: 'x',
    });
    tree = createWorkingTree(place.path('work'));
    tree.commit({ Dockerfile: 'FROM node:24 AS build\nFROM build\nFROM scratch\n', 'app.js': '1' });
    await mkdir(place.path('git'));
    tree.git('clone', '--quiet', '--bare', tree.path, place.path('git', 'shop.git'));
    tree.git('remote', 'add', 'origin', place.path('git', 'shop.git'));
    api = await startStandalone({ stateDir: place.path('kubernetes'), port: 0 });
    const connection = await loadConnection({ kubeconfig: api.kubeconfig, env: {} });
    kubernetes = createKubernetesClient(connection, { clock: systemClock, callTimeoutMs: 30_000 });
    const bare = <T extends { metadata: { name: string } }>(object: T): T => ({
      ...object,
      metadata: { name: object.metadata.name, namespace: 'default' },
    });
    await kubernetes.create(PROJECTS, bare(aProject('shop', { spec: { servers: 3 } })));
    for (const [i, name] of ['shop-master', 'shop-web1', 'shop-web2'].entries()) {
      await kubernetes.create(DROPLETS, bare(aDroplet(name)));
      const status = activeStatus(i + 1);
      await kubernetes.patch(DROPLETS, `default/${name}`, { status }, { subresource: 'status' });
    }
    operator = await startFakeOperator(
      kubernetes,
      service => verdict(service),
      () => new Date(),
    );
    await configure({ website: { secrets: ['KEY'] }, mailer: MAILER, database: DATABASE });
  });
  after(async () => {
    operator.stop();
    await kubernetes.close();
    await api.close();
    await place.remove();
  });

  describe('before anything was deployed', () => {
    it('--plan says what would be built, started and routed, and changes nothing', async () => {
      const { code, stdout, stderr } = await expectUnchanged('deploy', 'uat', 'shop', '--plan');
      expect(stderr).to.equal('');
      expect(
        stdout
          .replaceAll(/\d{8}-\d{4}/g, 'NOW')
          .replaceAll(/ {2,}/g, '  ')
          .split('\n')
          .slice(1),
      ).to.deep.equal([
        'SERVICE  VERSION  IMAGE  START ON  STOP  ROUTE',
        'website  v0.1.0-uat-NOW  build Dockerfile in .  shop-web1, shop-web2  -  /shop/uat/website/',
        'mailer  v0.1.0-uat-NOW  build Dockerfile in .  shop-web1, shop-web2  -  -',
        'database  17  pull postgres:17  shop-master  -  -',
        'No changes made.',
        '',
      ]);
      expect(code).to.equal(0);
      expect(await readdir(place.folder)).not.to.contain('.dropfleet');
    });

    it('names what is wrong, and changes nothing', async () => {
      const wrong: [string[], RegExp][] = [
        [['uat', 'shp'], /has no services of project shp; known are shop; did you mean "shop"\?/],
        [['uat', 'shop', '--service', 'webstie'], /no service webstie; .*did you mean "website"\?/],
        [['uat', 'shop', '--branch', 'maim'], /has no branch, tag or commit "maim"; did you mean "main"\?/],
        [['test', 'shop'], /no changes made\nMissing: KEY\./],
        [['prod', 'shop'], /nothing of shop runs in uat.*deploy uat shop/],
        [['prod', 'shop', '--tag', 'v9.9.9'], /neither is an image of v9\.9\.9 known of website, mailer/],
        [['uat', 'shop', '--local', '--project-path', 'nowhere'], /there is no folder .*nowhere/],
      ];
      for (const [args, message] of wrong) {
        const { code, stderr } = await expectUnchanged('deploy', ...args);
        expect(stderr, args.join(' ')).to.match(message);
        expect(code, args.join(' ')).to.equal(1);
      }
      expect((await run('deploy', 'prod', 'shop', '--local')).code).to.equal(2);
      expect((await run('history', 'shop')).stderr).to.match(/nothing of shop was ever deployed/);
    });

    it('needs git_config for what is built', async () => {
      await configure({ website: {} }, {});
      const { stderr } = await expectUnchanged('deploy', 'uat', 'shop');
      expect(stderr).to.match(/has no git_config, so website of shop cannot be built.*--local/);
      await configure({ website: { secrets: ['KEY'] }, mailer: MAILER, database: DATABASE });
    });
  });

  describe('to uat', () => {
    it('tags the branch, writes the services, waits for them, and says where they are', async () => {
      const { code, stdout, stderr } = await run('--deploy-uat', 'shop');
      expect(stderr).to.equal('');
      expect(code).to.equal(0);
      [first = ''] = tags();
      expect(first).to.match(/^v0\.1\.0-uat-\d{8}-\d{4}$/);
      const lines = stdout.split('\n');
      expect(lines[0]).to.equal('Secret default/shop-uat now holds KEY, which the operator could not see.');
      expect(lines[1]).to.equal(`${first} is commit ${tree.git('rev-parse', 'HEAD').slice(0, 10)} of main.`);
      expect(lines).to.include('service shop-uat-website: Ready: serves');
      expect(lines.slice(-5)).to.deep.equal([
        `${first} runs in uat of shop: website, mailer, database.`,
        '  website: http://203.0.113.1/shop/uat/website/',
        `To promote it: npx dropfleet --kubeconfig ${api.kubeconfig} deploy prod shop`,
        `To go back: npx dropfleet --kubeconfig ${api.kubeconfig} rollback shop uat`,
        '',
      ]);
      expect(await specOf('uat-website')).to.deep.include({
        version: first,
        secrets: ['KEY'],
        source: { git: { url: `file://${place.folder}/git/shop.git`, ref: 'main' } },
      });
      expect(await specOf('uat-database')).to.deep.include({ version: '17', image: 'postgres:17' });
    });

    it('makes another tag in the same minute, and takes out what the file no longer has', async () => {
      await configure({ website: {}, mailer: MAILER, database: DATABASE });
      const { code, stdout } = await run('deploy', 'uat', 'shop', '--output', 'json');
      expect(code).to.equal(0);
      const { version, services } = JSON.parse(stdout);
      expect(tags()).to.have.members([first, version]);
      expect(services.map((each: { version: string }) => each.version)).to.deep.equal([
        version,
        version,
        '17',
      ]);
      expect(await specOf('uat-website')).not.to.have.property('secrets');
    });

    it('says why a release failed, what goes on, and exits with 1', async () => {
      verdict = ({ spec }) =>
        spec.type === 'infra' ? succeed(undefined!) : { rejected: 'Dockerfile: no such file' };
      const before = (await run('history', 'shop', 'uat', '--output', 'json')).stdout;
      const { code, stderr } = await run('deploy', 'uat', 'shop', '--service', 'website');
      expect(code).to.equal(1);
      expect(stderr).to.match(
        /shop-uat-website: \S+ was rejected: Dockerfile: no such file\nshop-uat-website goes on with v\S+\.\nMend it/,
      );
      expect(
        JSON.parse((await run('history', 'shop', 'uat', '--output', 'json')).stdout).releases,
      ).to.have.length(JSON.parse(before).releases.length);
      verdict = succeed;
    });

    it('is refused while another deploy is on its way, but not because of one that is dead', async () => {
      verdict = () => undefined;
      const slow = run('deploy', 'uat', 'shop', '--timeout', '25s');
      const lease = async () => kubernetes.get(LEASES, 'default/dropfleet-deploy-shop-uat');
      const holder = async (): Promise<string> => (await lease()).spec?.holderIdentity ?? '';
      while ((await holder()) === '') await new Promise(resolve => setImmediate(resolve));
      const { code, stderr } = await run('deploy', 'uat', 'shop');
      expect(stderr).to.match(/another deploy of shop to uat is on its way \(process \d+ on /);
      expect(code).to.equal(1);
      const { code: late, stderr: waited } = await slow;
      expect(late).to.equal(1);
      expect(waited).to.match(/not everything served after 25 s: still waiting for shop-uat-website/);
      verdict = succeed;
      const { resourceVersion } = (await lease()).metadata;
      const spec = { holderIdentity: `${(await import('node:os')).hostname()}_4194305_dead` };
      await kubernetes.patch(LEASES, 'default/dropfleet-deploy-shop-uat', {
        metadata: { resourceVersion },
        spec,
      });
      expect((await run('deploy', 'uat', 'shop')).code).to.equal(0);
    });
  });

  describe('to prod', () => {
    it('runs what uat runs, without another tag', async () => {
      const before = tags();
      const { version } = (await kubernetes.get(SERVICE_DEPLOYMENTS, 'default/shop-uat-website')).status!;
      const plan = await expectUnchanged('deploy', 'prod', 'shop', '--plan', '--output', 'json');
      const planned = JSON.parse(plan.stdout).services;
      expect(planned[0].image)
        .to.have.property('id')
        .that.match(/^sha256:/);
      const { code, stdout } = await run('--deploy-prod', 'shop');
      expect(code).to.equal(0);
      expect(stdout).to.match(new RegExp(`^${version} is what uat runs\\.`));
      expect(tags()).to.deep.equal(before);
      expect((await specOf('prod-website')).version).to.equal(version);
    });

    it('asks for --tag when uat runs several versions, and takes one', async () => {
      await run('deploy', 'uat', 'shop', '--service', 'website');
      const { code, stderr } = await expectUnchanged('deploy', 'prod', 'shop');
      expect(stderr).to.match(
        /uat runs several versions \(mailer v.*website v.*\): name one with --tag|uat runs several versions \(website v/,
      );
      expect(code).to.equal(1);
      expect((await run('--deploy-prod', 'shop', '--tag', first)).code).to.equal(0);
      expect((await specOf('prod-website')).version).to.equal(first);
    });
  });

  describe('afterwards', () => {
    it('history shows what ran, and what runs', async () => {
      const { stdout, code } = await run('history', 'shop', 'prod');
      expect(code).to.equal(0);
      const lines = stdout
        .trimEnd()
        .split('\n')
        .map(line => line.split(/ {2,}/));
      expect(lines[0]).to.deep.equal(['ENV', 'SERVICE', 'VERSION', 'SINCE', 'IMAGE']);
      expect(lines.filter(line => line[1] === 'website').map(line => [line[2], line[5]])[0]).to.deep.equal([
        first,
        'runs',
      ]);
      expect(lines[1]![3]).to.match(/^20\d\d-/);
      expect(lines.filter(line => line[1] === 'website')).to.have.length(2);
    });

    it('rollback pins the version before, or the one that is named', async () => {
      const present = (await specOf('prod-website')).version;
      expect((await run('rollback', 'shop', 'prod')).code).to.equal(0);
      const back = (await specOf('prod-website')).version!;
      expect(back).not.to.equal(present);
      expect((await specOf('prod-mailer')).version).to.equal(back);
      expect((await specOf('prod-database')).version).to.equal('17');
      expect((await run('rollback', 'shop', 'prod', '--to', present!)).code).to.equal(0);
      expect((await specOf('prod-website')).version).to.equal(present);
      const { code, stderr } = await expectUnchanged('rollback', 'shop', 'prod', '--to', 'v7');
      expect(code).to.equal(1);
      expect(stderr).to.match(/v7 never ran in prod of shop/);
    });

    it('reproduce writes the exact commit and how to run it, without values of secrets', async () => {
      tree.commit({ 'app.js': '2' });
      tree.git('push', '--quiet', 'origin', 'HEAD');
      await configure({ website: { secrets: ['KEY'] }, database: DATABASE });
      const { code, stdout, stderr } = await run('--reproduce', first, '--reproduce-dir', './again');
      expect(stderr).to.equal('');
      expect(code).to.equal(0);
      expect(stdout).to.match(new RegExp(`^${first} of shop is commit ${tree.git('rev-parse', 'HEAD~1')}`));
      expect(await readFile(place.path('again', 'source', 'app.js'), 'utf8')).to.equal('1');
      expect((await readdir(place.path('again'))).toSorted()).to.deep.equal([
        'README.md',
        'compose.yaml',
        'run.sh',
        'secrets.env.example',
        'source',
      ]);
      const readme = await readFile(place.path('again', 'README.md'), 'utf8');
      expect(readme).to.match(/\| website \| web \| shop-website:.* \| node:24 \| sha256:0+\d+ \|/);
      expect(await readFile(place.path('again', 'secrets.env.example'), 'utf8')).to.equal('KEY=\n');
      expect((await run('reproduce', first, '--dir', 'again')).stderr).to.match(
        /is not empty: name another folder/,
      );
    });
  });
});
