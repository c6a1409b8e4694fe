import { expect } from 'chai';
import { alignColumns } from '../../../cli/show/columns.ts';
import { fleetLine } from '../../../reconcilers/read-model/fleet-line.ts';
import { fleetTable } from '../../../cli/show/fleet-table.ts';
import { planTable } from '../../../cli/show/plan-table.ts';
import { createProgress } from '../../../cli/show/progress.ts';
import { serviceLines } from '../../../cli/show/services-table.ts';
import { transitions } from '../../../cli/show/transitions.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import type { Project } from '../../../crds/project.ts';
import type { FleetPlan } from '../../../reconcilers/fleet-plan/plan.ts';
import { summarizeFleet, type FleetSummary } from '../../../reconcilers/read-model/fleet-summary.ts';
import { summarizeServices } from '../../../reconcilers/read-model/services.ts';
import {
  aCondition,
  aDroplet,
  aProject,
  aServiceDeployment,
  activeDroplets,
} from '../../builders/objects.ts';

const PRICES = new Map([['s-1vcpu-1gb', 6]]);
const summary = (projects: readonly Project[], droplets: readonly Droplet[]): FleetSummary =>
  summarizeFleet(projects, droplets, PRICES);
const shop = aProject('shop', {
  spec: { servers: 2 },
  status: { observedGeneration: 1, conditions: [aCondition('Ready', 'True', 'AllReady')] },
});
const failed = aDroplet('shop-web1', {
  status: {
    phase: 'Failed',
    conditions: [{ ...aCondition('Ready', 'False', 'Refused'), message: 'the account is full' }],
  },
});

describe('Columns', () => {
  it('stand below each other, two spaces apart, without spaces at the end', () => {
    const rows = [
      ['NAME', 'ROLE', ''],
      ['a', 'master', 'x'],
      ['longer', '', ''],
    ];
    expect(alignColumns(rows)).to.deep.equal(['NAME    ROLE', 'a       master  x', 'longer']);
  });
});

describe('The services of the fleet', () => {
  it('are a line each, with the version that runs and the one that should', () => {
    const services = [
      aServiceDeployment(
        'shop-prod-api',
        {},
        {
          spec: { version: 'v2' },
          status: { version: 'v1', observedGeneration: 1, conditions: [aCondition('Ready', 'True')] },
        },
      ),
      aServiceDeployment('shop-uat-api'),
    ];
    expect(serviceLines(summarizeServices(services, []))).to.deep.equal([
      '',
      'SERVICE        VERSION   STATE        MESSAGE',
      'shop prod api  v1 -> v2  Ready        Ready is True',
      'shop uat api             NotDeployed  not deployed yet',
    ]);
  });

  it('are no line when there are none', () => {
    expect(serviceLines([])).to.deep.equal([]);
  });
});

describe('Text from elsewhere', () => {
  const foreign = aDroplet('shop-web1', {
    status: {
      phase: 'Failed',
      conditions: [
        { ...aCondition('Ready', 'False', 'Refused'), message: 'no\u001b[2J\nproject shop: Ready' },
      ],
    },
  });

  it('moves nothing in columns, and takes as much room as it is shown with', () => {
    expect(
      alignColumns([
        ['\u001b[2J\u202e', 'x'],
        ['a', 'y'],
      ]),
    ).to.deep.equal(['\\u001b[2J\\u202e  x', 'a                y']);
  });

  it('neither begins a line nor moves the cursor in what is said of changes', () => {
    let written = '';
    const out = { write: (text: string) => (written += text) } as unknown as NodeJS.WriteStream;
    createProgress(out, out).show(summary([shop], [foreign]));
    expect(written).to.contain('shop-web1: Failed: no\\u001b[2J\\nproject shop: Ready\n');
  });

  it('neither begins a line nor moves the cursor on a terminal', () => {
    let written = '';
    const write = (text: string) => (written += text);
    const out = {
      write,
      isTTY: true,
      rows: 24,
      columns: 200,
      on: () => undefined,
    } as unknown as NodeJS.WriteStream;
    createProgress(out, out).show(summary([shop], [foreign]));
    expect(written).to.contain('no\\u001b[2J\\nproject shop: Ready');
  });
});

