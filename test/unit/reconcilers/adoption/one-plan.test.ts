import { expect } from 'chai';
import { planOneAdoption, type OneAdoptionInput } from '../../../../reconcilers/adoption/one-plan.ts';
import type { Candidate } from '../../../../reconcilers/adoption/plan.ts';
import { aCsvProject, aDroplet, aProject, activeStatus } from '../../../builders/objects.ts';

const byHand: Candidate = {
  id: 7,
  name: 'some-box',
  status: 'active',
  size: 's-1vcpu-1gb',
  region: 'nyc3',
  image: 'debian-13-x64',
  tags: [],
  createdAt: '2026-01-01T00:00:00Z',
};

const plan = (parts: Partial<OneAdoptionInput> = {}) =>
  planOneAdoption({
    fleet: 'f',
    namespace: 'default',
    rows: [],
    projects: [aCsvProject('shop', 3)],
    droplets: [],
    server: byHand,
    as: 'shop-web2',
    isThere: () => true,
    ...parts,
  });

function planned(parts: Partial<OneAdoptionInput> = {}) {
  const made = plan(parts);
  if (typeof made === 'string') throw new Error(made);
  return made;
}

describe('The plan to adopt one server that a person names', () => {
  it('has the Droplet of that name take it over', () => {
    const { steps, notes } = planned({ droplets: [aDroplet('shop-web2')] });
    expect(steps.map(({ type }) => type)).to.deep.equal(['claim']);
    expect(steps[0]).to.include({ forget: false });
    expect(notes).to.deep.equal([]);
  });

  it("makes the Droplet, the Project's own, where there is a place for it", () => {
    const { steps } = planned();
    expect(steps).to.have.length(1);
    expect(steps[0]).to.deep.include({ type: 'create-droplet', isOwned: true });
  });

  it('makes the Project of a row that nobody has acted on yet', () => {
    const row = { project: 'shop', servers: 3, masterSpec: 'a', webSpec: 'b' };
    const { steps } = planned({ projects: [], rows: [row] });
    expect(steps.map(({ type }) => type)).to.deep.equal(['create-project', 'create-droplet']);
  });

  it('makes the next Droplet without an owner, and says how the project grows without a purchase', () => {
    const csv = planned({ as: 'shop-web3' });
    expect(csv.steps[0]).to.deep.include({ type: 'create-droplet', isOwned: false });
    expect(csv.notes[0]).to.match(
      /has 3 servers so far: .* "dropfleet scale shop 4" makes it .* buys nothing$/,
    );
    const hand = planned({ as: 'shop-web3', projects: [aProject('shop', { spec: { servers: 3 } })] });
    expect(hand.notes[0]).to.contain('"kubectl -n default scale project shop --replicas=4"');
  });

  it('puts the tags back on the server that the Droplet has', () => {
    const droplets = [aDroplet('shop-web2', { status: activeStatus(7) })];
    expect(planned({ droplets }).steps[0]).to.include({ type: 'claim', forget: false });
  });

  it('has the Droplet forget a server that is gone', () => {
    const droplets = [aDroplet('shop-web2', { status: activeStatus(9) })];
    expect(planned({ droplets, isThere: id => id !== 9 }).steps[0]).to.include({ forget: true });
  });

  const owner = aDroplet('shop-web2', { status: activeStatus(7) });
  for (const { title, parts, says } of [
    {
      title: 'a Droplet with another server that is there',
      parts: { droplets: [aDroplet('shop-web2', { status: activeStatus(9) })] },
      says: 'the Droplet default/shop-web2 has the server 9 already',
    },
    { title: 'a place that is farther off', parts: { as: 'shop-web4' }, says: 'the next one is shop-web3' },
    { title: 'a project that nobody knows', parts: { projects: [] }, says: 'there is no Project shop: ' },
    { title: 'what is no name', parts: { as: 'web2' }, says: 'web2 is no name of a droplet' },
    {
      title: "another Droplet's server",
      parts: {
        droplets: [aDroplet('shop-web1')],
        server: { ...byHand, tags: ['dropfleet:f', 'dropfleet-uid:uid-shop-web1'] },
      },
      says: 'droplet 7 is the server of the Droplet default/shop-web1',
    },
    {
      title: 'what is so already',
      parts: {
        droplets: [owner],
        server: { ...byHand, tags: ['dropfleet:f', 'dropfleet-uid:uid-shop-web2'] },
      },
      says: 'droplet 7 is the server of shop-web2 already',
    },
    {
      title: "another fleet's server",
      parts: { server: { ...byHand, tags: ['dropfleet:theirs'] } },
      says: 'droplet 7 belongs to the fleet theirs: ',
    },
    {
      title: 'a server of another region than that of the Droplet',
      parts: { droplets: [aDroplet('shop-web2')], server: { ...byHand, region: 'ams3' } },
      says: 'it is in ams3 and the Droplet default/shop-web2 is to be in nyc3',
    },
  ])
    it(`refuses ${title}`, () => expect(plan(parts)).to.be.a('string').that.contains(says));
});
