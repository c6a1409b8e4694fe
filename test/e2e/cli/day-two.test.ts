import { expect } from 'chai';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  openWorkplace,
  runDropfleet,
  runDropfleetInto,
  startDropfleet,
  startDropfleetOnTerminal,
  type Ending,
  type RunningCommand,
  type Workplace,
} from '../../environment/dropfleet.ts';

const SAMPLE = join(import.meta.dirname, '../../../deploy/samples/website');

// A person's day with a service that runs, on emulated hosts that a daemon keeps.
describe('dropfleet logs, exec, restart, stop and start', function () {
  this.timeout(300_000);
  let place: Workplace;
  let daemon: RunningCommand;
  let address = '';
  const run = (...args: string[]): Promise<Ending> => runDropfleet(place, ...args);
  const status = async (): Promise<number> => (await fetch(address)).status;

  before(async () => {
    place = await openWorkplace(['shop,3,,']);
    await cp(SAMPLE, place.path('website'), { recursive: true });
    const services = {
      website: { port: 8080, health_check: { path: '/health' } },
      mailer: { type: 'worker', command: ['node', 'worker.js'] },
    };
    await writeFile(
      place.path('config', 'deployment_config.json'),
      JSON.stringify({ projects: { shop: { services } } }),
    );
    daemon = startDropfleet(place, 'up', '--boot-delay', '200ms');
    await daemon.says(/3 of 3 droplets Ready/);
    const { code, stdout, stderr } = await run(
      'deploy',
      'uat',
      'shop',
      '--local',
      '--project-path',
      'website',
    );
    expect(code, stderr).to.equal(0);
    address = /website: (http\S+)/.exec(stdout)![1]!;
  });
  after(async () => {
    await daemon.stop('SIGKILL');
    await place.remove();
  });

  it('logs shows all servers as one, in order of time', async () => {
    await fetch(`${address}first`);
    const { code, stdout } = await run('logs', 'shop', 'uat', 'website', '--output', 'json');
    expect(code).to.equal(0);
    const lines = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { time: string; server: string; text: string });
    expect(new Set(lines.map(({ server }) => server))).to.deep.equal(new Set(['web1', 'web2']));
    const times = lines.map(({ time }) => time);
    expect(times).to.deep.equal(times.toSorted());
    const last = await run('logs', 'shop', 'uat', 'website', '--tail', '1');
    expect(last.stdout).to.match(/^web[12] \| GET \/first 200\n$/);
    const web2 = await run('logs', 'shop', 'uat', 'website', '--droplet', 'web2');
    expect(web2.stdout).to.match(/^(web2 \| .*\n)+$/);
  });

  it('logs colours servers on a terminal, unless NO_COLOR is set', async () => {
    const size = { rows: 24, columns: 200 };
    const args = ['logs', 'shop', 'uat', 'website', '--droplet', 'web1'];
    const colored = await startDropfleetOnTerminal(place, size, ...args).ended;
    expect(colored.stdout).to.match(/^\u001b\[33mweb1 \|\u001b\[0m started/); // oxlint-disable-line no-control-regex
    const plain = { ...place, env: { ...place.env, NO_COLOR: '1' } };
    expect((await startDropfleetOnTerminal(plain, size, ...args).ended).stdout).to.match(/^web1 \| started/);
  });

  it('logs ends quietly when its reader does', async () => {
    const { stdout, stderr } = await runDropfleetInto(place, '| head -1', 'logs', 'shop', 'uat', 'website');
    expect(stdout.split('\n')).to.have.length(2);
    expect(stderr).to.equal('exit code 0\n');
  });

  it('exec runs a program in a container and ends as it ends', async () => {
    const first = await run('exec', 'shop', 'uat', 'website', '--', 'printenv', 'PORT', 'DROPFLEET_SERVICE');
    expect(first).to.deep.equal({ code: 0, stdout: '8080\nwebsite\n', stderr: '' });
    const { code } = await run('exec', 'shop', 'uat', 'website', '--droplet', 'web2', '--', 'false');
    expect(code).to.equal(1);
    const none = await run('exec', 'shop', 'uat', 'website', '--droplet', 'master', '--', 'true');
    expect(none.stderr).to.match(/no container of shop-uat-website runs on master/);
  });

  it('names what was mistyped', async () => {
    const wrong: [string[], RegExp][] = [
      [['shp', 'uat', 'website'], /there is no project shp; did you mean "shop"\?/],
      [['shop', 'ua', 'website'], /there is no environment ua; did you mean "uat"\?/],
      [['shop', 'prod', 'website'], /shop has no services in prod; it has services in uat/],
      [['shop', 'uat', 'webstie'], /uat of shop has no service webstie; did you mean "website"\?/],
    ];
    const expectSaid = async (command: string, [args, message]: (typeof wrong)[number]): Promise<void> => {
      const { code, stderr } = await run(command, ...args);
      expect(stderr, command).to.match(message);
      expect(code, command).to.equal(1);
    };
    for (const one of wrong) await expectSaid('logs', one);
    for (const command of ['exec', 'restart', 'stop', 'start']) await expectSaid(command, wrong.at(-1)!);
  });

  it('restart starts new containers without a failed request, and logs -f follows them', async () => {
    const following = startDropfleet(place, 'logs', 'shop', 'uat', 'website', '-f', '--tail', '1');
    await following.says(/^web[12] \| /m);
    const isOver = new AbortController();
    const requests = (async () => {
      const seen = new Set<number>();
      while (!isOver.signal.aborted) seen.add(await status());
      return [...seen];
    })();
    const { code, stdout, stderr } = await run('restart', 'shop', 'uat', 'website');
    isOver.abort();
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/^website was restarted: \S+ on shop-web1, shop-web2\.$/m);
    expect(await requests).to.deep.equal([200]);
    await following.says(/^web1: shop-uat-website-\w+ \(\S+\) began, and is followed$/m);
    await following.says(/^web1: shop-uat-website-\w+ \(\S+\) has ended$/m);
    await fetch(`${address}after`);
    await following.says(/^web[12] \| GET \/after 200$/m);
    expect((await following.stop('SIGINT')).code).to.equal(0);
  });

  it('stop without a service is refused with what there is', async () => {
    const { code, stderr } = await run('stop', 'shop', 'uat');
    expect(code).to.equal(2);
    expect(stderr).to.match(/It has mailer, website; --all is all of them/);
  });

  it('stop ends a service until start, and both wait', async () => {
    const stopped = await run('stop', 'shop', 'uat', 'website');
    expect(stopped.code, stopped.stderr).to.equal(0);
    expect(stopped.stdout).to.match(/To start again: npx dropfleet start shop uat website$/m);
    expect(await status()).to.equal(503);
    expect((await run('stop', 'shop', 'uat', 'website')).stdout).to.match(/is stopped in uat already/);
    for (const command of ['logs', 'exec', 'restart'])
      expect((await run(command, 'shop', 'uat', 'website')).stderr, command).to.match(
        /is stopped.*start shop uat website"/,
      );
    const started = await run('start', 'shop', 'uat', 'website');
    expect(started.code, started.stderr).to.equal(0);
    expect(await status()).to.equal(200);
  });
});