describe('The table of the fleet', () => {
  it('says so when there is nothing', () => {
    expect(fleetTable(summary([], []))).to.deep.equal(['No projects.']);
  });

  it('has a line for the project and one for each droplet, the master first', () => {
    expect(fleetTable(summary([shop], activeDroplets('shop', 2)))).to.deep.equal([
      'NAME           ROLE    SIZE         STATE      ADDRESS      MONTHLY',
      'shop                                Ready 2/2               $12.00',
      '  shop-master  master  s-1vcpu-1gb  Ready      203.0.113.1',
      '  shop-web1    web     s-1vcpu-1gb  Ready      203.0.113.2',
    ]);
  });

  it('says where the project is reached, where that is not the address of its master', () => {
    const reached = (masterAddress: string): string =>
      fleetTable(
        summary([{ ...shop, status: { ...shop.status, masterAddress } }], activeDroplets('shop', 2)),
      )[1]!;
    expect(reached('203.0.113.1')).to.not.contain('203.0.113');
    expect(reached('198.51.100.9')).to.match(/^shop +Ready 2\/2 +198\.51\.100\.9 +\$12\.00$/);
  });

  it('says below what a person must read', () => {
    const lines = fleetTable(summary([shop], [...activeDroplets('shop', 1), failed]));
    expect(lines.at(-1)).to.equal('shop-web1: the account is full');
  });

  it('counts the servers that are wanted, not those that are there', () => {
    expect(fleetLine(summary([shop], activeDroplets('shop', 1)))).to.equal(
      '1 of 2 droplets Ready, $6.00 a month',
    );
  });

  it('lists droplets of no project apart, and counts them so', () => {
    const fleet = summary([shop], [...activeDroplets('shop', 2), ...activeDroplets('gone', 1, 9)]);
    expect(fleetTable(fleet).map(line => line.split(/ {3,}/)[0])).to.deep.equal([
      'NAME',
      'shop',
      '  shop-master  master  s-1vcpu-1gb  Ready',
      '  shop-web1',
      'of no project',
      '  gone-master  master  s-1vcpu-1gb  Ready',
    ]);
    expect(fleetLine(fleet)).to.equal('2 of 2 droplets Ready, 1 of no project, $18.00 a month');
  });

  it('does not count a droplet that is to go among those that are wanted', () => {
    const one = aProject('shop', { status: shop.status! });
    const fleet = summary([one], activeDroplets('shop', 2));
    expect(fleetLine(fleet)).to.equal('1 of 1 droplets Ready, 1 to go, $12.00 a month');
  });

  it('says the namespace of those that have one name, and why one of them has nothing', () => {
    const twin = aProject('shop', {
      metadata: { namespace: 'team-b', uid: 'uid-twin' },
      status: {
        observedGeneration: 1,
        conditions: [{ ...aCondition('Ready', 'False', 'NameTaken'), message: 'give it another name' }],
      },
    });
    const lines = fleetTable(summary([shop, twin], activeDroplets('shop', 2)));
    expect(lines.map(line => line.trim().split(' ')[0])).to.deep.equal([
      'NAME',
      'default/shop',
      'shop-master',
      'shop-web1',
      'team-b/shop',
      'team-b/shop:',
    ]);
    expect(lines.at(-1)).to.equal('team-b/shop: give it another name');
    expect(transitions(undefined, summary([shop, twin], []))).to.deep.equal([
      'project default/shop: Ready, 0 of 2 droplets',
      'project team-b/shop: NameTaken',
    ]);
  });

  it('keeps quiet about a price that is not known', () => {
    const fleet = summarizeFleet([shop], activeDroplets('shop', 2), new Map());
    expect(fleetLine(fleet)).to.equal('2 of 2 droplets Ready');
  });
});

