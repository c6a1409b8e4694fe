import { expect } from 'chai';
import { nonceTag } from '../../../../crds/cloud-tags.ts';
import type { Droplet } from '../../../../crds/droplet.ts';
import type { Project } from '../../../../crds/project.ts';
import type { Server } from '../../../../reconcilers/droplet/model.ts';
import { planFirewallChanges } from '../../../../reconcilers/fleet-plan/firewalls-plan.ts';
import type { Observation } from '../../../../reconcilers/fleet-plan/droplets-plan.ts';
import { planFleet, type FleetPlan } from '../../../../reconcilers/fleet-plan/plan.ts';
import type { Firewall } from '../../../../reconcilers/firewall/plan.ts';
import { renderFirewall, type Role } from '../../../../reconcilers/firewall/render.ts';
import type { DesiredProject } from '../../../../reconcilers/projects-csv/plan.ts';
import { aCsvProject, aProject, activeDroplets } from '../../../builders/objects.ts';

const [SMALL, LARGE] = ['s-1vcpu-1gb', 's-1vcpu-2gb'];
const PRICES = new Map([
  [SMALL, 6],
  [LARGE, 12],
]);
const SIZES = new Map(
  [SMALL, LARGE].map(slug => [slug, { slug, disk: 25, available: true, regions: ['nyc3'] }]),
);
const aRow = (project: string, servers: number, webSpec = SMALL): DesiredProject => ({
  project,
  servers,
  masterSpec: SMALL,
  webSpec,
});
const aServer = (id: number, change: Partial<Server> = {}): Server => ({
  id,
  status: 'active',
  locked: false,
  size: SMALL,
  disk: 25,
  region: 'nyc3',
  tags: [],
  ...change,
});

/** What is planned when each Droplet has the server that its status names, but for those that are given. */
function plan(
  rows: DesiredProject[],
  projects: Project[] = [],
  droplets: Droplet[] = [],
  servers: Record<string, Server[]> = {},
  firewalls: Firewall[] = [],
  admins: string[] | undefined = ['203.0.113.7'],
): FleetPlan {
  const serversOf = ({ metadata, status }: Droplet): Server[] =>
    servers[metadata.name] ?? [aServer(status!.server!.id!)];
  return planFleet({
    rows,
    namespace: 'default',
    projects,
    droplets,
    servers: droplets.flatMap(droplet =>
      serversOf(droplet).map(server => ({ ...server, name: droplet.metadata.name })),
    ),
    observations: new Map(
      droplets.map(droplet => [droplet.metadata.uid!, observationOf(droplet, serversOf(droplet))]),
    ),
    evidence: new Map(),
    sizes: SIZES,
    prices: PRICES,
    admitted: [],
    isConfirmed: () => false,
    dropletLimit: 25,
    firewalls: { fleetId: 'f', firewalls, sshPort: 22, admins },
  });
}

/** What is seen of a Droplet that has those servers. */
function observationOf({ status }: Droplet, servers: readonly Server[]): Observation {
  const server = servers.find(({ id }) => id === status?.server?.id);
  const duplicates = servers.filter(other => other !== server);
  const view = { duplicates, nonceSeenMs: Infinity, listAgeMs: 0 };
  return { view: { ...view, ...(server ? { server } : { notFound: true }) }, tags: [] };
}

const changes = ({ droplets }: FleetPlan): string[] =>
  droplets.map(change => `${change.action} ${change.name}${'id' in change ? ` ${change.id}` : ''}`);

