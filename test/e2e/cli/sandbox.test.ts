import { expect } from 'chai';
import {
  openWorkplace,
  runDropfleet,
  startDropfleet,
  type RunningCommand,
  type Workplace,
} from '../../environment/dropfleet.ts';

describe('With a sandbox that runs, dropfleet sandbox', () => {
  let place: Workplace;
  let sandbox: RunningCommand;
  let url: string;
  const run = (...args: string[]) => runDropfleet(place, 'sandbox', ...args, '--url', url);
  const create = (path: string, body: object) =>
    fetch(`${url}/v2/${path}`, {
      method: 'POST',
      headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  before(async () => {
    place = await openWorkplace();
    sandbox = startDropfleet(place, 'sandbox', '--port', '0', '--boot-delay', '200ms');
    [, url] = (await sandbox.says(/sandbox at (http:\/\/[\d.]+:\d+)/)) as [string, string];
  });
  after(async () => {
    await sandbox?.stop();
    await place.remove();
  });

  it('ledger shows calls by operation, how many failed, and the bill', async () => {
    await create('droplets', { name: 'web1', size: 's-1vcpu-1gb', image: 'debian-13-x64', region: 'nyc3' });
    await create('volumes', { name: 'data', size_gigabytes: 100, region: 'nyc3' });
    await create('volumes', { name: 'data', size_gigabytes: 100, region: 'nyc3' });
    const { code, stdout } = await run('ledger');
    expect(code).to.equal(0);
    expect(stdout).to.match(/^3 calls since this sandbox started$/m);
    expect(stdout).to.match(/^volumes\.create +2 +1$/m);
    expect(stdout).to.match(/^droplet +\d+ +web1 +s-1vcpu-1gb +0\.00 +\$0\.\d{4}$/m);
    expect(stdout).to.match(/^volume +[0-9a-f-]{36} +data +0\.00 +\$0\.\d{4}$/m);
    const { counts, failures } = JSON.parse((await run('ledger', '--output', 'json')).stdout);
    expect([counts, failures]).to.deep.equal([
      { 'droplets.create': 1, 'volumes.create': 2 },
      { 'volumes.create': 1 },
    ]);
  });

  it('fault shows every fault, sets one that strikes, and clears it', async () => {
    expect((await run('fault')).stdout).to.match(/^gatewayTimeout +- +the request is carried out, but/m);
    const set = await run('fault', 'quota', 'next=1', 'operation=volumes.create');
    expect(set.stdout).to.match(/^quota +on, next=1 operation=volumes\.create /m);
    expect((await create('volumes', { name: 'more', size_gigabytes: 1, region: 'nyc3' })).status).to.equal(
      422,
    );
    expect((await run('fault', '--output', 'json')).stdout).to.equal('{}\n');
    await run('fault', 'listLag', 'ms=5');
    await run('fault', 'vanish');
    const cleared = await run('fault', 'vanish', '--clear', '--output', 'json');
    expect(JSON.parse(cleared.stdout)).to.deep.equal({ listLag: { ms: 5 } });
    expect((await run('fault', '--clear', '--output', 'json')).stdout).to.equal('{}\n');
  });

  for (const { args, says } of [
    { args: ['nonsense'], says: /^dropfleet: There is no fault "nonsense"\. There are: / },
    { args: ['quota', 'often=1'], says: /^dropfleet: The fault quota cannot have often: 1\. / },
    { args: ['quota', 'once'], says: /^dropfleet: "once" is no setting of a fault: write key=value/ },
    { args: ['quota', 'operation=droplets.creat'], says: /^dropfleet: .*droplets\.creat.*droplets\.create/ },
    { args: ['quota', 'next=1', '--clear'], says: /^dropfleet: --clear takes a fault, and no settings/ },
  ])
    it(`fault ${args.join(' ')} is refused in a sentence, and changes nothing`, async () => {
      const { code, stderr } = await run('fault', ...args);
      expect(code).to.equal(2);
      expect(stderr)
        .to.match(says)
        .and.not.match(/\n {4}at /);
      expect((await run('fault', '--output', 'json')).stdout).to.equal('{}\n');
    });
});

describe('With emulated hosts, dropfleet sandbox fault', () => {
  let place: Workplace;
  let sandbox: RunningCommand;
  let url: string;
  const run = (...args: string[]) => runDropfleet(place, 'sandbox', 'fault', ...args, '--url', url);

  before(async () => {
    place = await openWorkplace();
    sandbox = startDropfleet(place, 'sandbox', '--hosts', 'emulated', '--port', '0', '--boot-delay', '0s');
    [, url] = (await sandbox.says(/sandbox at (http:\/\/[\d.]+:\d+)/)) as [string, string];
    const form = { size: 's-1vcpu-1gb', image: 'debian-13-x64', region: 'nyc3' };
    await fetch(`${url}/v2/droplets`, {
      method: 'POST',
      headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
      body: JSON.stringify({ names: ['web1', 'web2'], ...form }),
    });
    const isReady = async (): Promise<boolean> =>
      /^web2 is ready$/m.test((await run('--droplet', 'web2')).stdout);
    while (!(await isReady()));
  });
  after(async () => {
    await sandbox?.stop();
    await place.remove();
  });

  it('shows what is wrong with a droplet, makes it so, and ends it, one by one or all', async () => {
    expect((await run('--droplet', 'web1')).stdout).to.match(/^loss +- +`percent` of the packets/m);
    await run('crash', '--droplet', 'web1');
    await run('cut', 'peer=web2', '--droplet', 'web1');
    const { stdout } = await run('loss', 'percent=20', '--droplet', 'web1');
    expect(stdout)
      .to.match(/^crash +on /m)
      .and.match(/^cut +on, peer=\d+ /m)
      .and.match(/^loss +on, percent=20 /m);
    const cleared = await run('loss', '--clear', '--droplet', 'web1', '--output', 'json');
    const types = JSON.parse(cleared.stdout).faults.map(({ type }: { type: string }) => type);
    expect(types).to.deep.equal(['crash', 'cut']);
    expect((await run('--clear', '--droplet', 'web1')).stdout).not.to.match(/ on/);
  });

  for (const { args, says } of [
    { args: ['fire', '--droplet', 'web1'], says: 'There is no fault "fire" of a machine. There are: crash,' },
    { args: ['loss', '--droplet', 'web1'], says: 'percent is missing: it is a number from 0 to 100.' },
    { args: ['crash', '--droplet', 'web9'], says: 'the sandbox has no droplet web9; it has web1, web2' },
    { args: ['cut', 'peer=web9', '--droplet', 'web1'], says: 'the sandbox has no droplet web9; it has' },
    { args: ['crash'], says: 'those of a machine are set on its droplet (--droplet)' },
  ])
    it(`${args.join(' ')} is refused in a sentence`, async () => {
      const { code, stderr } = await run(...args);
      expect(code).to.be.within(1, 2);
      expect(stderr)
        .to.match(/^dropfleet: .*\n$/)
        .and.include(says);
    });
});

describe('Without a sandbox, dropfleet sandbox ledger', () => {
  let place: Workplace;
  before(async () => (place = await openWorkplace()));
  after(() => place.remove());

  it('says how to start one', async () => {
    const { code, stderr } = await runDropfleet(place, 'sandbox', 'ledger', '--url', 'http://127.0.0.1:1');
    expect(code).to.equal(1);
    expect(stderr).to.match(/^dropfleet: no sandbox answers at http:\/\/127\.0\.0\.1:1: start one with /);
  });

  it('says that what it was given is no address', async () => {
    const { stderr } = await runDropfleet(place, 'sandbox', 'ledger', '--url', 'here');
    expect(stderr).to.match(/'here' is invalid\. It must be an address such as http:\/\/127\.0\.0\.1:7480\./);
  });
});