describe('The lines about changes', () => {
  it('are one for all that is new', () => {
    expect(transitions(undefined, summary([shop], activeDroplets('shop', 2)))).to.deep.equal([
      'droplet shop-master: Ready at 203.0.113.1',
      'droplet shop-web1: Ready at 203.0.113.2',
      'project shop: Ready, 2 of 2 droplets',
    ]);
  });

  it('are none when nothing changed', () => {
    const fleet = summary([shop], activeDroplets('shop', 2));
    expect(transitions(fleet, fleet)).to.deep.equal([]);
  });

  it('say why something failed, and what is gone', () => {
    const before = summary([shop], activeDroplets('shop', 2));
    const after = summary([aProject('shop', { spec: { servers: 2 } })], [failed]);
    expect(transitions(before, after)).to.deep.equal([
      'droplet shop-web1: Failed: the account is full',
      'project shop: Pending',
      'droplet shop-master: gone',
    ]);
  });
});

describe('The plan as a table', () => {
  it('marks what is made, destroyed and changed, and sums it up', () => {
    const plan: FleetPlan = {
      projects: [{ action: 'create', name: 'shop', servers: 1 }],
      droplets: [
        { action: 'create', name: 'shop-master', project: 'shop', size: 'small', region: 'nyc3' },
        { action: 'delete', name: 'blog-web1', project: 'blog', size: 'small', region: 'nyc3', id: 7 },
        {
          action: 'delete',
          name: 'blog-master',
          project: 'blog',
          size: 'small',
          region: 'nyc3',
          id: 8,
          lastSnapshot: true,
        },
        { action: 'resize', name: 'blog-master', project: 'blog', size: 'large', from: 'small', id: 8 },
      ],
      firewalls: [{ action: 'create', name: 'dropfleet.f.shop.master', project: 'shop', role: 'master' }],
      conflicts: ['byhand'],
      taken: [{ project: 'default/twin', message: 'project twin exists elsewhere: give it another name' }],
      losses: [],
      retired: [{ id: 9, name: 'shop-web1', size: 'small', keptUntil: '2026-01-02T00:00:05Z' }],
      monthlyCost: { before: 18, after: 12 },
    };
    const lines = planTable(plan, ['p.csv:2:8: this size is not offered']);
    expect(lines).to.deep.equal([
      '+  project shop            create, 1 server',
      '+    droplet shop-master   create, small in nyc3',
      '-    droplet blog-web1     delete droplet 7',
      '-    droplet blog-master   delete droplet 8; takes a last snapshot of blog-master first',
      '~    droplet blog-master   resize droplet 8 from small to large',
      '+    firewall shop master  create',
      '! project byhand was applied by hand and is left alone; its row has no effect',
      '! p.csv:2:8: this size is not offered',
      '! project default/twin is left alone: project twin exists elsewhere: give it another name',
      'replaced: droplet 9 of shop-web1 is kept until 2026-01-02T00:00:05Z',
      '',
      '1 to create, 2 to delete, 1 to change; $18.00 -> $12.00 a month (-$6.00)',
    ]);
  });

  it('says so when there is nothing to do', () => {
    const nothing = {
      projects: [],
      droplets: [],
      firewalls: [],
      conflicts: [],
      taken: [],
      losses: [],
      retired: [],
      monthlyCost: {},
    };
    expect(planTable(nothing)).to.deep.equal(['Nothing to do: the fleet is as projects.csv says.']);
  });
});

