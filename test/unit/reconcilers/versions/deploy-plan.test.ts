import { expect } from 'chai';
import type { ServiceDeploymentSpec } from '../../../../crds/service-deployment.ts';
import { planDeploy } from '../../../../reconcilers/versions/deploy-plan.ts';
import { mergePatch } from '../../../../reconcilers/versions/merge-patch.ts';
import { imageOf, releaseState, versionBefore } from '../../../../reconcilers/versions/release-plan.ts';
import { aCondition, aServiceDeployment } from '../../../builders/objects.ts';

const WANTED: ServiceDeploymentSpec = {
  project: 'shop',
  environment: 'uat',
  service: 'website',
  type: 'web',
  version: 'v2',
  platform: 'docker',
  source: { git: { url: 'https://example.com/shop.git', ref: 'main' } },
};

describe('what a deploy writes', () => {
  it('is the whole service where there is none', () => {
    const [step] = planDeploy('default', [WANTED], []);
    expect(step).to.deep.include({ do: 'create', name: 'shop-uat-website' });
    expect(step)
      .to.have.nested.property('object.metadata.labels')
      .that.deep.equals({ 'dropfleet.io/project': 'shop', 'dropfleet.io/source': 'file' });
  });

  it('is only what differs, and takes out what the file no longer has', () => {
    const { source } = WANTED;
    const spec = {
      ...WANTED,
      version: 'v1',
      secrets: ['A'],
      source: { ...source, tree: 'f'.repeat(40), local: true },
    };
    const before = aServiceDeployment(
      'shop-uat-website',
      {},
      { spec: { ...spec, stopSeconds: 30, stopped: true } },
    );
    expect(planDeploy('default', [WANTED], [before])).to.deep.equal([
      {
        do: 'patch',
        name: 'shop-uat-website',
        wanted: WANTED,
        spec: { version: 'v2', secrets: null, source: { tree: null, local: null } },
      },
    ]);
  });

  it('is nothing when only what the API server fills in differs', () => {
    const wanted: ServiceDeploymentSpec = {
      ...WANTED,
      healthCheck: { path: '/up' },
      build: { context: 'web' },
    };
    const spec: ServiceDeploymentSpec = {
      ...wanted,
      restart: 'always',
      build: { containerfile: 'Dockerfile', context: 'web' },
      healthCheck: { path: '/up', intervalSeconds: 1, timeoutSeconds: 5, startSeconds: 30 },
    };
    const before = aServiceDeployment('shop-uat-website', {}, { spec });
    expect(planDeploy('default', [wanted], [before])[0]!.do).to.equal('nothing');
  });

  it('makes a merge patch that replaces maps and lists', () => {
    const from = { variables: { A: '1', B: '2' }, list: [1, 2], same: { a: [1] }, other: 1 };
    const to = { variables: { B: '3', C: '4' }, list: [2], same: { a: [1] } };
    expect(mergePatch(from, to, ['variables', 'list', 'same'])).to.deep.equal({
      variables: { A: null, B: '3', C: '4' },
      list: [2],
    });
    expect(mergePatch(from, from, ['variables', 'list'])).to.equal(undefined);
  });
});

describe('a release', () => {
  const service = (status: object, version = 'v2') =>
    aServiceDeployment('shop-uat-website', {}, { spec: { version }, status: { endpoints: [], ...status } });

  it('serves when its version runs and is Ready, by a status that is about this spec', () => {
    const status = { version: 'v2', observedGeneration: 3, conditions: [aCondition('Ready', 'True')] };
    expect(releaseState(service(status), 3).state).to.equal('serving');
    expect(releaseState(service(status), 4).state).to.equal('waiting');
    expect(releaseState(service({ ...status, version: 'v1' }), 3).state).to.equal('waiting');
  });

  it('has failed when it was rejected, but not when another was', () => {
    const rejected = { release: 'r', version: 'v2', reason: 'BuildFailed', message: 'no Dockerfile' };
    const status = { version: 'v1', observedGeneration: 3, conditions: [aCondition('Ready', 'True')] };
    expect(releaseState(service({ ...status, rejected }), 3)).to.deep.equal({
      state: 'failed',
      message: 'shop-uat-website: no Dockerfile',
    });
    const other = { ...rejected, version: 'v1.5' };
    expect(releaseState(service({ ...status, rejected: other }), 3).state).to.equal('waiting');
  });

  it('before the present one is what still runs, else the newest in the history', () => {
    const history = [
      { version: 'v1', image: 'sha256:1', deployedAt: '2026-01-02T00:00:00Z' },
      { version: 'v0', image: 'sha256:0', deployedAt: '2026-01-01T00:00:00Z' },
    ];
    expect(versionBefore([service({ version: 'v2', image: 'sha256:2', history })])).to.equal('v1');
    expect(versionBefore([service({ version: 'v0', image: 'sha256:0', history })])).to.equal('v0');
    expect(versionBefore([service({ version: 'v2', image: 'sha256:2' })])).to.equal(undefined);
  });

  it('is found by its version in any environment of its project, and in no other project', () => {
    const all = [
      service({ version: 'v2', image: 'sha256:2' }),
      aServiceDeployment('blog-uat-website', {}, { status: { version: 'v3', image: 'sha256:3' } }),
    ];
    expect(imageOf(all, 'shop', 'website', 'v2')).to.equal('sha256:2');
    expect(imageOf(all, 'shop', 'website', 'v3')).to.equal(undefined);
  });
});
