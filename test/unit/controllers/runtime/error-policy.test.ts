import { expect } from 'chai';
import { KubernetesError } from '../../../../clients/kubernetes/errors.ts';
import { judgeError, judgeOutcome } from '../../../../controllers/runtime/error-policy.ts';
import { Stalled, Waiting } from '../../../../reconcilers/outcome.ts';

const refusal = (reason: string): KubernetesError =>
  new KubernetesError('409', { method: 'POST', path: '/' }, { code: 409, reason });

describe('The error policy', () => {
  it('waits for a change after a success', () => {
    expect(judgeOutcome(undefined)).to.deep.equal({ result: 'success', requeue: 'on change' });
  });

  it('looks again when a success asked for it', () => {
    expect(judgeOutcome({ requeueAfterMs: 7 })).to.deep.equal({
      result: 'requeue_after',
      requeue: { afterMs: 7 },
    });
  });

  it('takes waiting for no failure', () => {
    expect(judgeError(new Waiting('not yet', 9))).to.deep.equal({
      result: 'requeue_after',
      requeue: { afterMs: 9 },
    });
  });

  it('leaves a stalled object to a person', () => {
    expect(judgeError(new Stalled('QuotaExceeded', 'raise it'))).to.deep.equal({
      result: 'error',
      requeue: 'on change',
      failure: 'terminal',
    });
  });

  it('retries a conflict without calling it a failure, but not a name that is taken', () => {
    expect(judgeError(refusal('Conflict'))).to.deep.equal({ result: 'requeue', requeue: 'after backoff' });
    expect(judgeError(refusal('AlreadyExists'))).to.include({ result: 'error', failure: 'error' });
  });

  it('retries any other failure after a wait', () => {
    expect(judgeError(new Error('refused'))).to.deep.equal({
      result: 'error',
      requeue: 'after backoff',
      failure: 'error',
    });
  });

  it('tells mistakes in the program from failures of the world', () => {
    const mistakes = [new TypeError('x is undefined'), new RangeError('stack'), 'a thrown string', undefined];
    for (const mistake of mistakes) expect(judgeError(mistake).failure).to.equal('panic');
    const failedFetch = new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') });
    expect(judgeError(failedFetch).failure).to.equal('error');
  });
});