describe('The plan for the fleet', () => {
  it('creates what a new row asks for', () => {
    const result = plan([aRow('shop', 2)]);
    expect(result.projects).to.deep.equal([{ action: 'create', name: 'shop', servers: 2 }]);
    expect(changes(result)).to.deep.equal(['create shop-master', 'create shop-web1']);
    expect(result.monthlyCost).to.deep.equal({ before: 0, after: 12 });
  });

  it('destroys the servers of a row that shrinks, by their ids', () => {
    const result = plan([aRow('shop', 1)], [aCsvProject('shop', 2)], activeDroplets('shop', 2));
    expect(changes(result)).to.deep.equal(['delete shop-web1 2']);
    expect(result.monthlyCost).to.deep.equal({ before: 12, after: 6 });
  });

  it('tells how many droplets too many it would be for the account', () => {
    expect(plan([aRow('shop', 25)]).overLimit).to.equal(undefined);
    expect(plan([aRow('shop', 26)]).overLimit).to.deep.equal({ limit: 25, needed: 26 });
  });

  it('is nothing for a fleet that is as its rows say', () => {
    const result = plan([aRow('shop', 2)], [aCsvProject('shop', 2)], activeDroplets('shop', 2));
    expect([...result.projects, ...result.droplets]).to.deep.equal([]);
  });

  it('makes nothing of a row whose name a Project of another namespace has, and says who has it', () => {
    const first = aProject('shop', {
      metadata: { namespace: 'team-a', uid: 'uid-first', creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { suspend: true },
    });
    const result = plan([aRow('shop', 2)], [first]);
    expect(changes(result)).to.deep.equal([]);
    expect(result.firewalls).to.deep.equal([]);
    expect(result.taken).to.deep.equal([
      {
        project: 'default/shop',
        message:
          'project shop exists in namespace team-a already; project names are unique in a fleet: delete this one or give it another name',
      },
    ]);
  });

  it('keeps the firewall of webs that only a namesake in another namespace has', () => {
    const metadata = { namespace: 'team-b', uid: 'uid-b', creationTimestamp: '2026-01-01T00:00:01Z' };
    const [, web] = activeDroplets('shop', 2);
    const others = { ...web!, metadata: { ...web!.metadata, namespace: 'team-b' } };
    const input = { fleetId: 'f', project: 'shop', sshPort: 22, admins: ['203.0.113.7'] };
    const roles: Role[] = ['master', 'web'];
    const firewalls = roles.map(role => ({
      ...renderFirewall({ ...input, role }),
      id: role,
      dropletIds: [],
    }));
    const first = aCsvProject('shop', 1, { creationTimestamp: '2026-01-01T00:00:00Z' });
    const twin = aProject('shop', { metadata, spec: { servers: 2 } });
    const droplets = [...activeDroplets('shop', 1), others];
    expect(plan([aRow('shop', 1)], [first, twin], droplets, {}, firewalls).firewalls).to.deep.equal([]);
  });

  it('resizes every server that is to be of another size, though the operator takes turns', () => {
    const result = plan([aRow('shop', 3, LARGE)], [aCsvProject('shop', 3)], activeDroplets('shop', 3));
    expect(changes(result)).to.deep.equal(['resize shop-web1 2', 'resize shop-web2 3']);
    expect(result.monthlyCost).to.deep.equal({ before: 18, after: 30 });
  });

  it('says which server cannot be resized', () => {
    const big = { 'shop-web1': [aServer(2, { disk: 80 })] };
    const droplets = activeDroplets('shop', 2);
    const result = plan([aRow('shop', 2, LARGE)], [aCsvProject('shop', 2)], droplets, big);
    expect(changes(result)).to.deep.equal(['refuse shop-web1']);
    expect(result.monthlyCost).to.deep.equal({ before: 12, after: 12 });
  });

  it('recreates what was destroyed, and powers on what is off', () => {
    const servers = { 'shop-master': [], 'shop-web1': [aServer(2, { status: 'off' })] };
    const droplets = activeDroplets('shop', 2);
    const result = plan([aRow('shop', 2)], [aCsvProject('shop', 2)], droplets, servers);
    expect(changes(result)).to.deep.equal(['create shop-master', 'power-on shop-web1 2']);
  });

  it('destroys a second server of one Droplet when it surely is a second answer, and else holds it', () => {
    const own = aServer(1, { tags: [nonceTag('first')] });
    const second = aServer(2, { tags: [nonceTag('second')] });
    const droplets = activeDroplets('shop', 1);
    const planWith = (...servers: Server[]): FleetPlan =>
      plan([aRow('shop', 1)], [aCsvProject('shop', 1)], droplets, { 'shop-master': servers });
    expect(changes(planWith(own, second))).to.deep.equal(['delete shop-master 2']);
    expect(changes(planWith(aServer(0), own))).to.deep.equal(['hold shop-master']);
  });

  it('leaves a suspended Project alone', () => {
    const project = aProject('shop', { spec: { servers: 2, suspend: true } });
    const result = plan([], [project], activeDroplets('shop', 1), { 'shop-master': [] });
    expect(changes(result)).to.deep.equal([]);
  });

  it('reports a hold, and of rows without effect', () => {
    const projects = [aCsvProject('blog', 1), aCsvProject('shop', 1), aProject('byhand')];
    const droplets = [...activeDroplets('blog', 1), ...activeDroplets('shop', 1, 2)];
    const byHand = activeDroplets('byhand', 1, 3);
    const result = plan([aRow('byhand', 4)], projects, [...droplets, ...byHand]);
    expect(result.held).to.include({ reason: 'LargeDeletion' });
    expect(result.losses.map(({ name }) => name)).to.deep.equal(['blog-master', 'shop-master']);
    expect(result.conflicts).to.deep.equal(['byhand']);
  });
});

describe('The plan for the firewalls of the fleet', () => {
  const there = (project: string, role: Role, admins = ['203.0.113.7']): Firewall => ({
    ...renderFirewall({ fleetId: 'f', project, role, sshPort: 22, admins }),
    id: `${project}-${role}`,
    dropletIds: [],
  });
  const firewalls = (...input: Parameters<typeof plan>): string[] =>
    plan(...input).firewalls.map(({ action, name }) => `${action} ${name}`);

  it('makes those of the roles that a new row has', () => {
    expect(firewalls([aRow('shop', 2), aRow('blog', 1)])).to.deep.equal([
      'create dropfleet.f.shop.master',
      'create dropfleet.f.shop.web',
      'create dropfleet.f.blog.master',
    ]);
  });

  it('removes those of a row that goes, and of webs when there are none any more', () => {
    const projects = [aCsvProject('shop', 2), aCsvProject('blog', 2)];
    const droplets = [...activeDroplets('shop', 2, 1), ...activeDroplets('blog', 2, 11)];
    const both = projects.flatMap(({ metadata: { name } }) => [there(name, 'master'), there(name, 'web')]);
    expect(firewalls([aRow('shop', 1)], projects, droplets, {}, both)).to.deep.equal([
      'delete dropfleet.f.shop.web',
      'delete dropfleet.f.blog.master',
      'delete dropfleet.f.blog.web',
    ]);
  });

  it('puts right what is not as it should be, but takes whom SSH lets in for right where nobody knows', () => {
    const project = [aCsvProject('shop', 1)];
    const droplets = activeDroplets('shop', 1);
    const another = [there('shop', 'master', ['198.51.100.7'])];
    const change = ['update dropfleet.f.shop.master'];
    expect(firewalls([aRow('shop', 1)], project, droplets, {}, another)).to.deep.equal(change);
    const unknown = { fleetId: 'f', sshPort: 22, admins: undefined };
    expect(planFirewallChanges(project[0]!, { ...unknown, firewalls: another })).to.deep.equal([]);
    const wide = [{ ...another[0]!, outbound: [] }];
    expect(planFirewallChanges(project[0]!, { ...unknown, firewalls: wide })).to.have.length(1);
  });
});
