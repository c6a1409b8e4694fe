import { expect } from 'chai';
import { failureLines } from '../../../../cli/show/release-result.ts';
import { aServiceDeployment } from '../../../builders/objects.ts';

const failure = (name: string, version?: string) => ({
  service: aServiceDeployment(name, {}, { spec: { version: 'v2' }, ...(version && { status: { version } }) }),
  message: 'build failed: why',
});

describe('the end of a release that failed', () => {
  it('is the cause, what goes on, what was released beside it, and what to do', () => {
    const failures = [failure('shop-uat-backend', 'v1')];
    const ending = { failures, released: ['shop-uat-frontend'], waitingFor: ['shop-uat-worker (Starting)'] };
    expect(
      failureLines({ state: 'failed', ...ending }, 'dropfleet rollback shop uat').split('\n'),
    ).to.deep.equal([
      'shop-uat-backend: build failed: why',
      'shop-uat-backend goes on with v1.',
      'Released: shop-uat-frontend.',
      'Still on its way: shop-uat-worker (Starting).',
      'Mend it and deploy again, or keep what ran before: dropfleet rollback shop uat',
    ]);
  });

  it('offers no way back where nothing ran before', () => {
    const ending = { failures: [failure('shop-uat-backend')], released: [], waitingFor: [] };
    expect(failureLines({ state: 'failed', ...ending }, 'dropfleet rollback shop uat')).to.equal(
      'shop-uat-backend: build failed: why\nMend it and deploy again',
    );
  });
});
