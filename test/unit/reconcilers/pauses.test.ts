import { expect } from 'chai';
import { createPauses, type Failure } from '../../../reconcilers/pauses.ts';
import { fakeClock } from '../../fakes/clock.ts';

const refused: Failure = { grounds: 'spec 1', cause: 'refused', firstMs: 300, slowestMs: 3_600 };

function start(random = () => 0.5) {
  const clock = fakeClock();
  const pauses = createPauses(clock, random);
  const failed = (parts: Partial<Failure> = {}): number => pauses.failed('a', { ...refused, ...parts });
  return { clock, failed, pauses };
}

describe('The pauses after failures', () => {
  it('double up to the slowest', () => {
    const { failed } = start();
    expect(Array.from({ length: 6 }, () => failed())).to.deep.equal([300, 600, 1_200, 2_400, 3_600, 3_600]);
  });

  it('stay finite however often something fails', () => {
    const { failed } = start();
    for (let i = 0; i < 2_000; i++) failed();
    expect(failed()).to.equal(3_600);
  });

  it('are a quarter shorter or longer by chance, so that not all come back at once', () => {
    expect([0, 0.9999].map(chance => Math.round(start(() => chance).failed()))).to.deep.equal([225, 375]);
  });

  it('hold back what is asked on the same grounds, and nothing else', async () => {
    const { clock, failed, pauses } = start();
    failed();
    await clock.advance(100);
    expect(pauses.leftMs('a', 'spec 1')).to.equal(200);
    expect([pauses.leftMs('a', 'spec 2'), pauses.leftMs('b', 'spec 1')]).to.deep.equal([0, 0]);
    await clock.advance(300);
    expect(pauses.leftMs('a', 'spec 1')).to.equal(0);
  });

  it('start over on other grounds, after another kind of failure, and once all was healthy', () => {
    const { failed, pauses } = start();
    failed();
    expect(failed({ grounds: 'spec 2' })).to.equal(300);
    expect(failed({ grounds: 'spec 2', cause: 'unreachable', firstMs: 2 })).to.equal(2);
    pauses.forget('a');
    expect(pauses.leftMs('a', 'spec 2')).to.equal(0);
    expect(failed({ grounds: 'spec 2', cause: 'unreachable', firstMs: 2 })).to.equal(2);
  });

  it('do not grow because one failure is told again', async () => {
    const { clock, failed, pauses } = start();
    failed({ id: 7 });
    await clock.advance(100);
    expect(failed({ id: 7 })).to.equal(200);
    expect(failed({ id: 8 })).to.equal(600);
    expect(failed({ id: 8, grounds: 'spec 2' }), 'an old one').to.equal(0);
    expect(pauses.leftMs('a', 'spec 2')).to.equal(0);
  });
});
