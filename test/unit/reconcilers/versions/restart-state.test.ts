import { expect } from 'chai';
import type { ServiceDeploymentStatus } from '../../../../crds/service-deployment.ts';
import { restartState, stopState } from '../../../../reconcilers/versions/release-plan.ts';
import { aCondition, aServiceDeployment } from '../../../builders/objects.ts';

const api = (status: ServiceDeploymentStatus) => aServiceDeployment('shop-uat-api', {}, { status });
const ready = [aCondition('Ready', 'True')];
const rejected = { release: 'c', reason: 'NotHealthy', message: 'not healthy' };

describe('a restart', () => {
  const before = api({ release: 'a', conditions: ready });

  it('is done when another release is Ready, not while the one before still is', () => {
    expect(restartState(before, before).state).to.equal('waiting');
    expect(restartState(api({ release: 'b' }), before).state).to.equal('waiting');
    expect(restartState(api({ release: 'b', conditions: ready }), before).state).to.equal('serving');
  });

  it('has failed when its own release was rejected, not because of one that was before', () => {
    const failed = api({ release: 'a', conditions: ready, rejected });
    expect(restartState(failed, before)).to.deep.equal({
      state: 'failed',
      message: 'shop-uat-api: not healthy',
      isFinal: true,
    });
    expect(restartState(failed, failed).state).to.equal('waiting');
  });
});

describe('a stop', () => {
  it('is done when that generation was seen to be stopped', () => {
    const conditions = [aCondition('Rolled', 'False', 'Stopped')];
    expect(stopState(api({ observedGeneration: 2, conditions }), 2).state).to.equal('serving');
    expect(stopState(api({ observedGeneration: 1, conditions }), 2).state).to.equal('waiting');
    expect(stopState(api({ observedGeneration: 2, conditions: ready }), 2).state).to.equal('waiting');
  });
});
