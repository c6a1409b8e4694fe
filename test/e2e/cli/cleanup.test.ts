import { expect } from 'chai';
import { mkdir } from 'node:fs/promises';
import { startSandbox } from '../../../sandbox/server.ts';
import { openWorkplace, runDropfleet, type Ending, type Workplace } from '../../environment/dropfleet.ts';

const HOUR = 3_600_000;
const FOREIGN_UID = '00000000-0000-4000-8000-000000000000';

// One person's session: each command finds what the ones before it left.
describe('dropfleet cleanup', () => {
  let place: Workplace;
  const run = (...args: string[]): Promise<Ending> => runDropfleet(place, ...args);
  const left = async (): Promise<string[]> => {
    const { stdout } = await run('status', '--output', 'json');
    return (JSON.parse(stdout) as { orphans: { name: string }[] }).orphans.map(({ name }) => name);
  };

  before(async () => {
    place = await openWorkplace(['shop,1,,'], { DROPFLEET_FLEET: 'mine' });
    // An hour ago, another installation of this fleet lost its objects and left two servers.
    await inCloud(place, Date.now() - HOUR, async create => {
      await create('lost-web1', ['dropfleet:mine', `dropfleet-uid:${FOREIGN_UID}`]);
      await create('lost-web2', ['dropfleet:mine']);
      await create('another-fleets', ['dropfleet:theirs', `dropfleet-uid:${FOREIGN_UID}`]);
      await create('a-persons', []);
    });
    await inCloud(place, Date.now(), create => create('brand-new', ['dropfleet:mine']));
    await addSnapshotOfGone(place, 'ancient', 31 * 24 * HOUR);
    await addSnapshotOfGone(place, 'recent', 29 * 24 * HOUR);
    expect((await run('orchestrate')).code).to.equal(0);
  });
  after(() => place.remove());

  it('is what status advises', async () => {
    const { stdout } = await run('status');
    expect(stdout).to.match(/^orphan: droplet \d+ \(lost-web1\); dropfleet cleanup removes it$/m);
    expect(await left()).to.have.members(['lost-web1', 'lost-web2']);
    expect(stdout).to.match(/^Snapshots: 2, [\d.]+ GB, \$\d\.\d\d a month$/m);
    const planned = await run('plan');
    expect(planned.stdout).to.match(/^Snapshots come to that: 2, [\d.]+ GB, \$\d\.\d\d a month\.$/m);
  });

  it('only says what it would remove when it runs dry', async () => {
    const { code, stdout } = await run('cleanup', '--dry-run');
    expect(stdout).to.match(
      /^(would remove droplet \d+ \(lost-web\d\), \$6\.00 a month\n){2}would remove snapshot \d+ \(ancient\), [\d.]+ GB, \$0\.\d\d a month\nThis would save \$12\.\d\d a month\.\n$/,
    );
    expect(code).to.equal(0);
    expect(await left()).to.have.length(2);
  });

  it('removes what carries the tag of this fleet, is old enough, and belongs to no object; a month later also its snapshots', async () => {
    const { code, stdout } = await run('--cleanup');
    expect(stdout).to.match(
      /^(removed droplet \d+ \(lost-web\d\), \$6\.00 a month\n){2}removed snapshot \d+ \(ancient\), [\d.]+ GB, \$0\.\d\d a month\nThis saves \$12\.\d\d a month\.\n$/,
    );
    expect(code).to.equal(0);
    expect(await serversIn(place)).to.have.members([
      'another-fleets',
      'a-persons',
      'brand-new',
      'shop-master',
    ]);
  });

  it('has nothing to do then', async () => {
    const { code, stdout } = await run('cleanup');
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: 'No orphans, and no old snapshots.\n' });
    const { stdout: json } = await run('cleanup', '--output=json', '--dry-run');
    expect(JSON.parse(json)).to.deep.equal({
      dryRun: true,
      orphans: [],
      snapshots: [],
      monthlySavings: 0,
    });
  });
});

const openCloud = async (place: Workplace, now: () => number) => {
  await mkdir(place.path('.dropfleet', 'sandbox'), { recursive: true });
  return await startSandbox({
    port: 0,
    stateFile: place.path('.dropfleet', 'sandbox', 'cloud.json'),
    now,
  });
};

const HEADERS = { authorization: 'Bearer any', 'content-type': 'application/json' };

/** Creates servers in the place's own sandbox at that time, while nothing else has it open. */
async function inCloud(
  place: Workplace,
  now: number,
  work: (create: (name: string, tags: string[]) => Promise<void>) => Promise<void>,
): Promise<void> {
  const sandbox = await openCloud(place, () => now);
  await work(async (name, tags) => {
    const body = JSON.stringify({ name, tags, region: 'nyc3', size: 's-1vcpu-1gb', image: 'debian-13-x64' });
    const reply = await fetch(`${sandbox.url}/v2/droplets`, { method: 'POST', headers: HEADERS, body });
    expect(reply.status).to.equal(202);
  });
  await sandbox.close();
}

async function serversIn(place: Workplace): Promise<string[]> {
  const sandbox = await openCloud(place, Date.now);
  const reply = await fetch(`${sandbox.url}/v2/droplets?per_page=200`, { headers: HEADERS });
  const { droplets } = (await reply.json()) as { droplets: { name: string }[] };
  await sandbox.close();
  return droplets.map(({ name }) => name);
}

/** A server that was destroyed, and left a snapshot of that age, ms. */
async function addSnapshotOfGone(place: Workplace, name: string, ageMs: number): Promise<void> {
  let now = Date.now() - ageMs - HOUR;
  const sandbox = await openCloud(place, () => now);
  const ask = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const init = { method, headers: HEADERS, ...(body && { body: JSON.stringify(body) }) };
    const reply = await fetch(`${sandbox.url}/v2${path}`, init);
    now += HOUR / 6;
    return (reply.status === 204 ? undefined : await reply.json()) as T;
  };
  const request = { name, region: 'nyc3', size: 's-1vcpu-1gb', image: 'debian-13-x64' };
  const { droplet } = await ask<{ droplet: { id: number } }>('POST', '/droplets', request);
  await ask('POST', `/droplets/${droplet.id}/actions`, { type: 'snapshot', name });
  const { snapshots } = await ask<{ snapshots: { id: string; resource_id: string }[] }>('GET', '/snapshots');
  const { id } = snapshots.find(snapshot => snapshot.resource_id === String(droplet.id))!;
  const resources = [{ resource_id: id, resource_type: 'image' }];
  await ask('POST', '/tags', { name: 'dropfleet:mine' });
  await ask('POST', '/tags/dropfleet:mine/resources', { resources });
  await ask('DELETE', `/droplets/${droplet.id}`);
  await sandbox.close();
}
