import { expect } from 'chai';
import type { Droplet } from '../../../../crds/droplet.ts';
import { ADOPT_ANNOTATION } from '../../../../crds/names.ts';
import { placeNamed } from '../../../../reconcilers/adoption/place-plan.ts';
import {
  fleetsAmong,
  planAdoption,
  type AdoptionInput,
  type AdoptionPlan,
  type Candidate,
} from '../../../../reconcilers/adoption/plan.ts';
import { aCsvProject, aDroplet, aProject, activeStatus } from '../../../builders/objects.ts';

/** A server of the lost fleet, whose place follows from its name. */
function lost(id: number, name: string, parts: Partial<Candidate> = {}): Candidate {
  const { project, role } = placeNamed(name)!;
  return {
    id,
    name,
    status: 'active',
    size: 's-1vcpu-1gb',
    region: 'nyc3',
    image: 'debian-13-x64',
    tags: ['dropfleet:f', `dropfleet:f:${project}:${role}`, `dropfleet-uid:lost-${id}`],
    createdAt: '2026-01-01T00:00:00Z',
    ...parts,
  };
}

const row = (project: string, servers: number, size = 's-1vcpu-1gb') => ({
  project,
  servers,
  masterSpec: size,
  webSpec: size,
});

const plan = (servers: Candidate[], parts: Partial<AdoptionInput> = {}): AdoptionPlan =>
  planAdoption({
    fleet: 'f',
    namespace: 'default',
    servers,
    rows: [],
    projects: [],
    droplets: [],
    ...parts,
  });

const steps = (of: AdoptionPlan): string[] =>
  of.steps.map(step => {
    if (step.type === 'create-project') return `project ${step.project.metadata.name}`;
    if (step.type === 'raise-project') return `raise ${step.project.metadata.name} to ${step.servers}`;
    const how = step.type === 'claim' ? 'claim' : 'make';
    return `${how} ${step.place.name} of ${step.place.server.id}`;
  });

const reasons = (of: AdoptionPlan): string[] => of.leftAlone.map(({ reason }) => reason);
const emptyDroplet = (name: string, parts: Parameters<typeof aDroplet>[1] = {}): Droplet =>
  aDroplet(name, parts);

