import { expect } from 'chai';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SERVICE_DEPLOYMENTS } from '../../../clients/kubernetes/kinds.ts';
import type { ServiceDeployment } from '../../../crds/service-deployment.ts';
import { renderService, type ConfiguredService } from '../../../reconcilers/services-file/render.ts';
import { describeOnApiServers } from '../../environment/api-server.ts';
import {
  openOperatorWorld,
  type OperatorWorld,
  type RunningOperator,
} from '../../environment/operator-world.ts';

const ROW = 'shop,1,s-1vcpu-1gb,s-1vcpu-1gb';
const DATABASE = { type: 'infra', image: 'postgres:17', port: 5432 };
const file = (services: object): string => JSON.stringify({ projects: { shop: { services } } });

describeOnApiServers('deployment_config.json', server => {
  let world: OperatorWorld;
  let operator: RunningOperator;

  const spec = (name: string): Partial<ServiceDeployment['spec']> => world.service(name)?.spec ?? {};
  const write = (services: object): Promise<void> => save(file(services));

  /** As an editor does. */
  async function save(text: string): Promise<void> {
    const draft = `${world.deploymentPath}~`;
    await writeFile(draft, text);
    await rename(draft, world.deploymentPath);
  }

  /** What a release does: it writes the service as the file has it, and a version. */
  async function release(service: string, environment: 'prod' | 'uat'): Promise<void> {
    const configured: ConfiguredService = { project: 'shop', service, type: 'web' };
    const { namespace, kubernetes } = world;
    const wanted = renderService(configured, { namespace, environment, platform: 'docker' });
    const version = `v0.1.0-${environment}`;
    await kubernetes.create(SERVICE_DEPLOYMENTS, { ...wanted, spec: { ...wanted.spec, version } });
  }

  async function complainsAfter(change: () => Promise<void>): Promise<string> {
    const before = operator.log.length;
    await change();
    const complaint = () =>
      operator.log.slice(before).find(({ fields }) => JSON.stringify(fields).includes('no services changed'));
    await world.until('the complaint', () => complaint() !== undefined);
    return JSON.stringify(complaint());
  }

  before(async () => {
    world = await openOperatorWorld(server());
    await world.writeCsv(ROW);
    await mountConfigMap(world, '..first', file({ database: DATABASE, website: {}, api: {} }));
    operator = world.startOperator();
    await world.untilReady('shop', 1);
  });
  after(() => world.close());

  it('brings up the infra of prod with the project, and no web before its release', async () => {
    await world.until('the database', () => spec('shop-prod-database').version === '17');
    expect(world.service('shop-prod-website')).to.equal(undefined);
  });

  it('brings up the infra of another environment with its first release', async () => {
    await release('website', 'uat');
    await world.until('the database', () => spec('shop-uat-database').version === '17');
    expect(world.service('shop-test-database')).to.equal(undefined);
  });

  it("is followed in every environment when a ConfigMap's links are swapped", async () => {
    await release('website', 'prod');
    const website = { memory: '512Mi', environment: { LOG_LEVEL: 'debug' }, health_check: true };
    await mountConfigMap(world, '..second', file({ database: DATABASE, website, api: {} }));
    for (const name of ['shop-prod-website', 'shop-uat-website'])
      await world.until(name, () => spec(name).memory === '512m');
    expect(spec('shop-uat-website')).to.deep.include({
      version: 'v0.1.0-uat',
      variables: { LOG_LEVEL: 'debug' },
      healthCheck: { path: '/health', intervalSeconds: 1, timeoutSeconds: 5, startSeconds: 30 },
    });
  });

  it('wins against edits by hand, but not against a release', async () => {
    const patch = JSON.stringify({ spec: { memory: '64m', version: 'v0.2.0' } });
    await world.kubectl.succeed('patch', 'sdep', 'shop-prod-website', '--type', 'merge', '-p', patch);
    await world.until('the memory to be put back', () => {
      const { version, memory } = spec('shop-prod-website');
      return version === 'v0.2.0' && memory === '512m';
    });
  });

  it('changes nothing with a mistake, half written or gone, says so, and is followed again', async () => {
    const before = world.service('shop-prod-website')!.metadata.generation;
    const half = file({ database: DATABASE }).slice(0, -4);
    const wrong = file({ database: DATABASE, website: { memory: 'lots' } });
    expect(await complainsAfter(() => save(half))).to.contain('not JSON');
    expect(await complainsAfter(() => save(wrong))).to.contain('lots');
    expect(await complainsAfter(() => rm(world.deploymentPath))).to.contain('no such file');
    expect(world.service('shop-prod-website')!.metadata.generation).to.equal(before);
    await write({ database: DATABASE, website: { memory: '1g' }, api: {} });
    await world.until('the change', () => spec('shop-prod-website').memory === '1g');
  });

  it('removes the service that leaves it, in all environments, and touches no other', async () => {
    await write({ database: DATABASE });
    const isGone = (name: string): boolean => {
      const service = world.service(name);
      return service === undefined || service.metadata.deletionTimestamp !== undefined;
    };
    for (const name of ['shop-prod-website', 'shop-uat-website'])
      await world.until(`${name} to go`, () => isGone(name));
    expect(world.service('shop-prod-database')!.metadata.deletionTimestamp).to.equal(undefined);
  });

  it('stops nothing when it lacks everything, until a person confirms it', async () => {
    const held = () =>
      operator.log.find(({ message }) => message.includes('deployment_config.json has no services'));
    await save('{ "projects": {} }');
    await world.until('the hold', () => held() !== undefined);
    expect(world.service('shop-prod-database')!.metadata.deletionTimestamp).to.equal(undefined);
    await write({ database: { ...DATABASE, image: 'postgres:18' } });
    await world.until('the new image', () => spec('shop-prod-database').version === '18');
    expect(world.effects()).to.deep.equal({ created: 1, destroyed: 0 });
  });
});

/** What the kubelet does: the file is a link through `..data`, which is swapped for one to another folder. */
async function mountConfigMap(
  { deploymentPath }: OperatorWorld,
  version: string,
  text: string,
): Promise<void> {
  const folder = dirname(deploymentPath);
  await mkdir(join(folder, version));
  await writeFile(join(folder, version, 'deployment_config.json'), text);
  await symlink(version, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  await symlink('..data/deployment_config.json', deploymentPath).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}