describe('The live view', () => {
  /** A screen of that size, and what stands on it. */
  function aScreen(rows: number, columns: number) {
    let written = '';
    const write = (text: string): void => void (written += text);
    const out = { isTTY: true, rows, columns, write } as unknown as NodeJS.WriteStream;
    return { progress: createProgress(out, { write }), lines: () => screenOf(written) };
  }
  const twenty = summary(
    [aProject('shop', { spec: { servers: 20 }, status: shop.status! })],
    activeDroplets('shop', 20),
  );

  it('fits on a screen that is lower and narrower than the fleet', () => {
    const { progress, lines } = aScreen(8, 40);
    progress.show(twenty);
    expect(lines()).to.have.length(6);
    expect(Math.max(...lines().map(line => line.length))).to.equal(40);
    expect(lines().at(-2)).to.equal('… 18 more lines');
    expect(lines().at(-1)).to.match(/^20 of 20 droplets Ready/);
  });

  it('shows what is waited for where there is no room for all', () => {
    const { progress, lines } = aScreen(10, 80);
    const blog = aProject('blog', { spec: { servers: 2 }, status: shop.status! });
    const late = aDroplet('shop-web9', { status: { phase: 'Booting' } });
    progress.show(
      summary(
        [blog, aProject('shop', { spec: { servers: 10 } })],
        [...activeDroplets('blog', 2, 30), ...activeDroplets('shop', 9), late],
      ),
    );
    expect(lines().map(line => line.trim().split(/ {2,}/)[0])).to.deep.equal([
      'NAME',
      'shop',
      'shop-web9',
      '11 of 12 droplets Ready, $72.00 a month',
    ]);
  });

  it('takes a terminal that does not tell its size for a usual one', () => {
    const { progress, lines } = aScreen(0, 0);
    progress.show(twenty);
    expect(lines()).to.have.length(22);
    expect(lines()[1]).to.match(/\$120\.00$/);
  });

  it('lets what is logged stand above it', () => {
    const { progress, lines } = aScreen(24, 80);
    const [one, two] = [1, 2].map(n => summary([shop], activeDroplets('shop', n)));
    progress.log.write('before\n');
    progress.show(one!);
    progress.log.write('WARN one\n');
    progress.log.write('WARN two\n');
    progress.show(two!);
    expect(lines()).to.deep.equal([
      'before',
      'WARN one',
      'WARN two',
      ...fleetTable(two!),
      '2 of 2 droplets Ready, $12.00 a month',
    ]);
  });

  it('ends with how it ended, in the place of its last line, and is not drawn over any more', () => {
    const { progress, lines } = aScreen(24, 80);
    const fleet = summary([shop], activeDroplets('shop', 2));
    progress.show(fleet);
    progress.end('all there, 2 s after the start');
    progress.log.write('WARN later\n');
    progress.show(fleet);
    expect(lines()).to.deep.equal([...fleetTable(fleet), 'all there, 2 s after the start', 'WARN later']);
  });
});

describe('The log of transitions', () => {
  it('says only what changed, also after it said that all is Ready', () => {
    let written = '';
    const out = { write: (text: string) => (written += text) } as unknown as NodeJS.WriteStream;
    const progress = createProgress(out, out);
    progress.show(summary([shop], activeDroplets('shop', 2)));
    progress.end('2 of 2 droplets Ready.');
    written = '';
    progress.show(summary([shop], [...activeDroplets('shop', 1), failed]));
    expect(written).to.equal(
      'droplet shop-web1: Failed: the account is full\nproject shop: Ready, 1 of 2 droplets\n',
    );
  });
});

/** The lines that a terminal shows after that: of the control sequences, those that the live view sends. */
function screenOf(written: string): string[] {
  const lines: string[] = [];
  let at = 0;
  // oxlint-disable-next-line no-control-regex -- they are what it is about
  for (const [token, up] of written.matchAll(/\x1b\[(\d+)A|\x1b\[J|[\r\n]|[^\x1b\r\n]+/g)) {
    if (up !== undefined) at -= Number(up);
    else if (token === '\x1b[J') lines.length = at;
    else if (token === '\n') at += 1;
    else if (token !== '\r') lines[at] = token;
  }
  return lines;
}