describe('The plan to adopt servers', () => {
  it('says nothing of what a restore drill made: it is about to be removed', () => {
    const copy = {
      ...lost(9, 'shop-web1'),
      name: 'shop-web1-drill',
      tags: ['dropfleet:f', 'dropfleet-drill:lost'],
    };
    expect([steps(plan([copy])), reasons(plan([copy]))]).to.deep.equal([[], []]);
  });

  it('makes the Project first, then a Droplet for each, as the servers are', () => {
    const made = plan([
      lost(2, 'shop-web4', { size: 'small' }),
      lost(1, 'shop-master', { size: 'big' }),
      lost(3, 'shop-web1', { size: 'small' }),
      lost(4, 'shop-web2', { size: 'odd' }),
    ]);
    expect(steps(made)).to.deep.equal([
      'project shop',
      'make shop-master of 1',
      'make shop-web4 of 2',
      'make shop-web1 of 3',
      'make shop-web2 of 4',
    ]);
    expect(made.steps[0]).to.deep.equal({
      type: 'create-project',
      project: {
        metadata: { name: 'shop', namespace: 'default' },
        spec: { servers: 5, masterSpec: 'big', webSpec: 'small' },
      },
    });
    expect(made.steps[4]).to.deep.include({
      spec: { project: 'shop', role: 'web', size: 'odd', region: 'nyc3', image: 'debian-13-x64' },
      isOwned: true,
    });
  });

  it('makes the Project as its row says, and remembers where its servers are', () => {
    const [step] = plan([lost(1, 'shop-master', { region: 'ams3', image: '123' })], {
      rows: [row('shop', 3, 'big'), row('blog', 1)],
    }).steps;
    expect(step).to.deep.equal({
      type: 'create-project',
      project: {
        metadata: { name: 'shop', namespace: 'default', labels: { 'dropfleet.io/source': 'csv' } },
        spec: { servers: 3, masterSpec: 'big', webSpec: 'big', region: 'ams3', image: '123' },
      },
    });
  });

  it('uses the Project and the Droplets that are there, in whatever namespace', () => {
    const metadata = { namespace: 'apps' };
    const made = plan([lost(1, 'shop-master'), lost(2, 'shop-web1')], {
      projects: [aProject('shop', { metadata, spec: { servers: 2 } })],
      droplets: [emptyDroplet('shop-master', { metadata })],
    });
    expect(steps(made)).to.deep.equal(['claim shop-master of 1', 'make shop-web1 of 2']);
    expect(made.adoptions.map(({ namespace }) => namespace)).to.deep.equal(['apps', 'apps']);
  });

  it('raises a Project from the file to what its row says, before its Droplets are made', () => {
    const made = plan([lost(1, 'shop-web1')], { rows: [row('shop', 2)], projects: [aCsvProject('shop', 1)] });
    expect(steps(made)).to.deep.equal(['raise shop to 2', 'make shop-web1 of 1']);
  });

  it('has nothing to do with what objects own, those that are being deleted too', () => {
    const metadata = { uid: 'lost-1', deletionTimestamp: '2026-01-01T00:00:00Z' };
    const made = plan([lost(1, 'shop-web1')], { droplets: [aDroplet('shop-web1', { metadata })] });
    expect(made).to.deep.equal({ adoptions: [], leftAlone: [], steps: [], notes: [] });
  });

  it('has nothing to do with what was replaced, and leaves it alone when its object is gone', () => {
    const tags = (uid: string): string[] => [
      'dropfleet:f',
      `dropfleet-retired:${uid}`,
      'dropfleet-retired-at:20260101t000000z',
    ];
    const droplets = [aDroplet('shop-web1', { status: activeStatus(8) })];
    const former = plan([lost(7, 'shop-web1', { tags: tags('uid-shop-web1') })], { droplets });
    expect([former.steps, former.leftAlone]).to.deep.equal([[], []]);
    const left = plan([lost(7, 'shop-web1', { tags: tags('gone') })], { droplets });
    expect([left.steps, reasons(left).length]).to.deep.equal([[], 1]);
  });

  it('reads tags whatever their case', () => {
    const tags = ['DROPFLEET:F', 'Dropfleet:f:SHOP:master', 'dropfleet-uid:LOST'];
    expect(steps(plan([lost(1, 'shop-master', { tags })]))).to.deep.equal([
      'project shop',
      'make shop-master of 1',
    ]);
  });

  for (const { title, servers, parts, reason } of [
    {
      title: 'tell no project',
      servers: [lost(1, 'shop-web1', { tags: ['dropfleet:f'] })],
      reason: /^its tags do not say .*; run "dropfleet adopt --droplet 1 --as NAME"$/,
    },
    {
      title: 'tell two',
      servers: [lost(1, 'shop-web1', { tags: ['dropfleet:f:shop:web', 'dropfleet:f:blog:web'] })],
      reason: /^its tags name several places: dropfleet:f:shop:web, dropfleet:f:blog:web; /,
    },
    {
      title: 'contradict the name',
      servers: [lost(1, 'shop-web1', { tags: ['dropfleet:f:shop:master'] })],
      reason: /^its tags say shop and master, but its name is no such as shop-master; /,
    },
    {
      title: 'tell a place that the project has not',
      servers: [lost(1, 'shop-web2')],
      parts: { projects: [aCsvProject('shop', 2)] },
      reason: /^shop is to have 2 servers, so there is no place for shop-web2: make it 3 in projects\.csv/,
    },
    {
      title: 'tell the place of a Droplet that has its server',
      servers: [lost(1, 'shop-web1')],
      parts: {
        projects: [aCsvProject('shop', 2)],
        droplets: [aDroplet('shop-web1', { status: activeStatus(9) })],
      },
      reason: /^the Droplet default\/shop-web1 has the server 9 already$/,
    },
    {
      title: 'tell the place of a Droplet for which one was just asked for',
      servers: [lost(1, 'shop-web1')],
      parts: {
        projects: [aCsvProject('shop', 2)],
        droplets: [aDroplet('shop-web1', { status: { server: { nonce: 'n' } } })],
      },
      reason: /^a server was asked for on behalf of the Droplet .* a moment ago: try again in a minute$/,
    },
    {
      title: 'tell a place in another region than that of its Droplet',
      servers: [lost(1, 'shop-web1', { region: 'ams3' })],
      parts: { projects: [aCsvProject('shop', 2)], droplets: [aDroplet('shop-web1')] },
      reason: /^it is in ams3 and the Droplet default\/shop-web1 is to be in nyc3: kubectl .*"region":"ams3"/,
    },
    {
      title: 'tell a project that is suspended',
      servers: [lost(1, 'shop-web1')],
      parts: { projects: [aProject('shop', { spec: { servers: 2, suspend: true } })] },
      reason: /^the Project default\/shop is suspended: kubectl .*"suspend":false/,
    },
    {
      title: 'tell a project that is being deleted',
      servers: [lost(1, 'shop-web1')],
      parts: { projects: [aProject('shop', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })] },
      reason: /^the Project default\/shop is being deleted: wait until it is gone$/,
    },
  ])
    it(`leaves a server alone whose tags ${title}`, () => {
      const made = plan(servers, parts);
      expect(made.adoptions).to.deep.equal([]);
      expect(made.steps).to.deep.equal([]);
      expect(reasons(made)).to.have.length(1);
      expect(reasons(made)[0]).to.match(reason);
    });

  it('leaves both alone that tell one place, and takes the others over', () => {
    const made = plan([lost(1, 'shop-web1'), lost(2, 'shop-web1'), lost(3, 'shop-master')]);
    expect(steps(made)).to.deep.equal(['project shop', 'make shop-master of 3']);
    expect(reasons(made)).to.have.length(2);
    expect(reasons(made)[0]).to.match(/^2 servers are shop-web1: 1 and 2\. See which is the right one/);
  });

  it('says what will be resized, powered on or bought afterwards', () => {
    const { notes } = plan([lost(1, 'shop-web1', { status: 'off', size: 'small' })], {
      rows: [row('shop', 3)],
    });
    expect(notes).to.deep.equal([
      'shop-web1 has the size small and is to have s-1vcpu-1gb: it is resized when all servers of its project are Ready, one at a time',
      'shop-web1 is off: it is powered on',
      'shop-master, shop-web2: there is no server to take over; the operator creates them once no server of shop is left without an object',
    ]);
  });

  it('counts no Droplet as missing that has a server, or is about to take one over', () => {
    const { notes } = plan([lost(1, 'shop-web1')], {
      projects: [aCsvProject('shop', 3)],
      droplets: [
        aDroplet('shop-master', { status: activeStatus(9) }),
        aDroplet('shop-web2', { metadata: { annotations: { [ADOPT_ANNOTATION]: '8' } } }),
      ],
    });
    expect(notes).to.deep.equal([]);
  });
});

describe('The other fleets of an account', () => {
  it('are told by their tags, with how many servers they have', () => {
    const servers = [['dropfleet:a'], ['dropfleet:b', 'dropfleet:b:x:web'], ['Dropfleet:B'], ['mine']];
    expect([
      ...fleetsAmong(
        servers.map(tags => ({ tags })),
        'a',
      ),
    ]).to.deep.equal([['b', 2]]);
  });
});

describe('A name of a droplet', () => {
  it('tells the project, the role and the number', () => {
    expect(placeNamed('my-shop-web12')).to.deep.equal({
      project: 'my-shop',
      role: 'web',
      name: 'my-shop-web12',
      number: 12,
    });
    expect(placeNamed('shop-master')).to.include({ role: 'master', number: 0 });
  });

  for (const name of [
    'shop',
    'web1',
    'shop-web0',
    'shop-web100',
    'shop-web01',
    'Shop-web1',
    '-web1',
    'a_b-web1',
  ])
    it(`is not ${name}`, () => expect(placeNamed(name)).to.equal(undefined));
});
