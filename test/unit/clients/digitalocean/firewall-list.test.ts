import { expect } from 'chai';
import type { CloudFirewall } from '../../../../clients/digitalocean/cloud.ts';
import { createFirewallList } from '../../../../clients/digitalocean/firewall-list.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { fakeCloud, refusal } from '../../../fakes/cloud.ts';
import { rejection } from '../../../fakes/rejection.ts';

const firewall = (id: string, name = `dropfleet.f.shop.${id}`): CloudFirewall => ({
  id,
  name,
  tags: [],
  dropletIds: [],
  inbound: [],
  outbound: [],
  createdAt: '2026-01-01T00:00:00Z',
});

function start(...firewalls: CloudFirewall[]) {
  const clock = fakeClock();
  const cloud = fakeCloud();
  for (const each of firewalls) cloud.firewalls.set(each.id, each);
  const list = createFirewallList(cloud, 'dropfleet.f.', clock);
  const ids = () => list.list().map(({ id }) => id);
  return { clock, cloud, list, ids };
}

describe("The list of the fleet's firewalls", () => {
  it("holds this fleet's alone", async () => {
    const { list, ids } = start(firewall('1'), firewall('2', 'dropfleet.f2.shop.web'), firewall('3', 'mine'));
    expect(ids()).to.deep.equal([]);
    await list.refresh(1_000);
    expect(ids()).to.deep.equal(['1']);
  });

  it('is asked for once by all who want it, and not again while it is fresh', async () => {
    const { clock, cloud, list } = start();
    await Promise.all([list.refresh(1_000), list.refresh(1_000)]);
    await clock.advance(999);
    await list.refresh(1_000);
    expect(cloud.count('listFirewalls')).to.equal(1);
    await clock.advance(1);
    await list.refresh(1_000);
    expect(cloud.count('listFirewalls')).to.equal(2);
  });

  it('is asked for again when it is in doubt, until that succeeds', async () => {
    const { cloud, list } = start();
    await list.refresh(1_000);
    list.doubt();
    cloud.failNext('listFirewalls', refusal(503, 'no'));
    await rejection(list.refresh(1_000));
    await list.refresh(1_000);
    await list.refresh(1_000);
    expect(cloud.count('listFirewalls')).to.equal(3);
  });

  it('is not needed for what this process made a moment ago, unless that is in doubt', async () => {
    const { clock, list } = start();
    list.put(firewall('1'));
    await clock.advance(999);
    expect(list.isUntouched(1_000)).to.equal(true);
    await clock.advance(1);
    expect(list.isUntouched(1_000)).to.equal(false);
    expect(list.isUntouched(2_000)).to.equal(true);
    list.doubt();
    expect(list.isUntouched(2_000)).to.equal(false);
  });

  it('is not untouched any more once it was read', async () => {
    const { list } = start();
    expect(list.isUntouched(1_000)).to.equal(true);
    await list.refresh(1_000);
    expect(list.isUntouched(1_000)).to.equal(false);
  });

  it('keeps what was done while it was being read', async () => {
    const { list, ids } = start(firewall('1'), firewall('2'));
    const reading = list.refresh(1_000);
    list.put(firewall('3'));
    list.drop('1');
    await reading;
    expect(ids()).to.have.members(['2', '3']);
    list.doubt();
    await list.refresh(1_000);
    expect(ids()).to.have.members(['1', '2']);
  });
});
