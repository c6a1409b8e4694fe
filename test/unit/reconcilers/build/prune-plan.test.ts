import { expect } from 'chai';
import { neededImages, planPrune, type ImageTag } from '../../../../reconcilers/build/prune-plan.ts';

const idOf = (digit: string): string => `sha256:${digit.repeat(64)}`;
/** The tags of an image that was built. */
const built = (digit: string): ImageTag[] => [
  { image: idOf(digit), tag: digit.repeat(64) },
  { image: idOf(digit), tag: `build-${digit.repeat(12)}` },
];
const needed = (...digits: string[]): Set<string> => new Set(digits.map(idOf));

describe('The plan of what is cleaned', () => {
  it('removes both tags of an image that nobody needs', () => {
    const tags = [...built('a'), ...built('b'), ...built('c')];
    expect(planPrune(tags, needed('a', 'c'))).to.deep.equal(built('b').map(({ tag }) => tag));
  });

  it('keeps the newest build, whose layers the next one takes', () => {
    expect(planPrune([...built('a'), ...built('b')], needed())).to.deep.equal(
      built('b').map(({ tag }) => tag),
    );
  });

  it('removes what was pulled, and is needed no more', () => {
    const pulled = { image: idOf('d'), tag: 'd'.repeat(64) };
    expect(planPrune([pulled], needed('e'))).to.deep.equal([pulled.tag]);
  });

  it('leaves what a person tagged so', () => {
    const odd = ['latest', 'build-mine', 'f'.repeat(64)].map(tag => ({ image: idOf('d'), tag }));
    expect(planPrune(odd, needed())).to.deep.equal([]);
  });
});

describe('The images that are needed', () => {
  it('are the last three of each service in each environment, the same one counted once', () => {
    const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map(idOf);
    const services = [{ images: [a, a, undefined, b, c, d] }, { images: [e] }, { images: [] }];
    expect([...neededImages(services)]).to.have.members([a, b, c, e]);
  });
});
