import { expect } from 'chai';
import type { ConditionValue } from '../../../../crds/conditions.ts';
import type { ServiceDeployment } from '../../../../crds/service-deployment.ts';
import type { Hosts } from '../../../../reconcilers/context.ts';
import type { Run } from '../../../../reconcilers/run.ts';
import type { ImageState } from '../../../../reconcilers/service/images.ts';
import type { Surroundings } from '../../../../reconcilers/service/observe.ts';
import { findWanted } from '../../../../reconcilers/service/wanted.ts';
import { activeStatus, aDroplet, aProject, aServiceDeployment } from '../../../builders/objects.ts';

const aService = (parts: object = {}): ServiceDeployment =>
  aServiceDeployment('shop-prod-api', {}, { spec: { version: 'v2' }, ...parts });

/** What is wanted, and what was said on the way, where images are as far as that. */
async function find(
  service: ServiceDeployment,
  image: ImageState,
  parts: { missing?: string[]; elsewhere?: string } = {},
) {
  const said: ConditionValue[] = [];
  const master = aDroplet('shop-master', { status: activeStatus(1, { privateAddress: '10.0.0.1' }) });
  const server = { object: master, droplet: 'shop-master', address: '10.0.0.1' };
  const surroundings: Surroundings = {
    project: aProject('shop', {}),
    services: [service],
    master,
    engine: 'docker',
    servers: [{ ...server, isAssigned: true, isAvailable: true, isThere: true, containers: [] }],
  };
  const hosts = {
    timings: { retryMs: 2_000 },
    ssh: { host: () => ({}) },
    privateKey: {},
  } as unknown as Hosts;
  const missing = (parts.missing ?? []).map(name => ({ name }) as never);
  const supplies = {
    images: { ensure: () => Promise.resolve(image) } as never,
    secretsOf: () => ({ values: [], missing, refused: [], digest: 'd', elsewhere: parts.elsewhere }),
  };
  const say = (built: ConditionValue) => Promise.resolve(void said.push(built));
  const run = { signal: new AbortController().signal } as Run;
  return { wanted: await findWanted(service, surroundings, hosts, supplies, run, say), said };
}

describe('What should run', () => {
  const building = { state: 'pending', reason: 'Building', message: 'building Dockerfile' } as const;

  it('says what it waits for before it does, and how far it is after', async () => {
    const { wanted, said } = await find(aService(), building);
    expect(said).to.deep.equal([
      { status: 'False', reason: 'Building', message: 'v2: getting its image ready' },
    ]);
    expect(wanted).to.deep.equal({
      type: 'unclear',
      conditions: { Built: { status: 'False', reason: 'Building', message: 'v2: building Dockerfile' } },
      againMs: 2_000,
    });
  });

  it('says so once for each wish', async () => {
    const Built = { type: 'Built', status: 'False', reason: 'Building', message: '', lastTransitionTime: '' };
    const status = { observedGeneration: 2, conditions: [Built] };
    expect((await find(aService({ metadata: { generation: 2 }, status }), building)).said).to.deep.equal([]);
    expect((await find(aService({ metadata: { generation: 3 }, status }), building)).said).to.have.length(1);
  });

  it('is no news of what was rejected, whose image is looked up again each time', async () => {
    const rejected = { release: 'r2', version: 'v2', reason: 'NotHealthy', message: 'ill' };
    const service = aService({ metadata: { generation: 2 }, status: { observedGeneration: 2, rejected } });
    expect((await find(service, building)).said).to.deep.equal([]);
    const edited = { ...service, metadata: { ...service.metadata, generation: 3 } };
    expect((await find(edited, building)).said).to.have.length(1);
  });

  it('is a published image only with the login that its registry asks for', async () => {
    const imageLogin = { username: 'ci', secret: 'REGISTRY_TOKEN' };
    const private_ = aService({ spec: { version: 'v2', image: 'registry.example.com/shop:v2', imageLogin } });
    const { wanted } = await find(private_, building);
    const { conditions } = wanted as Extract<typeof wanted, { type: 'unclear' }>;
    expect(conditions.Built).to.include({ status: 'False', reason: 'ImageLoginMissing' });
    expect(conditions.Built!.message).to.match(
      /secret REGISTRY_TOKEN has no value; "dropfleet secrets check"/,
    );
    const known = { ...private_, status: { version: 'v2', image: `sha256:${'a'.repeat(64)}` } };
    expect((await find(known, building)).wanted.type, 'its image is there').to.equal('release');
  });

  it('is looked at again as late as what is waited for says', async () => {
    const later = { ...building, reason: 'SourceUnavailable', afterMs: 30_000 };
    expect((await find(aService(), later)).wanted).to.include({ againMs: 30_000 });
    const failed = { state: 'failed', reason: 'BuildFailed', message: 'no' } as const;
    expect((await find(aService(), failed)).wanted).to.not.have.property('againMs', 2_000);
  });

  it('waits for its secrets where it serves nowhere, and goes on as it was where it does', async () => {
    const lacks = { missing: ['KEY'] };
    const { wanted } = await find(aService(), building, lacks);
    const { conditions } = wanted as Extract<typeof wanted, { type: 'unclear' }>;
    expect(conditions.Rolled).to.deep.include({ reason: 'SecretsMissing' });
    expect(conditions.Rolled!.message).to.match(/^missing secrets: KEY; "dropfleet secrets check"/);
    const served = aService({ status: { release: 'r1', version: 'v1', endpoints: [] } });
    const kept = (await find(served, building, lacks)).wanted as Extract<typeof wanted, { type: 'kept' }>;
    expect(kept.type).to.equal('kept');
    expect(`${kept.lacking.what}; ${kept.lacking.next}`).to.equal(conditions.Rolled!.message);
  });

  it('says in which namespace its secrets are looked for when that is not its own', async () => {
    const { wanted } = await find(aService(), building, { missing: ['KEY'], elsewhere: 'dropfleet-system' });
    const { conditions } = wanted as Extract<typeof wanted, { type: 'unclear' }>;
    expect(conditions.Rolled!.message).to.match(/looked for: Secrets in namespace dropfleet-system alone$/);
  });
});
