import { expect } from 'chai';
import type { Project } from '../../../../crds/project.ts';
import type { ServiceDeployment } from '../../../../crds/service-deployment.ts';
import { describeEffects } from '../../../../reconcilers/gate/effect.ts';
import { planServices, type ServicesPlan } from '../../../../reconcilers/services-file/plan.ts';
import { renderService, type ConfiguredService } from '../../../../reconcilers/services-file/render.ts';
import { aProject } from '../../../builders/objects.ts';

const service = (service: string, more: Partial<ConfiguredService> = {}): ConfiguredService => ({
  project: 'shop',
  service,
  type: 'web',
  ...more,
});
const infra = (name: string, more: Partial<ConfiguredService> = {}): ConfiguredService =>
  service(name, { type: 'infra', image: 'postgres:17', ...more });

/** The service as it is in an environment, from the file. */
const existing = (
  configured: ConfiguredService,
  environment: 'prod' | 'uat' | 'test' = 'prod',
  metadata: Partial<ServiceDeployment['metadata']> = {},
): ServiceDeployment => {
  const wanted = renderService(configured, { namespace: 'default', environment, platform: 'docker' });
  const uid = `uid-${wanted.metadata.name}`;
  return { ...wanted, metadata: { ...wanted.metadata, uid, ...metadata } };
};

const plan = (
  services: readonly ConfiguredService[],
  found: readonly ServiceDeployment[] = [],
  projects: readonly Project[] = [aProject('shop')],
): ServicesPlan =>
  planServices({ platform: 'docker', services, repositoryOf: () => undefined }, projects, found);
const steps = ({ changes, removals }: ServicesPlan): string[] =>
  [...changes, ...removals].map(
    step => `${step.type} ${('wanted' in step ? step.wanted : step.service).metadata.name}`,
  );

describe('Planning what deployment_config.json makes of services', () => {
  it('leaves it to a release to create a web or a worker', () => {
    expect(steps(plan([service('website'), service('mailer', { type: 'worker' })]))).to.deep.equal([]);
  });

  it('creates infra in prod as soon as the Project is there, at the version of its image', () => {
    const { changes } = plan([infra('database')]);
    expect(changes).to.have.length(1);
    expect(changes[0]).to.have.nested.property('wanted.spec.version', '17');
    expect(steps(plan([infra('database')]))).to.deep.equal(['create-service shop-prod-database']);
  });

  it('creates infra elsewhere as soon as anything is there, unless prod shares its own', () => {
    const found = [existing(service('website'), 'uat')];
    const services = [service('website'), infra('database'), infra('vault', { shared: true })];
    expect(steps(plan(services, found))).to.deep.equal([
      'create-service shop-prod-database',
      'create-service shop-prod-vault',
      'create-service shop-uat-database',
    ]);
  });

  it('creates nothing for a Project that is not there or on its way out, and removes nothing of it', () => {
    const going = aProject('shop', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    for (const projects of [[], [going]]) {
      expect(steps(plan([infra('database')], [], projects))).to.deep.equal([]);
      expect(steps(plan([], [existing(service('website'))], projects))).to.deep.equal([]);
    }
  });

  it('changes a service in every environment that has it, and in no other', () => {
    const found = [existing(service('website'), 'prod'), existing(service('website'), 'uat')];
    expect(steps(plan([service('website', { memory: '1g' })], found))).to.deep.equal([
      'update-service shop-prod-website',
      'update-service shop-uat-website',
    ]);
    expect(steps(plan([service('website')], found))).to.deep.equal([]);
  });

  it('takes a host name from one service before it gives it to another', () => {
    const domains = { prod: ['www.example.com'] };
    const found = [existing(service('a')), existing(service('b', { domains }))];
    expect(steps(plan([service('a', { domains }), service('b')], found))).to.deep.equal([
      'update-service shop-prod-b',
      'update-service shop-prod-a',
    ]);
  });

  it('removes what left the file, everywhere, and what became shared', () => {
    const found = [
      existing(service('website'), 'prod'),
      existing(service('website'), 'uat'),
      existing(infra('database'), 'prod'),
      existing(infra('database'), 'uat'),
    ];
    const removed = plan([infra('database', { shared: true })], found);
    expect(steps(removed)).to.include.members([
      'delete-service shop-prod-website',
      'delete-service shop-uat-website',
      'delete-service shop-uat-database',
    ]);
    expect(removed.removals).to.have.length(3);
  });

  it('leaves alone what a person applied, and says so', () => {
    const byHand = existing(service('website', { memory: '1g' }), 'prod', { labels: {} });
    const found = plan([service('website')], [byHand]);
    expect([steps(found), found.conflicts]).to.deep.equal([[], ['shop-prod-website']]);
    expect(steps(plan([], [byHand]))).to.deep.equal([]);
  });

  it('leaves alone what is being deleted, and creates it when it is gone', () => {
    const going = existing(infra('database'), 'prod', { deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(steps(plan([infra('database')], [going]))).to.deep.equal([]);
    expect(steps(plan([], [going]))).to.deep.equal([]);
  });

  it("tells one project's services from another's, and one namespace's from another's", () => {
    const found = [existing({ ...service('website'), project: 'blog' })];
    expect(steps(plan([], found))).to.deep.equal([]);
    const elsewhere = existing(service('website'), 'prod', { namespace: 'other' });
    expect(steps(plan([], [elsewhere]))).to.deep.equal([]);
  });

  it('removes one service by itself, in all its environments', () => {
    const found = [existing(service('website'), 'prod'), existing(service('website'), 'uat')];
    const { losses } = plan([service('api')], found);
    expect(losses.map(({ name, doubt }) => [name, doubt])).to.deep.equal([
      ['shop-prod-website', undefined],
      ['shop-uat-website', undefined],
    ]);
    expect(describeEffects(losses)).to.equal(
      'remove 2 services of shop: shop-prod-website, shop-uat-website',
    );
  });

  it('doubts the end of several services at once, and of the last one', () => {
    const found = [existing(service('website')), existing(service('api'))];
    const reasons = (result: ServicesPlan) => result.losses.map(({ doubt }) => doubt?.reason);
    expect(reasons(plan([service('other')], found))).to.deep.equal(
      Array.from({ length: 2 }, () => 'SeveralServicesRemoved'),
    );
    expect(reasons(plan([], found.slice(0, 1)))).to.deep.equal(['EmptyDeploymentConfig']);
  });
});
