import { expect } from 'chai';
import { loadCrds } from '../../../../crds/schema.ts';
import type { ServiceDeployment, ServiceDeploymentSpec } from '../../../../crds/service-deployment.ts';
import {
  changesByFile,
  renderService,
  versionOfImage,
  type ConfiguredService,
} from '../../../../reconcilers/services-file/render.ts';
import { compileSchema } from '../../../../standalone/structural-schema.ts';

const UAT = { namespace: 'default', environment: 'uat', platform: 'docker' } as const;

const website: ConfiguredService = {
  project: 'shop',
  service: 'website',
  type: 'web',
  secrets: ['API_KEY'],
  variables: { LOG_LEVEL: 'debug', GONE: 'soon' },
  healthCheck: {},
  domains: { prod: ['www.example.com'], uat: ['uat.example.com'] },
};
const database: ConfiguredService = {
  project: 'shop',
  service: 'database',
  type: 'infra',
  image: 'postgres:17',
  port: 5432,
  volumes: [{ name: 'data', path: '/var/lib/postgresql/data' }],
};

const shape = compileSchema(
  loadCrds().find(({ spec }) => spec.names.kind === 'ServiceDeployment')!.spec.versions[0].schema
    .openAPIV3Schema,
);

/** As an API server shows it. */
const shown = (service: ConfiguredService, spec: Partial<ServiceDeploymentSpec> = {}): ServiceDeployment => {
  const wanted = renderService(service, UAT);
  return shape({ ...wanted, spec: { ...wanted.spec, ...spec } }, undefined, false).value as ServiceDeployment;
};
const changes = (found: ServiceDeployment, service: ConfiguredService, repository?: string) =>
  changesByFile(found, renderService(service, UAT), repository);

describe('A service of deployment_config.json as a ServiceDeployment', () => {
  it('has the name, the labels and the spec of its environment, and neither a version nor a source', () => {
    expect(renderService(website, UAT)).to.deep.equal({
      apiVersion: 'dropfleet.io/v1alpha1',
      kind: 'ServiceDeployment',
      metadata: {
        name: 'shop-uat-website',
        namespace: 'default',
        labels: { 'dropfleet.io/project': 'shop', 'dropfleet.io/source': 'file' },
      },
      spec: {
        project: 'shop',
        environment: 'uat',
        service: 'website',
        type: 'web',
        platform: 'docker',
        build: { containerfile: 'Dockerfile', context: '.' },
        domains: ['uat.example.com'],
        secrets: ['API_KEY'],
        variables: { LOG_LEVEL: 'debug', GONE: 'soon' },
        healthCheck: { path: '/health', intervalSeconds: 1, timeoutSeconds: 5, startSeconds: 30 },
        stopSeconds: 30,
        restart: 'always',
        update: 'start-first',
      },
    });
  });

  for (const [what, service] of Object.entries({
    'a web': website,
    infra: database,
    'a web with a little said': { ...website, healthCheck: { path: '/up' }, build: {} },
  }))
    it(`says all of the CRD's defaults for ${what}, so that an API server adds none`, () => {
      const wanted = renderService(service, UAT);
      const { value, causes } = shape(wanted, undefined, false);
      expect(causes).to.deep.equal([]);
      expect((value as ServiceDeployment).spec).to.deep.equal(wanted.spec);
    });

  it('has no build where it has an image, no health check that nobody wrote, and no list that is empty', () => {
    const { spec } = renderService({ ...database, secrets: [], variables: {} }, UAT);
    expect(spec).to.not.have.any.keys('build', 'healthCheck', 'secrets', 'variables', 'domains');
  });

  it('is run by what it says itself, else by what the file says', () => {
    const podman = { ...UAT, platform: 'podman' } as const;
    expect(renderService(website, podman).spec.platform).to.equal('podman');
    expect(renderService({ ...website, platform: 'docker' }, podman).spec.platform).to.equal('docker');
  });
});

describe('What deployment_config.json changes in a ServiceDeployment', () => {
  it('is nothing in one that is as the file has it, whatever was released', () => {
    const released = {
      version: 'v1.2.0',
      source: { git: { url: 'https://git/shop', ref: 'main' }, tree: 'a'.repeat(40) },
      stopped: true,
    };
    expect(changes(shown(website, released), website, 'https://git/shop')).to.equal(undefined);
    expect(changes(shown(website, { source: { local: true } }), website, 'x')).to.equal(undefined);
  });

  it('does not depend on the order in which an API server has the keys of a map', () => {
    const found = shown(website, { variables: { GONE: 'soon', LOG_LEVEL: 'debug' } });
    expect(changes(found, website)).to.equal(undefined);
  });

  it('is every field of which it says something else, and takes away what it has no more', () => {
    const { healthCheck: _, secrets: __, ...rest } = website;
    const after = {
      ...rest,
      command: ['node', 'main.js'],
      memory: '512m',
      variables: { LOG_LEVEL: 'info' },
      domains: {},
    };
    expect(changes(shown(website), after)).to.deep.equal({
      healthCheck: null,
      secrets: null,
      domains: null,
      command: ['node', 'main.js'],
      memory: '512m',
      variables: { LOG_LEVEL: 'info', GONE: null },
    });
  });

  it("takes away what a template has no more, however deep in a service's options it is", () => {
    const before = { ...website, runOptions: { init: true, labels: { team: 'web', floor: '2' } } };
    const after = { ...website, runOptions: { readOnly: true, labels: { team: 'api' } } };
    expect(changes(shown(before), after)).to.deep.equal({
      runOptions: { readOnly: true, init: null, labels: { team: 'api', floor: null } },
    });
    expect(changes(shown(before), website)).to.deep.equal({ runOptions: null });
  });

  it('is the repository of what came from one', () => {
    const found = shown(website, { source: { git: { url: 'https://old/shop', ref: 'v1' } } });
    expect(changes(found, website, 'https://new/shop')).to.deep.equal({
      source: { git: { url: 'https://new/shop' } },
    });
  });

  it("is a version only where that repeats the image's tag", () => {
    const after = { ...database, image: 'postgres:18' };
    expect(changes(shown(database, { version: '17' }), after)).to.deep.equal({
      image: 'postgres:18',
      version: '18',
    });
    expect(changes(shown(database, { version: 'v1' }), after)).to.deep.equal({ image: 'postgres:18' });
    expect(changes(shown(database), after)).to.deep.equal({ image: 'postgres:18' });
  });

  it('is a build where an image was, and an image where a build was', () => {
    const image: ConfiguredService = { ...website, image: 'ghcr.io/acme/site:v3' };
    expect(changes(shown(website), image)).to.deep.equal({ image: 'ghcr.io/acme/site:v3', build: null });
    expect(changes(shown(image), website)).to.deep.equal({
      image: null,
      build: { containerfile: 'Dockerfile', context: '.' },
    });
  });
});

describe('The version of a published image', () => {
  const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
  for (const [image, version] of [
    ['postgres:17', '17'],
    ['registry.example.com:5000/team/search:v1.2', 'v1.2'],
    ['registry.example.com:5000/team/search', 'latest'],
    [`search:v1@${digest}`, 'v1'],
    [`search@${digest}`, 'sha256-0123456789ab'],
    ['postgres', 'latest'],
  ] as const)
    it(`of ${image.slice(0, 40)} is ${version}`, () => expect(versionOfImage(image)).to.equal(version));
});
