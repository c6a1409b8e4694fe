import { expect } from 'chai';
import { createSizeCatalog, MAX_AGE_MS } from '../../../../reconcilers/sizes/catalog.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { fakeCloud, refusal } from '../../../fakes/cloud.ts';
import { rejection } from '../../../fakes/rejection.ts';

describe('The catalog of sizes', () => {
  it('asks once a day, however many ask it', async () => {
    const [cloud, clock] = [fakeCloud(), fakeClock()];
    const catalog = createSizeCatalog(cloud, clock);
    expect(catalog.known().size).to.equal(0);
    await Promise.all([catalog.load(), catalog.load()]);
    expect(catalog.known().get('s-1vcpu-1gb')?.priceMonthly).to.equal(6);
    await clock.advance(MAX_AGE_MS - 1);
    await catalog.load();
    expect(cloud.count('listSizes')).to.equal(1);
    await clock.advance(1);
    await catalog.load();
    expect(cloud.count('listSizes')).to.equal(2);
  });

  it('keeps what it knew when the cloud does not answer, and asks again', async () => {
    const [cloud, clock] = [fakeCloud(), fakeClock()];
    const catalog = createSizeCatalog(cloud, clock);
    await catalog.load();
    await clock.advance(MAX_AGE_MS);
    cloud.failNext('listSizes', refusal(503, 'try later'));
    expect((await rejection(catalog.load())).message).to.contain('try later');
    expect(catalog.known().size).to.be.greaterThan(0);
    await catalog.load();
    expect(cloud.count('listSizes')).to.equal(3);
  });

  it('tells of every list until nobody wants to hear of it', async () => {
    const catalog = createSizeCatalog(fakeCloud(), fakeClock());
    let calls = 0;
    const stop = catalog.subscribe(() => (calls += 1));
    await catalog.load();
    stop();
    expect(calls).to.equal(1);
  });
});
