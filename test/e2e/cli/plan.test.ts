import { expect } from 'chai';
import { rm, writeFile } from 'node:fs/promises';
import type { FleetPlan } from '../../../reconcilers/fleet-plan/plan.ts';
import {
  openWorkplace,
  runDropfleet,
  startDropfleet,
  type RunningCommand,
  type Workplace,
} from '../../environment/dropfleet.ts';

/** What the sandbox says that it was asked for. */
interface Ledger {
  counts: Record<string, number>;
  bill: { lines: { dropletId: number; name: string; size: string; hours: number }[] };
}

const FIREWALL_ACTIONS = ['create', 'update', 'delete'] as const;
const NOTHING = { create: [], delete: [], resize: [], 'power-on': [], refuse: [] };

// A daemon follows one place; what is planned stands in the next until it is written there.
describe('dropfleet plan', () => {
  let place: Workplace;
  let next: Workplace;
  let daemon: RunningCommand;
  let cloudUrl: string;

  const ledger = async (): Promise<Ledger> =>
    (await (await fetch(`${cloudUrl}/sandbox/ledger`)).json()) as Ledger;

  /** Plans the rows, has them made so, and compares what was said with what the cloud was asked for. */
  const planAndCarryOut = async (...rows: string[]) => {
    await next.writeCsv(...rows);
    const planned = await runDropfleet(
      place,
      '--config-dir',
      next.path('config'),
      '--output',
      'json',
      'plan',
    );
    const plan = JSON.parse(planned.stdout) as FleetPlan;
    const before = await ledger();
    await place.writeCsv(...rows);
    const { code, stderr } = await runDropfleet(place, 'orchestrate');
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    const after = await ledger();
    const names = (action: string) =>
      plan.droplets.filter(change => change.action === action).map(({ name }) => name);
    const count = (operation: string): number =>
      (after.counts[operation] ?? 0) - (before.counts[operation] ?? 0);
    const known = new Set(before.bill.lines.map(({ dropletId }) => dropletId));
    return {
      plan,
      said: {
        ...NOTHING,
        ...Object.fromEntries(Object.keys(NOTHING).map(action => [action, names(action).toSorted()])),
      },
      created: after.bill.lines
        .filter(({ dropletId }) => !known.has(dropletId))
        .map(({ name }) => name)
        .toSorted(),
      calls: {
        create: count('droplets.create'),
        delete: count('droplets.delete'),
        act: count('dropletActions.create'),
      },
      firewalls: {
        said: FIREWALL_ACTIONS.map(
          action => plan.firewalls.filter(change => change.action === action).length,
        ),
        made: FIREWALL_ACTIONS.map(action => count(`firewalls.${action}`)),
      },
      servers: await listServers(cloudUrl),
    };
  };

  before(async () => {
    place = await openWorkplace(['first,1,,']);
    next = await openWorkplace();
    daemon = startDropfleet(place, 'up', '--boot-delay', '200ms');
    await daemon.says(/^1 of 1 droplets Ready/m);
    cloudUrl = (await daemon.says(/^Cloud +(\S+)/m))[1]!;
  });
  after(async () => {
    await daemon.stop();
    await place.remove();
    await next.remove();
  });

  it('names the servers that are then created', async () => {
    const { said, created, calls, plan, firewalls } = await planAndCarryOut(
      'first,1,,',
      'blog,2,,',
      'shop,3,s-1vcpu-2gb,',
    );
    const wanted = ['blog-master', 'blog-web1', 'shop-master', 'shop-web1', 'shop-web2'];
    expect(said).to.deep.equal({ ...NOTHING, create: wanted });
    expect(created).to.deep.equal(wanted);
    expect(calls).to.deep.equal({ create: 5, delete: 0, act: 0 });
    expect(firewalls).to.deep.equal({ said: [4, 0, 0], made: [4, 0, 0] });
    expect(plan.monthlyCost).to.deep.equal({ before: 6, after: 42 });
  });

  it('names what is then created and destroyed when rows come, shrink and go', async () => {
    const { said, created, calls, plan, servers, firewalls } = await planAndCarryOut(
      'blog,1,,',
      'docs,2,,',
      'shop,3,s-1vcpu-2gb,',
    );
    expect(said).to.deep.equal({
      ...NOTHING,
      create: ['docs-master', 'docs-web1'],
      delete: ['blog-web1', 'first-master'],
    });
    expect(created).to.deep.equal(said.create);
    // Removed when the fleet's list shows no server of theirs any more, which nobody waits for.
    expect(firewalls.said).to.deep.equal([2, 0, 2]);
    expect(firewalls.made.slice(0, 2)).to.deep.equal([2, 0]);
    expect(calls).to.deep.equal({ create: 2, delete: 2, act: 0 });
    expect(servers.map(({ name }) => name)).to.deep.equal([
      'blog-master',
      'docs-master',
      'docs-web1',
      'shop-master',
      'shop-web1',
      'shop-web2',
    ]);
    expect(plan.monthlyCost).to.deep.equal({ before: 42, after: 42 });
    expect(plan.held).to.equal(undefined);
  });

  it('names the servers that are then resized', async () => {
    const { said, created, calls, servers, plan } = await planAndCarryOut(
      'blog,1,,',
      'docs,2,,s-1vcpu-2gb',
      'shop,3,s-1vcpu-2gb,',
    );
    expect(said).to.deep.equal({ ...NOTHING, resize: ['docs-web1'] });
    // The bill has a line for each size that a server had, but no server more.
    expect(created).to.deep.equal([]);
    // Down, resized, and up again.
    expect(calls).to.deep.equal({ create: 0, delete: 0, act: 3 });
    expect(servers.find(({ name }) => name === 'docs-web1')!.size_slug).to.equal('s-1vcpu-2gb');
    expect(plan.monthlyCost).to.deep.equal({ before: 42, after: 48 });
  });

  it('fails where orchestrate would, at a mistake in deployment_config.json', async () => {
    const file = place.path('config', 'deployment_config.json');
    await writeFile(file, '{"deployment_platform": "dokcer", "projects": {}}');
    const { code, stderr } = await runDropfleet(place, 'plan');
    await rm(file);
    expect(stderr).to.match(/^dropfleet: config\/deployment_config\.json:1:\d+: found "dokcer"/);
    expect(code).to.equal(1);
  });

  it('asks the cloud for nothing', async () => {
    const before = await ledger();
    await runDropfleet(place, 'plan');
    const after = await ledger();
    const changed = Object.keys(after.counts).filter(name => /create|delete/.test(name));
    for (const name of changed) expect(after.counts[name]).to.equal(before.counts[name]);
  });
});

async function listServers(url: string): Promise<{ name: string; size_slug: string }[]> {
  const headers = { authorization: 'Bearer any' };
  const reply = await fetch(`${url}/v2/droplets?per_page=200`, { headers });
  const { droplets } = (await reply.json()) as { droplets: { name: string; size_slug: string }[] };
  return droplets.toSorted((a, b) => a.name.localeCompare(b.name));
}
