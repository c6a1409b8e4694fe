import { expect } from 'chai';
import { createSharedRun } from '../../../../clients/kubernetes/shared-run.ts';
import { rejection } from '../../../fakes/rejection.ts';

function fixture() {
  const runs: (PromiseWithResolvers<number> & { signal: AbortSignal })[] = [];
  const run = createSharedRun(signal => {
    const result = Promise.withResolvers<number>();
    runs.push({ ...result, signal });
    return result.promise;
  });
  return { run, runs };
}

describe('A run that callers share', () => {
  it('is one while it is under way, and another afterwards', async () => {
    const { run, runs } = fixture();
    const both = [run(), run()];
    runs[0]!.resolve(1);
    expect(await Promise.all(both)).to.deep.equal([1, 1]);
    const later = run();
    runs[1]!.resolve(2);
    expect([await later, runs.length]).to.deep.equal([2, 2]);
  });

  it('lets a caller go with its signal, and goes on for the others', async () => {
    const { run, runs } = fixture();
    const stop = new AbortController();
    const [one, other] = [rejection(run(stop.signal)), run()];
    stop.abort(new Error('enough'));
    expect((await one).message).to.equal('enough');
    expect(runs[0]!.signal.aborted).to.equal(false);
    runs[0]!.resolve(1);
    expect(await other).to.equal(1);
  });

  it('stops when the last caller goes, and starts over for the next', async () => {
    const { run, runs } = fixture();
    const stops = [new AbortController(), new AbortController()];
    const gone = stops.map(({ signal }) => rejection(run(signal)));
    stops[0]!.abort(new Error('one'));
    stops[1]!.abort(new Error('two'));
    await Promise.all(gone);
    expect(runs[0]!.signal.aborted).to.equal(true);
    const next = run();
    runs[0]!.reject(new Error('stopped'));
    runs[1]!.resolve(2);
    expect(await next).to.equal(2);
  });

  it('fails for all when it fails, and is not begun for one who has gone already', async () => {
    const { run, runs } = fixture();
    const both = [rejection(run()), rejection(run())];
    runs[0]!.reject(new Error('no'));
    expect((await Promise.all(both)).map(({ message }) => message)).to.deep.equal(['no', 'no']);
    await rejection(run(AbortSignal.abort(new Error('gone'))));
    expect(runs).to.have.length(1);
  });
});
