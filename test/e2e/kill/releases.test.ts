import { expect } from 'chai';
import { integer, sample } from 'fast-check';
import { mkdir, writeFile } from 'node:fs/promises';
import type { ServiceDeployment } from '../../../crds/service-deployment.ts';
import { startDropfleet, type RunningCommand } from '../../environment/dropfleet.ts';
import { startMachineSandbox, type MachineSandbox } from '../../environment/machine-sandbox.ts';
import { openReleaseFleet, type ReleaseFleet } from '../../environment/release-fleet.ts';
import { propertyOptions } from '../../fakes/property-options.ts';
import { createWorkingTree, type WorkingTree } from '../../integration/clients/git/repository.ts';

const { seed, numRuns } = { seed: 1, ...propertyOptions(3) };
/** A deploy says about so many lines, one whenever a service gets on: after that many of them, `up` is killed. */
const MOMENTS = sample(integer({ min: 1, max: 14 }), { seed, numRuns: numRuns! });
const SERVERS = ['shop-master', 'shop-web1', 'shop-web2'];
const SERVICES = ['shop-uat-api', 'shop-uat-mailer'];

const containerfile = (...lines: string[]): string =>
  ['FROM node:24', 'COPY . .', ...lines, 'EXPOSE 8080', 'CMD ["node", "server.js"]', ''].join('\n');

describe('dropfleet up, killed with kill -9 while something is deployed', function () {
  this.timeout(300_000 + numRuns! * 120_000);
  let sandbox: MachineSandbox;
  let fleet: ReleaseFleet;
  let tree: WorkingTree;

  const push = (files: Record<string, string>): void => {
    tree.commit(files);
    tree.git('push', '--quiet', 'origin', 'HEAD:main');
  };

  before(async () => {
    sandbox = await startMachineSandbox({ bootDelayMs: 200 });
    const env = { ...sandbox.env, DROPFLEET_HOSTS: 'emulated', GIT_CONFIG_GLOBAL: '/dev/null' };
    fleet = await openReleaseFleet(3, env, async place => {
      const config = {
        git_config: { base_url: `file://${place.folder}/git` },
        projects: {
          shop: {
            services: {
              api: { health_check: true },
              mailer: { type: 'worker', command: ['node', 'mail.js'] },
            },
          },
        },
      };
      await writeFile(place.path('config', 'deployment_config.json'), JSON.stringify(config));
      tree = createWorkingTree(place.path('work'));
      tree.commit({ Dockerfile: containerfile(), 'server.js': '0' });
      await mkdir(place.path('git'));
      tree.git('clone', '--quiet', '--bare', tree.path, place.path('git', 'shop.git'));
      tree.git('remote', 'add', 'origin', place.path('git', 'shop.git'));
    });
    await fleet.command('deploy', 'uat', 'shop');
  });
  after(async () => {
    await fleet?.close();
    await sandbox?.close();
  });
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(fleet?.said().slice(-3_000));
  });

  /** Begins a deploy, and kills `up` in the middle of it; the command is left with nobody to ask. */
  async function dieInDeploy(lines: number): Promise<void> {
    const deploy: RunningCommand = startDropfleet(fleet.place, 'deploy', 'uat', 'shop');
    await deploy.says(new RegExp(`(?:[^\\n]*\\n){${lines}}`), 240_000).catch(() => undefined);
    await fleet.kill();
    await deploy.stop('SIGKILL');
    await fleet.restart();
  }

  const statusOf = ({ status = {} }: ServiceDeployment) => status;
  const rolled = (service: ServiceDeployment): string =>
    statusOf(service).conditions?.find(({ type }) => type === 'Rolled')?.reason ?? '';
  /** Whether it serves the version that is wanted, or has rejected it for the one before; and is done with either. */
  function isOver(service: ServiceDeployment, isWatchOver: boolean): boolean {
    const { metadata, spec } = service;
    const { version, rejected, observedGeneration, routed, endpoints = [] } = statusOf(service);
    const addresses = endpoints.map(({ address }) => address).toSorted();
    const isRouted = spec.type !== 'web' || routed?.addresses?.toSorted().join() === addresses.join();
    return (
      observedGeneration === metadata.generation &&
      (version === spec.version || rejected?.version === spec.version) &&
      endpoints.length === 2 &&
      isRouted &&
      !(isWatchOver ? ['Watching', 'Starting', 'Switching'] : ['Starting', 'Switching']).includes(
        rolled(service),
      )
    );
  }
  const isRejected = (service: ServiceDeployment): boolean =>
    statusOf(service).rejected?.version === service.spec.version;
  const over = (isWatchOver: boolean): Promise<void> =>
    fleet.until('an end', () => SERVICES.every(name => isOver(fleet.service(name)!, isWatchOver)));

  /** All containers of a server, and whether they run; without the rejected ones, which are kept for their logs. */
  async function containersOn(server: string): Promise<string[]> {
    const format = '{{.Names}} {{.State}}';
    const lines = (await fleet.shell(server, `docker ps -a --format '${format}'`))
      .split('\n')
      .filter(Boolean);
    const kept = SERVICES.map(name => `${name}-${statusOf(fleet.service(name)!).rejected?.release} exited`);
    return lines.filter(line => !kept.includes(line)).toSorted();
  }

  it(`goes on with it, wherever it dies, with ${MOMENTS.join(', ')} lines said`, async () => {
    for (const [i, lines] of MOMENTS.entries()) {
      const isBad = i % 3 === 1;
      push({
        Dockerfile: containerfile(...(isBad ? ['ENV DROPFLEET_REHEARSE=exits'] : [])),
        'server.js': `${i + 1}`,
      });
      await dieInDeploy(lines);
      await over(false);
    }
  });

  it('leaves one release of each service everywhere and no other, and no build', async () => {
    await over(true);
    const running = SERVICES.map(
      name => `${name}-${statusOf(fleet.service(name)!).release} running`,
    ).toSorted();
    for (const server of SERVERS)
      expect(await containersOn(server), server).to.deep.equal(server === 'shop-master' ? [] : running);
    expect(
      SERVICES.filter(name => isRejected(fleet.service(name)!)),
      'the last one was good',
    ).to.deep.equal([]);
    const units = await fleet.shell(
      'shop-master',
      "systemctl list-units --no-legend 'dropfleet-build-*' || true",
    );
    expect(units).to.equal('');
  });
});
