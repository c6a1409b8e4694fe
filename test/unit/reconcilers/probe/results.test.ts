import { expect } from 'chai';
import type { Droplet } from '../../../../crds/droplet.ts';
import { createProbeResults } from '../../../../reconcilers/probe/results.ts';
import type { ProbeSection } from '../../../../reconcilers/probe/section.ts';
import { aDroplet, activeStatus } from '../../../builders/objects.ts';

const sectionOf = (name: string): ProbeSection<{ tools: Set<string> }> => ({
  name,
  script: '',
  argumentsFor: () => [],
  parse: () => undefined,
});
const SECTION = sectionOf('one');
const KEY = 'default/shop-web1';
const facts = (...tools: string[]) => ({ tools: new Set(tools) });
const web = (uid = 'u1', id = 7): Droplet =>
  aDroplet('shop-web1', { metadata: { uid }, status: activeStatus(id) });

function start() {
  const clock = { now: 0, monotonic: () => clock.now };
  const all = createProbeResults(clock);
  const results = all.of(SECTION);
  const woken: string[] = [];
  const unsubscribe = results.subscribe(key => woken.push(key));
  return { all, clock, results, unsubscribe, woken: () => woken.splice(0) };
}

describe('The results of probes', () => {
  it('are the last of each section, and when it was asked', () => {
    const { all, results } = start();
    results.record(web(), facts('nft'), 5);
    results.record(web(), facts('nginx'), 8);
    expect(results.get(web())).to.deep.include({ facts: facts('nginx'), seenAt: 8 });
    expect(all.of(SECTION).get(web())).to.deep.include({ seenAt: 8 });
    expect(all.of(sectionOf('two')).get(web())).to.equal(undefined);
  });

  it('wake whoever reads the section when they change, and only then', () => {
    const { all, results, unsubscribe, woken } = start();
    results.record(web(), facts('nft'), 1);
    expect(woken()).to.deep.equal([KEY]);
    results.record(web(), facts('nft'), 2);
    all.of(sectionOf('two')).record(web(), facts('nginx'), 2);
    expect(woken()).to.deep.equal([]);
    expect(results.get(web())).to.include({ seenAt: 2 });
    results.record(web(), facts('nft', 'nginx'), 3);
    expect(woken()).to.deep.equal([KEY]);
    unsubscribe();
    results.record(web(), facts(), 4);
    expect(woken()).to.deep.equal([]);
  });

  it('are none any more when a section fails, which wakes once', () => {
    const { results, woken } = start();
    results.record(web(), facts('nft'), 1);
    woken();
    for (const seenAt of [2, 3]) results.record(web(), undefined, seenAt);
    expect(results.get(web())).to.equal(undefined);
    expect(woken()).to.deep.equal([KEY]);
  });

  for (const [what, other] of Object.entries({
    'the next server of a Droplet': web('u1', 8),
    'another Droplet of the name': web('u2', 7),
  }))
    it(`say nothing of ${what}, whose first are news`, () => {
      const { results, woken } = start();
      results.record(web(), facts('nft'), 1);
      woken();
      expect(results.get(other)).to.equal(undefined);
      results.record(other, facts('nft'), 2);
      expect([results.get(other)?.seenAt, woken()]).to.deep.equal([2, [KEY]]);
    });

  it('are forgotten with the Droplet, in every section', () => {
    const { all, results } = start();
    const two = all.of(sectionOf('two'));
    for (const section of [results, two]) section.record(web(), facts('nft'), 1);
    all.forget(KEY);
    expect([results.get(web()), two.get(web())]).to.deep.equal([undefined, undefined]);
  });

  it('of before a change count no more, nor of a probe that began before it', () => {
    const { clock, results, woken } = start();
    results.record(web(), facts('nft'), 1);
    clock.now = 5;
    results.changed(web());
    expect(results.get(web())).to.equal(undefined);
    woken();
    results.record(web(), facts('nft'), 5);
    expect([results.get(web()), woken()]).to.deep.equal([undefined, []]);
    results.record(web(), facts('nft'), 6);
    expect([results.get(web())?.seenAt, woken()]).to.deep.equal([6, [KEY]]);
  });
});
