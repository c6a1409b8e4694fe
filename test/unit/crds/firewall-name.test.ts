import { expect } from 'chai';
import { firewallName, firewallNamed } from '../../../crds/firewall-name.ts';

describe("A firewall's name", () => {
  it('says whose it is', () => {
    expect(firewallName('team-a', 'shop-2', 'web')).to.equal('dropfleet.team-a.shop-2.web');
    expect(firewallNamed('team-a', 'dropfleet.team-a.shop-2.web')).to.deep.equal({
      project: 'shop-2',
      role: 'web',
    });
  });

  it("is none of this fleet's when it is another's or a person's", () => {
    for (const name of [
      'dropfleet.team.shop.web',
      'dropfleet.team-a2.shop.web',
      'dropfleet.team-a.shop.db',
      'dropfleet.team-a.shop',
      'dropfleet.team-a..web',
      'dropfleet.team-a.shop.web.old',
      'web',
    ])
      expect(firewallNamed('team-a', name), name).to.equal(undefined);
  });
});
