import { expect } from 'chai';
import {
  planFirewalls,
  type Firewall,
  type FirewallPlanInput,
  type RoleView,
} from '../../../../reconcilers/firewall/plan.ts';
import { renderFirewall, type Role } from '../../../../reconcilers/firewall/render.ts';

const ADMINS = ['198.51.100.0/24', '203.0.113.7'];

const wanted = (role: Role, admins = ADMINS) =>
  renderFirewall({ fleetId: 'f', project: 'shop', role, sshPort: 22, admins });

/** A firewall as the cloud lists it. */
const there = (id: string, role: Role, parts: Partial<Firewall> = {}): Firewall => ({
  ...wanted(role),
  id,
  dropletIds: [],
  ...parts,
});

const view = (role: Role, parts: Partial<RoleView> = {}): RoleView => ({
  role,
  droplets: 1,
  hasServers: true,
  isTagInUse: true,
  ...parts,
});

const GONE = { droplets: 0, hasServers: false };

function plan(roles: RoleView[], firewalls: Firewall[], parts: Partial<FirewallPlanInput> = {}) {
  return planFirewalls({
    fleetId: 'f',
    project: 'shop',
    roles,
    firewalls,
    sshPort: 22,
    admins: ADMINS,
    suspended: false,
    ...parts,
  });
}

const steps = (...input: Parameters<typeof plan>): string[] =>
  plan(...input).steps.map(step => `${step.type} ${step.type === 'create' ? step.role : step.id}`);

describe('The plan for firewalls', () => {
  it('makes one for each role that has servers', () => {
    expect(steps([view('master'), view('web')], [])).to.deep.equal(['create master', 'create web']);
    expect(steps([view('master'), view('web', GONE)], [there('1', 'master')])).to.deep.equal([]);
  });

  it('makes none before a server was asked for: there is no tag to protect it by', () => {
    expect(steps([view('master', { hasServers: false, isTagInUse: false })], [])).to.deep.equal([]);
  });

  it('passes over those of other projects, also of one whose name begins alike', () => {
    const others = [there('1', 'master', { name: 'dropfleet.f.shop-2.master' })];
    expect(steps([view('master')], others)).to.deep.equal(['create master']);
  });

  it('changes nothing that is as it should be, however it is spelled and sorted', () => {
    const { inbound, outbound, tags } = wanted('master');
    const spelled = there('1', 'master', {
      tags: tags.map(tag => tag.toUpperCase()),
      inbound: inbound
        .map(rule => ({
          ...rule,
          addresses: rule.addresses
            .map(address => (address === '203.0.113.7' ? '203.0.113.7/32' : address))
            .toReversed(),
        }))
        .toReversed(),
      outbound: outbound.toReversed(),
    });
    expect(steps([view('master')], [spelled])).to.deep.equal([]);
  });

  it('puts right what somebody changed by hand', () => {
    const { inbound, outbound } = wanted('web');
    const [ssh, ...rest] = inbound;
    const edits: Partial<Firewall>[] = [
      { inbound: rest },
      { inbound: [...inbound, { ...ssh!, ports: '3306' }] },
      { inbound: [{ ...ssh!, addresses: ['0.0.0.0/0'] }, ...rest] },
      { inbound: [{ ...ssh!, others: 1 }, ...rest] },
      { inbound: [{ ...ssh!, tags: [] }, ...rest] },
      { outbound: outbound.slice(1) },
      { tags: [] },
      { dropletIds: [7] },
    ];
    for (const edit of edits)
      expect(steps([view('web')], [there('1', 'web', edit)]), JSON.stringify(edit)).to.deep.equal([
        'update 1',
      ]);
  });

  it('follows those who administer', () => {
    const before = there('1', 'web', wanted('web', ['203.0.113.7']));
    const [step] = plan([view('web')], [before]).steps;
    expect(step).to.deep.equal({ type: 'update', id: '1', firewall: wanted('web') });
  });

  it('locks nobody out while it is not known who administers, and says that it needs to know', () => {
    const unknown = { admins: undefined };
    const open = there('1', 'web', { inbound: [] });
    for (const firewalls of [[], [open]])
      expect(plan([view('web')], firewalls, unknown)).to.deep.include({ steps: [], needsAdmins: true });
  });

  it('removes one only when neither an object nor a server has need of it', () => {
    const firewalls = [there('1', 'web')];
    expect(steps([view('web', { ...GONE, isTagInUse: false })], firewalls)).to.deep.equal(['delete 1']);
    expect(plan([view('web', GONE)], firewalls)).to.deep.include({ steps: [], waitsForServers: true });
    expect(steps([view('web', { hasServers: false, isTagInUse: false })], firewalls)).to.deep.equal([]);
  });

  it('waits for no servers where there is nothing to remove', () => {
    expect(plan([view('web', GONE)], [])).to.deep.include({ steps: [], waitsForServers: false });
  });

  it('keeps the oldest of several', () => {
    expect(steps([view('web')], [there('1', 'web', { tags: [] }), there('2', 'web')])).to.deep.equal([
      'update 1',
      'delete 2',
    ]);
  });

  it('makes and changes nothing while the project is suspended, and removes what protects nobody', () => {
    const suspended = { suspended: true };
    expect(steps([view('master'), view('web')], [there('1', 'web', { tags: [] })], suspended)).to.deep.equal(
      [],
    );
    const gone = view('web', { ...GONE, isTagInUse: false });
    expect(steps([gone], [there('1', 'web')], suspended)).to.deep.equal(['delete 1']);
  });
});

describe('A rendered firewall', () => {
  const lines = (role: Role) =>
    wanted(role).inbound.map(
      ({ protocol, ports, addresses, tags }) => `${protocol} ${ports} ${[...addresses, ...tags].join(' ')}`,
    );

  it('opens SSH to those who administer, the web to everybody, and services and images to the fleet', () => {
    expect(lines('master')).to.deep.equal([
      'tcp 22 198.51.100.0/24 203.0.113.7 dropfleet:f',
      'tcp 80 0.0.0.0/0 ::/0',
      'tcp 443 0.0.0.0/0 ::/0',
      'tcp 5000 dropfleet:f',
      'tcp 7000-9999 dropfleet:f',
      'tcp 18000-23999 dropfleet:f',
      'icmp 0 dropfleet:f',
    ]);
  });

  it('opens nothing of a web to everybody', () => {
    expect(lines('web')).to.deep.equal([
      'tcp 22 198.51.100.0/24 203.0.113.7 dropfleet:f',
      'tcp 7000-9999 dropfleet:f',
      'tcp 18000-23999 dropfleet:f',
      'icmp 0 dropfleet:f',
    ]);
  });

  it('lets everything out', () => {
    expect(wanted('web').outbound.map(({ protocol, ports }) => `${protocol} ${ports}`)).to.deep.equal([
      'tcp 0',
      'udp 0',
      'icmp 0',
    ]);
  });

  it('protects the droplets that carry the tag of project and role', () => {
    expect(wanted('web')).to.deep.include({ name: 'dropfleet.f.shop.web', tags: ['dropfleet:f:shop:web'] });
  });
});
