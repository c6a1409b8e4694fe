import { expect } from 'chai';
import { assert, integer, property } from 'fast-check';
import { dropletNames } from '../../../../crds/names.ts';
import { targetsOf, type Member } from '../../../../reconcilers/health/topology.ts';
import { weighBySha256 } from '../../../../reconcilers/monitor/heartbeat.ts';
import { shareVantages, type LiveMonitor, type Vantage } from '../../../../reconcilers/monitor/share-plan.ts';

const project = (name: string, servers: number): Vantage[] =>
  dropletNames(name, servers).map((droplet, i) => ({
    droplet: `default/${droplet}`,
    project: `default/${name}`,
    role: i === 0 ? 'master' : 'web',
  }));
const projects = (count: number, servers: number): Vantage[] =>
  Array.from({ length: count }, (_, i) => project(`p${i}`, servers)).flat();
const monitors = (count: number): LiveMonitor[] =>
  Array.from({ length: count }, (_, i) => ({ name: `m${i}`, pinned: undefined }));
const share = (vantages: Vantage[], live: LiveMonitor[]) => shareVantages(vantages, live, weighBySha256);

/** The processes that observe each target of a project, one entry an observer. */
function observersByTarget(servers: number, count: number): string[][] {
  const shares = share(project('shop', servers), monitors(count));
  const members: Member[] = dropletNames('shop', servers).map((name, i) => ({
    name,
    role: i === 0 ? 'master' : 'web',
  }));
  return members.map(target =>
    members
      .filter(observer => targetsOf(observer, members).includes(target))
      .map(({ name }) => shares.get(`default/${name}`)!),
  );
}

describe('The share of each monitor', () => {
  it("is nobody's when there is none, and all of it for one that is alone", () => {
    expect(share(project('shop', 3), []).size).to.equal(0);
    expect(new Set(share(project('shop', 3), monitors(1)).values())).to.deep.equal(new Set(['m0']));
  });

  it('has every server acted for by exactly one, in whatever order they are known', () => {
    const vantages = projects(5, 4);
    const one = share(vantages, monitors(4));
    expect(one.size).to.equal(vantages.length);
    expect(share(vantages.toReversed(), monitors(4).toReversed())).to.deep.equal(one);
  });

  it('keeps the observers of every web on different processes as soon as there are two', () => {
    assert(
      property(integer({ min: 2, max: 12 }), integer({ min: 2, max: 6 }), (servers, count) => {
        const [, ...webs] = observersByTarget(servers, count);
        for (const observers of webs) expect(new Set(observers).size).to.equal(observers.length);
      }),
    );
  });

  it('spreads the observers of a master over all the others, as evenly as it goes', () => {
    assert(
      property(integer({ min: 2, max: 30 }), integer({ min: 2, max: 6 }), (servers, count) => {
        const [, ...webs] = project('shop', servers);
        const shares = share(project('shop', servers), monitors(count));
        const observers = webs.map(({ droplet }) => shares.get(droplet)!);
        const shared = [...Map.groupBy(observers, name => name).values()];
        const most = Math.max(...shared.map(all => all.length));
        expect(most).to.equal(Math.ceil(observers.length / (count - 1)));
      }),
    );
  });

  it("is about as large as everybody else's", () => {
    const shares = share(projects(100, 3), monitors(5));
    const sizes = [...Map.groupBy(shares.values(), name => name).values()].map(all => all.length);
    expect(sizes).to.have.length(5);
    for (const size of sizes) expect(size).to.be.within(40, 80);
  });

  it('moves little more than what a monitor leaves when it goes', () => {
    const vantages = projects(100, 4);
    const before = share(vantages, monitors(6));
    const after = share(vantages, monitors(5));
    const left = [...before].filter(([, name]) => name === 'm5').length;
    const moved = [...before].filter(([droplet, name]) => after.get(droplet) !== name).length;
    expect(moved).to.be.within(left, left * 2);
  });

  it('leaves a Droplet to the monitor that was told to act for it, and that one nothing else', () => {
    const told: LiveMonitor = { name: 'told', pinned: ['default/shop-web1'] };
    const shares = share(project('shop', 4), [...monitors(2), told]);
    expect([...shares].filter(([, name]) => name === 'told')).to.deep.equal([['default/shop-web1', 'told']]);
    expect(share(project('shop', 2), [told]).has('default/shop-master')).to.equal(false);
  });
});
