import { expect } from 'chai';
import { assert, integer, property } from 'fast-check';
import { targetsOf, watchOf, WITNESS, type Member } from '../../../../reconcilers/health/topology.ts';
import { masterName, webName } from '../../../../crds/names.ts';

const project = (webs: number): Member[] => [
  { name: masterName('shop'), role: 'master' },
  ...Array.from({ length: webs }, (_, i): Member => ({ name: webName('shop', i + 1), role: 'web' })),
];
const of = (members: Member[], name: string) =>
  watchOf(
    members.find(member => member.name === `shop-${name}`)!,
    members,
  );

describe('Who watches whom', () => {
  it('knows no quorum for a server that is alone', () => {
    expect(of(project(0), 'master')).to.deep.equal({ observers: [WITNESS], quorum: undefined });
  });

  it('asks for both observers of two servers', () => {
    expect(of(project(1), 'web1')).to.deep.equal({ observers: ['shop-master', WITNESS], quorum: 2 });
    expect(of(project(1), 'master')).to.deep.equal({ observers: ['shop-web1', WITNESS], quorum: 2 });
  });

  it('asks for two of three observers of a web, its neighbour in the ring among them', () => {
    expect(of(project(2), 'web1')).to.deep.equal({
      observers: ['shop-master', 'shop-web2', WITNESS],
      quorum: 2,
    });
    expect(of(project(11), 'web10').observers).to.deep.equal(['shop-master', 'shop-web9', WITNESS]);
    expect(of(project(11), 'web1').observers).to.deep.equal(['shop-master', 'shop-web11', WITNESS]);
  });

  it('asks for a majority of all webs and the witness about a master', () => {
    const quorums = [2, 3, 4, 5, 10].map(webs => of(project(webs), 'master').quorum);
    expect(quorums).to.deep.equal([2, 3, 3, 4, 6]);
  });

  it('never counts a server among its own observers, and asks more than half of them', () => {
    assert(
      property(integer({ min: 1, max: 99 }), webs => {
        const members = project(webs);
        for (const member of members) {
          const { observers, quorum } = watchOf(member, members);
          expect(observers).to.not.include(member.name);
          expect(new Set(observers).size).to.equal(observers.length);
          expect(quorum! * 2).to.be.greaterThan(observers.length);
          const watched = targetsOf(member, members).map(({ name }) => name);
          for (const other of members)
            expect(watched.includes(other.name)).to.equal(
              watchOf(other, members).observers.includes(member.name),
            );
        }
      }),
      { numRuns: 10 },
    );
  });
});
