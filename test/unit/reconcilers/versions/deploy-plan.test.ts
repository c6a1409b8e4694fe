import { expect } from 'chai';
import { planDeploy, releasedService } from '../../../../reconcilers/versions/deploy-plan.ts';
import type { ConfiguredService } from '../../../../reconcilers/services-file/render.ts';
import { imageOf, releaseState, versionBefore } from '../../../../reconcilers/versions/release-plan.ts';
import { aCondition, aServiceDeployment } from '../../../builders/objects.ts';

const WEBSITE: ConfiguredService = { project: 'shop', service: 'website', type: 'web' };
const SOURCE = { git: { url: 'https://example.com/shop.git', ref: 'main' } };
const PLACE = { namespace: 'default', environment: 'uat', platform: 'docker' } as const;
const wantedOf = (service: Partial<ConfiguredService> = {}) =>
  releasedService({ ...WEBSITE, ...service }, PLACE, { version: 'v2', source: SOURCE });

describe('what a deploy writes', () => {
  it('is the whole service where there is none', () => {
    const object = wantedOf();
    expect(planDeploy([object], [])).to.deep.equal([
      { do: 'create', name: 'shop-uat-website', wanted: object.spec, object },
    ]);
    expect(object.spec).to.deep.include({ version: 'v2', source: SOURCE });
  });

  it('is only what differs, and takes out what the file no longer has', () => {
    const wanted = wantedOf();
    const source = { ...SOURCE, tree: 'f'.repeat(40), local: true };
    const spec = { ...wanted.spec, version: 'v1', secrets: ['A'], source, stopped: true };
    const [step] = planDeploy([wanted], [{ ...wanted, spec }]);
    expect(step).to.have.property('do', 'patch');
    expect(step)
      .to.have.property('spec')
      .that.deep.equals({
        version: 'v2',
        secrets: null,
        source: { git: SOURCE.git, tree: null, local: null },
      });
  });

  it('is the version and source alone of what a person applied', () => {
    const wanted = wantedOf();
    const spec = { ...wanted.spec, version: 'v1', variables: { A: '1' } };
    const before = { ...wanted, metadata: { ...wanted.metadata, labels: {} }, spec };
    expect(planDeploy([wanted], [before])[0])
      .to.have.property('spec')
      .that.deep.equals({ version: 'v2' });
  });

  it('is nothing when all is as it should be', () => {
    const wanted = wantedOf({ healthCheck: { path: '/up' }, build: { context: 'web' } });
    expect(planDeploy([wanted], [wanted])[0]!.do).to.equal('nothing');
  });

  it('is for infra the version of its image, and no source', () => {
    const { spec } = wantedOf({ type: 'infra', image: 'postgres:17' });
    expect(spec.version).to.equal('17');
    expect(spec).not.to.have.property('source');
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

  it('has failed for good when it was rejected and what ran before runs', () => {
    const rejected = { release: 'r', version: 'v2', reason: 'Exited', message: 'exited with 1' };
    const conditions = [aCondition('Ready', 'False', 'Exited')];
    const status = { version: 'v1', observedGeneration: 1, conditions, rejected };
    const failed = { state: 'failed', message: 'v2 was rejected: exited with 1' };
    expect(releaseState(service(status), 1)).to.deep.equal({ ...failed, isFinal: true });
    // The one before is about to serve again.
    expect(releaseState(service({ ...status, version: 'v2' }), 1)).to.deep.equal({
      ...failed,
      isFinal: false,
    });
  });

  it('has failed, for now, when it cannot go on by itself', () => {
    const state = (reason: string) =>
      releaseState(
        service({
          observedGeneration: 1,
          conditions: [aCondition('Ready', 'False', reason)],
          rejected: { release: 'r', version: 'v1', reason: 'Exited', message: 'long ago' },
        }),
        1,
      );
    for (const reason of ['BuildFailed', 'SourceUnavailable', 'SecretsMissing'])
      expect(state(reason), reason).to.deep.equal({
        state: 'failed',
        message: 'Ready is False',
        isFinal: false,
      });
    for (const reason of ['Building', 'Starting', 'Watching'])
      expect(state(reason).state, reason).to.equal('waiting');
  });

  it('before the present one is what still runs, else the newest in the history', () => {
    const history = [
      { version: 'v1', image: 'sha256:1', deployedAt: '2026-01-02T00:00:00Z' },
      { version: 'v0', image: 'sha256:0', deployedAt: '2026-01-01T00:00:00Z' },
    ];
    expect(versionBefore([service({ version: 'v2', image: 'sha256:2', history })])).to.deep.equal({
      version: 'v1',
    });
    expect(versionBefore([service({ version: 'v0', image: 'sha256:0', history })])).to.deep.equal({
      version: 'v0',
    });
    expect(versionBefore([service({ version: 'v2', image: 'sha256:2' })])).to.equal(undefined);
  });

  it('goes back past what never served for a full minute, as long as something did', () => {
    const v1 = { version: 'v1', image: 'sha256:1', deployedAt: '2026-01-02T00:00:00Z' };
    const v0 = { version: 'v0', image: 'sha256:0', deployedAt: '2026-01-01T00:00:00Z' };
    const after = (...history: object[]) => service({ version: 'v2', image: 'sha256:2', history });
    const brief = { ...v1, unproven: true };
    expect(versionBefore([after(brief, v0)])).to.deep.equal({ version: 'v0', passedOver: 'v1' });
    expect(versionBefore([after(brief, v1, v0)]), 'with other settings it did').to.deep.equal({
      version: 'v1',
    });
    expect(versionBefore([after(v1), after(brief, v0)]), 'of another service it did not').to.deep.equal({
      version: 'v0',
      passedOver: 'v1',
    });
    expect(versionBefore([after(brief)])).to.deep.equal({ version: 'v1' });
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
