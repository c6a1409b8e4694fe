import { expect } from 'chai';
import * as fc from 'fast-check';
import { createQuarantine, findRefused } from '../../../../reconcilers/load-balancer/quarantine.ts';
import { balancingFor } from '../../../builders/load-balancer.ts';
import { aServiceDeployment } from '../../../builders/objects.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';

const units = Array.from({ length: 32 }, (_, i) => `prod-s${i}`);

/** An nginx that refuses these units, and counts how often it is asked. */
function anNginx(bad: readonly string[], says: (unit: string) => string) {
  let tests = 0;
  return {
    tests: () => tests,
    test: (group: readonly string[]) => {
      tests++;
      const found = group.find(unit => bad.includes(unit));
      return Promise.resolve(found === undefined ? undefined : says(found));
    },
  };
}

describe('The search for what nginx refuses', () => {
  it('finds exactly the bad ones, whether nginx names them or not', () =>
    fc.assert(
      fc.asyncProperty(fc.subarray(units), fc.boolean(), async (bad, isNamed) => {
        const { test } = anNginx(bad, unit =>
          isNamed ? `unknown in /etc/services/${unit}.http.conf:1` : 'too small',
        );
        expect([...(await findRefused(units, test))!.keys()]).to.have.members(bad);
      }),
      propertyOptions(200),
    ));

  it('asks a few times when nginx names the file, and about log n times when not', async () => {
    const named = anNginx(['prod-s7'], unit => `bad in /etc/services/${unit}.server.conf:3`);
    await findRefused(units, named.test);
    expect(named.tests()).to.equal(4);
    const unnamed = anNginx(['prod-s7'], () => 'could not build the hash');
    await findRefused(units, unnamed.test);
    expect(unnamed.tests()).to.be.at.most(14);
  });

  it('leaves out one of two that are only bad together', async () => {
    const test = (group: readonly string[]) =>
      Promise.resolve(group.includes('prod-s1') && group.includes('prod-s9') ? 'duplicate' : undefined);
    expect([...(await findRefused(units, test))!.keys()]).to.deep.equal(['prod-s9']);
  });

  it('blames no service when nginx refuses the rest alone', async () => {
    expect(await findRefused(units, () => Promise.resolve('port 80 is no port'))).to.equal(undefined);
  });
});

describe('The quarantine', () => {
  const site = aServiceDeployment('shop-prod-site', { 'shop-web1': '10.0.0.3:8123' });
  const { services } = balancingFor(site);

  it('holds a service of one master until it changes', () => {
    const quarantine = createQuarantine(fakeClock());
    quarantine.add('default/shop-master', services[0]!, 'no');
    expect([...quarantine.of('default/shop-master', services)]).to.deep.equal([['prod-site', 'no']]);
    expect(quarantine.of('default/blog-master', services).size).to.equal(0);
    const moved = balancingFor(aServiceDeployment('shop-prod-site', { 'shop-web1': '10.0.0.3:8124' }));
    expect(quarantine.of('default/shop-master', moved.services).size).to.equal(0);
  });

  it('lets it try again after ten minutes', async () => {
    const clock = fakeClock();
    const quarantine = createQuarantine(clock);
    quarantine.add('default/shop-master', services[0]!, 'no');
    await clock.advance(599_999);
    expect(quarantine.of('default/shop-master', services).size).to.equal(1);
    await clock.advance(1);
    expect(quarantine.of('default/shop-master', services).size).to.equal(0);
  });
});
