import { expect } from 'chai';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import {
  openWorkplace,
  runDropfleet,
  startDropfleet,
  type Ending,
  type Workplace,
} from '../../environment/dropfleet.ts';
import { createWorkingTree, type WorkingTree } from '../../integration/clients/git/repository.ts';

const containerfile = (...lines: string[]): string =>
  ['FROM node:24', 'COPY . .', ...lines, 'EXPOSE 8080', 'CMD ["node", "server.js"]', ''].join('\n');

// From a repository to requests that are answered: all of it real but the machines, which are emulated.
describe('releases on a fleet', function () {
  // A release that replaces another is watched for a minute.
  this.timeout(240_000);
  let place: Workplace;
  let daemon: ReturnType<typeof startDropfleet>;
  let tree: WorkingTree;
  let first = '';

  const run = (...args: string[]): Promise<Ending> => runDropfleet(place, ...args);
  const json = async (...args: string[]) => JSON.parse((await run(...args, '--output', 'json')).stdout);
  const push = (files: Record<string, string>): void => {
    tree.commit(files);
    tree.git('push', '--quiet', 'origin', 'HEAD:main');
  };
  const answerOf = async (url: string): Promise<string> => (await fetch(url)).text();
  const urlIn = ({ stdout }: Ending): string => /^ {2}backend: (\S+)$/m.exec(stdout)![1]!;

  before(async () => {
    place = await openWorkplace(['shop,2,,'], { GIT_CONFIG_GLOBAL: '/dev/null' });
    const config = {
      git_config: { base_url: `file://${place.folder}/git` },
      projects: { shop: { services: { backend: {} } } },
    };
    await writeFile(place.path('config', 'deployment_config.json'), JSON.stringify(config));
    tree = createWorkingTree(place.path('work'));
    tree.commit({ Dockerfile: containerfile(), 'server.js': '1' });
    await mkdir(place.path('git'));
    tree.git('clone', '--quiet', '--bare', tree.path, place.path('git', 'shop.git'));
    tree.git('remote', 'add', 'origin', place.path('git', 'shop.git'));
    daemon = startDropfleet(place, 'up', '--http-port', '0');
    await daemon.says(/2 of 2 droplets Ready/, 120_000);
  });
  after(async () => {
    await daemon.stop();
    await place.remove();
  });

  it('deploy uat builds the branch, shows the build, and what it prints answers', async () => {
    const ending = await run('--deploy-uat', 'shop');
    expect(ending.stderr).to.equal('');
    expect(ending.code).to.equal(0);
    first = /^(v0\.1\.0-uat-\S+) is commit /.exec(ending.stdout)![1]!;
    expect(ending.stdout).to.match(/^build \| Step 1\/4 : FROM node:24$/m);
    expect(ending.stdout.match(/^service shop-uat-backend: Ready: /gm)).to.have.length(1);
    expect(await answerOf(urlIn(ending))).to.contain(first);
  });

  it('deploy prod runs the same image, and builds nothing', async () => {
    const ending = await run('--deploy-prod', 'shop');
    expect(ending.code).to.equal(0);
    expect(ending.stdout).not.to.contain('build |');
    expect(await answerOf(urlIn(ending))).to.contain(first);
    const { releases } = await json('history', 'shop');
    expect(releases.map((each: { environment: string }) => each.environment)).to.deep.equal(['prod', 'uat']);
    expect(releases[0].image).to.equal(releases[1].image);
    expect(releases[0].deployedAt).to.match(/^20\d\d-/);
  });

  it('a release that ends is rejected, and the one before goes on answering', async () => {
    push({ Dockerfile: containerfile('ENV DROPFLEET_REHEARSE=exits') });
    const { code, stderr } = await run('deploy', 'uat', 'shop');
    expect(code).to.equal(1);
    expect(stderr).to.match(/^dropfleet: shop-uat-backend: \S+ was rejected: .*the container ended/);
    expect(stderr.match(/was rejected/g)).to.have.length(1);
    expect(stderr).to.contain(`shop-uat-backend goes on with ${first}.`);
    const [{ urls }] = (await json('services', 'shop', 'uat')).services;
    expect(await answerOf(urls[0])).to.contain(first);
  });

  it('a build that fails, or that has no Dockerfile, ends a deploy at once, with the cause', async () => {
    push({ Dockerfile: containerfile('RUN exit 7') });
    const failed = await run('deploy', 'test', 'shop');
    expect(failed.code).to.equal(1);
    expect(failed.stdout).to.match(/^build \| Step 3\/5 : RUN exit 7$/m);
    expect(failed.stderr).to.match(/shop-test-backend: build failed: .*non-zero code: 7\nMend it and deploy/);
    tree.git('rm', '--quiet', 'Dockerfile');
    push({ 'server.js': '2' });
    const missing = await run('deploy', 'test', 'shop');
    expect(missing.code).to.equal(1);
    expect(missing.stderr).to.match(/there is no Dockerfile in the source/);
  });

  it('deploy uat --local runs the files of a folder, beside a deploy of another environment', async () => {
    push({ Dockerfile: containerfile(), 'server.js': '3' });
    await mkdir(place.path('site'));
    await writeFile(place.path('site', 'Dockerfile'), containerfile());
    const [local, branch] = await Promise.all([
      run('--deploy-uat', 'shop', '--local', '--project-path', 'site'),
      run('deploy', 'test', 'shop'),
    ]);
    expect(local.code, local.stderr).to.equal(0);
    expect(branch.code, branch.stderr).to.equal(0);
    expect(await answerOf(urlIn(local))).to.match(/v0\.1\.0-uat-\d{8}-\d{4}-local-[0-9a-f]{7}/);
  });

  it('rollback has the version before answer again, and the history says so', async () => {
    const { code, stderr } = await run('rollback', 'shop', 'uat', '--to', first);
    expect(code, stderr).to.equal(0);
    const [{ urls }] = (await json('services', 'shop', 'uat')).services;
    expect(await answerOf(urls[0])).to.contain(first);
    const [present, former] = (await json('history', 'shop', 'uat')).releases;
    expect(present).to.deep.include({ version: first, runs: true });
    expect(former).to.have.property('version').that.contains('-local-');
  });

  it('reproduce writes the files of a version and how it ran', async () => {
    const { code, stdout } = await run('--reproduce', first, '--reproduce-dir', 'again');
    expect(code).to.equal(0);
    expect(stdout).to.match(/^ {2}backend: ran as sha256:[0-9a-f]{64}, begins from node:24$/m);
    expect(await readdir(place.path('again', 'source'))).to.have.members(['Dockerfile', 'server.js']);
  });
});
