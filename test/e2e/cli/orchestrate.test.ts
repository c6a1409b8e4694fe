import { expect } from 'chai';
import { readFile, writeFile } from 'node:fs/promises';
import { openWorkplace, runDropfleet, type Ending, type Workplace } from '../../environment/dropfleet.ts';

const CSV = `# What we run.
Project,Servers,MasterSpec,WebSpec

# One is enough.
blog,1,s-1vcpu-1gb,s-1vcpu-1gb
docs,1,,
shop, 2 ,s-1vcpu-1gb,s-1vcpu-1gb
`;

// One person's session without a daemon: each command finds what the ones before it left.
describe('Without a daemon, dropfleet', () => {
  let place: Workplace;
  const run = (...args: string[]): Promise<Ending> => runDropfleet(place, ...args);
  const names = (status: { projects: { droplets: { name: string }[] }[] }): string[] =>
    status.projects.flatMap(({ droplets }) => droplets.map(({ name }) => name));

  before(async () => {
    place = await openWorkplace(['placeholder,1,,']);
    await writeFile(place.path('config', 'projects.csv'), CSV);
  });
  after(() => place.remove());

  it('plan says what there is to do and what it costs', async () => {
    const { code, stdout, stderr } = await run('--plan');
    expect(stdout.replaceAll(/ +/g, ' ')).to.equal(
      [
        'Cloud: sandbox; Kubernetes: standalone (.dropfleet/sandbox); rows: config/projects.csv',
        '+ project blog create, 1 server',
        '+ project docs create, 1 server',
        '+ project shop create, 2 servers',
        '+ droplet blog-master create, s-1vcpu-1gb in nyc3',
        '+ droplet docs-master create, s-1vcpu-1gb in nyc3',
        '+ droplet shop-master create, s-1vcpu-1gb in nyc3',
        '+ droplet shop-web1 create, s-1vcpu-1gb in nyc3',
        '+ firewall blog master create',
        '+ firewall docs master create',
        '+ firewall shop master create',
        '+ firewall shop web create',
        '',
        '4 to create, 0 to delete, 0 to change; $0.00 -> $24.00 a month (+$24.00)',
        '',
      ].join('\n'),
    );
    expect(stderr).to.equal('');
    expect(code).to.equal(0);
  });

  it('status exits with 1 and says what to do while there is nothing', async () => {
    const { code, stdout } = await run('status');
    expect(stdout).to.equal(
      'No projects.\n\n0 of 0 droplets Ready, $0.00 a month\nThere is no state in .dropfleet/sandbox yet. Nothing is running here: "dropfleet up" keeps the fleet as projects.csv says.\n',
    );
    expect(code).to.equal(1);
  });

  it('orchestrate makes it so, tells every step in a line of its own, and writes infrastructure.json', async () => {
    const { code, stdout, stderr } = await run('--orchestrate', '--timeout', '60s');
    expect(stderr).to.equal('');
    const lines = stdout.trimEnd().split('\n');
    for (const state of ['Creating', 'Booting', 'Ready at 127(\\.\\d+){3}'])
      expect(lines.filter(line => new RegExp(`^droplet shop-web1: ${state}$`).test(line))).to.have.length(1);
    expect(lines.at(-1)).to.equal('4 of 4 droplets Ready, $24.00 a month.');
    expect(stdout).to.not.contain('\x1b');
    expect(code).to.equal(0);
    const { droplets } = (await place.json('config', 'infrastructure.json')) as { droplets: object };
    expect(Object.keys(droplets)).to.deep.equal(['blog-master', 'docs-master', 'shop-master', 'shop-web1']);
    expect(Object.values(droplets).every(({ ready }) => ready)).to.equal(true);
  });

  it('orchestrate and plan have nothing to do then', async () => {
    const [again, plan] = [await run('orchestrate'), await run('plan')];
    expect(again.code).to.equal(0);
    expect(again.stdout.trimEnd().split('\n').at(-1)).to.equal('4 of 4 droplets Ready, $24.00 a month.');
    expect(plan.stdout).to.match(/\nNothing to do: the fleet is as projects\.csv says\.\n$/);
  });

  it('status shows the fleet and exits with 0', async () => {
    const { code, stdout } = await run('--status');
    const table = stdout.replaceAll(/127(?:\.\d+){3}/g, 'ADDRESS').replaceAll(/ {2,}/g, '  ');
    expect(table.split('\n').slice(0, 5)).to.deep.equal([
      'NAME  ROLE  SIZE  STATE  ADDRESS  MONTHLY',
      'blog  Ready 1/1  $6.00',
      '  blog-master  master  s-1vcpu-1gb  Ready  ADDRESS',
      'docs  Ready 1/1  $6.00',
      '  docs-master  master  s-1vcpu-1gb  Ready  ADDRESS',
    ]);
    expect(stdout).to.match(/4 of 4 droplets Ready, \$24\.00 a month\nNothing is running here: .*\n$/);
    expect(code).to.equal(0);
  });

  it('status has the same for programs', async () => {
    const { code, stdout, stderr } = await run('status', '--output', 'json');
    const { projects, ...rest } = JSON.parse(stdout);
    expect(rest).to.deep.equal({
      ready: true,
      kept: false,
      strays: [],
      services: [],
      monthlyCost: 24,
      convergence: { state: 'converged' },
      problems: [],
      orphans: [],
      retired: [],
      snapshots: { count: 0, sizeGB: 0, monthlyCost: 0 },
      suspected: [],
      unsaved: [],
      held: [],
      notifications: { problems: [], failing: [] },
    });
    expect(projects[0]).to.deep.include({ namespace: 'default', name: 'blog', servers: 1, ready: true });
    expect(projects[2].droplets.map((droplet: { phase: string }) => droplet.phase)).to.deep.equal([
      'Active',
      'Active',
    ]);
    expect(stderr).to.equal('');
    expect(code).to.equal(0);
  });

  it('scale changes one cell of the file, and waits', async () => {
    const { code, stdout, stderr } = await run('--scale', 'shop', '5');
    expect(stderr).to.equal('');
    expect(stdout.split('\n')[0]).to.equal('config/projects.csv: shop has 5 servers, was 2');
    expect(stdout.trimEnd().split('\n').at(-1)).to.equal('7 of 7 droplets Ready, $42.00 a month.');
    expect(code).to.equal(0);
    expect(await readFile(place.path('config', 'projects.csv'), 'utf8')).to.equal(CSV.replace(' 2 ', ' 5 '));
  });

  it('scale is its own confirmation, however many servers go', async () => {
    const { code, stdout, stderr } = await run('scale', 'shop', '1');
    expect(stderr).to.equal('');
    expect(stdout.trimEnd().split('\n').at(-1)).to.equal('3 of 3 droplets Ready, $18.00 a month.');
    expect(code).to.equal(0);
    expect(await readFile(place.path('config', 'projects.csv'), 'utf8')).to.equal(CSV.replace(' 2 ', ' 1 '));
  });

  it('scale names the projects that there are when it is asked for another', async () => {
    const { code, stdout, stderr } = await run('scale', 'shpo', '5');
    expect({ code, stdout, stderr }).to.deep.equal({
      code: 1,
      stdout: '',
      stderr: 'dropfleet: config/projects.csv has no project shpo; it has blog, docs, shop\n',
    });
  });

  it('orchestrate stops at a hold, in one sentence', async () => {
    await place.writeCsv('shop,1,,');
    const plan = await run('plan');
    expect(plan.stdout).to.match(
      /^Held until "dropfleet orchestrate --confirm": would destroy 2 of 3 droplets/m,
    );
    const { code, stderr } = await run('orchestrate');
    expect(stderr).to.match(
      /^dropfleet: held: destroy 1 droplet of blog \(its row is gone\): blog-master; destroy 1 droplet of docs .*; would destroy 2 of 3 droplets and 2 whole projects within ten minutes.*\. No changes made: .*--confirm/m,
    );
    expect(code).to.equal(1);
    const status = await run('status', '--output=json');
    expect(status.code).to.equal(1);
    expect(names(JSON.parse(status.stdout))).to.deep.equal(['blog-master', 'docs-master', 'shop-master']);
  });

  it('orchestrate --confirm lets through what was held', async () => {
    const { code, stdout } = await run('orchestrate', '--confirm');
    expect(stdout.trimEnd().split('\n').at(-1)).to.equal('1 of 1 droplets Ready, $6.00 a month.');
    expect(code).to.equal(0);
    const status = await run('status', '--output=json');
    expect(status.code).to.equal(0);
    expect(names(JSON.parse(status.stdout))).to.deep.equal(['shop-master']);
  });

  it('orchestrate names every mistake in the file, and changes nothing', async () => {
    await place.writeCsv('shop,0,,', 'shop,1,,', 'b!og,1,,');
    const { code, stdout, stderr } = await run('orchestrate');
    expect(stdout).to.equal('');
    expect(stderr.split('\n')[0]).to.equal('dropfleet: no changes made:');
    for (const line of [2, 3, 4]) expect(stderr).to.contain(`config/projects.csv:${line}:`);
    expect(code).to.equal(1);
  });

  it('orchestrate gives up after its timeout and says what it waits for', async () => {
    await place.writeCsv('shop,2,,');
    const { code, stderr } = await run('orchestrate', '--timeout', '1s');
    expect(stderr).to.match(
      /^dropfleet: not everything was Ready after 1 s: still waiting for (shop-master, )?shop(-web1)?\./m,
    );
    expect(code).to.equal(1);
    expect((await run('orchestrate')).code).to.equal(0);
  });
});

describe('Where no operator runs, dropfleet status', () => {
  let place: Workplace;
  before(async () => (place = await openWorkplace(['shop,1,,'])));
  after(() => place.remove());

  it('does not call a fleet Ready whose servers are gone, nor does plan find nothing to do', async () => {
    expect((await runDropfleet(place, 'orchestrate')).code).to.equal(0);
    expect((await runDropfleet(place, 'status')).code).to.equal(0);
    expect((await runDropfleet(place, 'sandbox', 'reset')).code).to.equal(0);
    const { code, stdout } = await runDropfleet(place, 'status');
    expect(stdout).to.match(/^ {2}shop-master .* Vanished /m);
    expect(stdout).to.match(/^shop-master: droplet \d+ no longer exists$/m);
    expect(stdout).to.match(/^0 of 1 droplets Ready/m);
    expect(code).to.equal(1);
    expect((await runDropfleet(place, 'plan')).stdout).to.match(/^\+ +droplet shop-master +create/m);
  });
});
