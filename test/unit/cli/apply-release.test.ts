import { expect } from 'chai';
import { applyRelease } from '../../../cli/world/apply-release.ts';
import { RECONCILE_ANNOTATION, RESTARTED_ANNOTATION } from '../../../crds/names.ts';
import type { DeployStep } from '../../../reconcilers/versions/deploy-plan.ts';
import { aServiceDeployment } from '../../builders/objects.ts';

const NOW = new Date('2026-01-01T00:00:00Z');

/** The annotations that a deploy of v2 writes, one patch after the other, where that version had been rejected. */
async function annotationsWritten(rejected: string): Promise<string[]> {
  const service = aServiceDeployment(
    'shop-prod-api',
    {},
    {
      spec: { version: 'v2' },
      status: { rejected: { release: 'a', version: rejected, reason: 'NotHealthy', message: 'not healthy' } },
    },
  );
  const written: string[] = [];
  const kubernetes = {
    create: () => Promise.reject(new Error('nothing is to be created')),
    patch: (_kind: unknown, _key: string, { metadata }: { metadata?: { annotations?: object } }) => {
      written.push(...Object.keys(metadata?.annotations ?? {}));
      return Promise.resolve(service);
    },
  };
  const step: DeployStep = { do: 'nothing', name: 'shop-prod-api', wanted: service.spec };
  await applyRelease(kubernetes as unknown as Parameters<typeof applyRelease>[0], 'default', [step], NOW);
  return written;
}

describe('Deploying a version once more', () => {
  it('tries it again where it was rejected', async () => {
    expect(await annotationsWritten('v2')).to.deep.equal([RECONCILE_ANNOTATION, RESTARTED_ANNOTATION]);
  });

  it('restarts nothing where another version was', async () => {
    expect(await annotationsWritten('v1')).to.deep.equal([RECONCILE_ANNOTATION]);
  });
});
