import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer as createWebServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { promisify } from 'node:util';
import {
  openWorkplace,
  runDropfleet,
  startDropfleet,
  startDropfleetOnTerminal,
  type RunningCommand,
  type Workplace,
} from '../../environment/dropfleet.ts';

const FAST = ['--boot-delay', '200ms'];
const DEFAULT_PORTS = [7443, 7480, 8080];

// One owner's day: each step finds what the ones before it left.
describe('dropfleet up', () => {
  let place: Workplace;
  let daemon: RunningCommand;
  let taken: Server[];
  let impostor: Server | undefined;
  const run = (...args: string[]) => runDropfleet(place, ...args);
  const shownUrl = (what: string): string =>
    new RegExp(`^${what} +(\\S+)`, 'm').exec(daemon.output().stdout)![1]!;
  const creations = async (): Promise<number> => {
    const reply = await fetch(`${shownUrl('Cloud')}/sandbox/ledger`);
    const { counts } = (await reply.json()) as { counts: Record<string, number> };
    return counts['droplets.create'] ?? 0;
  };

  before(async () => {
    place = await openWorkplace(['blog,1,,', 'shop,2,,']);
    taken = await Promise.all(DEFAULT_PORTS.map(occupy));
    daemon = startDropfleet(place, 'up', ...FAST);
  });
  after(async () => {
    await daemon.stop('SIGKILL');
    for (const server of taken) server.close();
    impostor?.close();
    await place.remove();
  });

  it('makes the fleet and then says what to try', async () => {
    await daemon.says(/^3 of 3 droplets Ready, \$18\.00 a month, [\d.]+ s after the start\.$/m);
    await daemon.says(/^Ctrl-C stops dropfleet; the droplets stay\.$/m);
    expect(daemon.output().stderr).to.equal('');
  });

  it('prints the ports that it has, not those that were taken', async () => {
    const ours = taken
      .filter(server => server.listening)
      .map(server => (server.address() as AddressInfo).port);
    for (const what of ['Kubernetes', 'Cloud', 'Metrics'])
      expect(ours).to.not.include(Number(new URL(shownUrl(what)).port));
    const metrics = await (await fetch(shownUrl('Metrics'))).text();
    expect(metrics).to.match(
      /^dropfleet_droplets\{namespace="default",project="shop",role="web",phase="Active"\} 1$/m,
    );
    expect(await creations()).to.equal(3);
  });

  it('gives a kubectl command that works', async () => {
    const [, command] = await daemon.says(/^ {2}kubectl (--kubeconfig .*)$/m);
    const { stdout } = await promisify(execFile)('kubectl', command!.split(' '), { cwd: place.folder });
    expect(stdout).to.match(/^project\.dropfleet\.io\/shop +2 +2 +AllReady/m);
    expect(stdout).to.match(/^droplet\.dropfleet\.io\/shop-web1 +shop +web +s-1vcpu-1gb +Active/m);
  });

  it('is found by status', async () => {
    const { code, stdout } = await run('status');
    expect(stdout).to.contain('3 of 3 droplets Ready, $18.00 a month');
    expect(code).to.equal(0);
  });

  it('does what scale asks for', async () => {
    const { code, stdout, stderr } = await run('--scale', 'shop', '4');
    expect(stderr).to.equal('');
    expect(stdout.trimEnd().split('\n').at(-1)).to.equal('5 of 5 droplets Ready, $30.00 a month.');
    expect(code).to.equal(0);
    await daemon.says(/^project shop: Ready, 4 of 4 droplets$/m);
    expect(await creations()).to.equal(5);
  });

  it('does what orchestrate waits for', async () => {
    await place.writeCsv('blog,2,,', 'shop,4,,');
    const { code, stdout } = await run('orchestrate');
    expect(stdout.trimEnd().split('\n').at(-1)).to.equal('6 of 6 droplets Ready, $36.00 a month.');
    expect(code).to.equal(0);
  });

  it('tells a line for every step, and what it waits for a person to do', async () => {
    await place.writeCsv('blog,2,,');
    await daemon.says(/held: destroy 4 droplets of shop .*\. Run "dropfleet confirm" to allow it/);
    await daemon.says(/^project shop: ConfirmationRequired$/m);
    await place.writeCsv('blog,2,,', 'shop,4,,');
    const { code } = await run('orchestrate');
    expect(code).to.equal(0);
    expect(daemon.output().stdout).to.not.contain('\x1b');
  });

  it('refuses to run twice in one place, in one sentence', async () => {
    const { code, stdout, stderr } = await run('up', ...FAST);
    expect(stdout).to.equal('');
    expect(stderr).to.equal(
      `dropfleet: dropfleet already runs here (pid ${daemon.pid}); see "dropfleet status", or stop it first\n`,
    );
    expect(code).to.equal(1);
  });

  it('stops in order when it is asked to', async () => {
    const { code, stdout, stderr } = await daemon.stop();
    expect(stdout).to.match(/^Stopped\. .*resumes\.\n$/m);
    expect(stderr.split('\n').filter(line => !line.includes(' held: '))).to.deep.equal(['']);
    expect(code).to.equal(0);
  });

  it('takes over the fleet that the last one left', async () => {
    daemon = startDropfleet(place, 'up', ...FAST);
    await daemon.says(/^6 of 6 droplets Ready, /m);
    expect(await creations()).to.equal(0);
  });

  it('takes over from one that was killed', async () => {
    await daemon.stop('SIGKILL');
    // By now its pid and its port are another program's.
    impostor = createWebServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1');
    await once(impostor, 'listening');
    const file = ['.dropfleet', 'sandbox', 'daemon.json'];
    const httpUrl = `http://127.0.0.1:${(impostor.address() as AddressInfo).port}`;
    const left = (await place.json(...file)) as object;
    await writeFile(place.path(...file), JSON.stringify({ ...left, pid: process.pid, httpUrl }));
    expect((await run('status')).stdout).to.contain('6 of 6 droplets Ready');
    daemon = startDropfleet(place, 'up', ...FAST);
    await daemon.says(/^6 of 6 droplets Ready, /m);
    expect(await creations()).to.equal(0);
    expect((await daemon.stop('SIGINT')).code).to.equal(0);
  });

  it('starts with a wrong projects.csv, says what is wrong, and goes on when it is mended', async () => {
    await place.writeCsv('blog,2,,', 'shop,four,,');
    daemon = startDropfleet(place, 'up', ...FAST);
    await daemon.says(/config\/projects\.csv:3:6: .*\nNothing is changed until this is fixed\.\n/);
    await daemon.says(/^Projects /m);
    await place.writeCsv('blog,2,,', 'shop,5,,');
    await daemon.says(/^7 of 7 droplets Ready, /m);
    await place.writeCsv('blog,2,,', 'shop,five,,');
    await daemon.says(/^ {4}config\/projects\.csv:3:6: found "five"; /m);
    await place.writeCsv('blog,2,,', 'shop,5,,');
    await daemon.says(/config\/projects\.csv is valid again/);
    await daemon.stop();
  });
});

describe('The live view of dropfleet up', () => {
  let place: Workplace;
  let daemon: RunningCommand;
  const shown = (): string => daemon.output().stdout.replaceAll('\x1b', '<ESC>');

  before(async () => {
    place = await openWorkplace(['shop,3,,']);
    daemon = startDropfleetOnTerminal(place, { rows: 30, columns: 100 }, 'up', ...FAST);
    await daemon.says(/Ctrl-C stops dropfleet/);
  });
  after(async () => {
    await daemon.stop('SIGKILL');
    await place.remove();
  });

  it('is redrawn in place on a terminal', () => {
    const stdout = shown();
    const views = stdout.split('<ESC>[J').slice(1);
    expect(views.length).to.be.greaterThan(3);
    // Every redrawing but the first goes up by exactly the lines of the one before.
    const heights = views.slice(0, -1).map(view => view.split('\n').length - 1);
    const climbs = [...stdout.matchAll(/<ESC>\[(\d+)A\r<ESC>\[J/g)].map(([, lines]) => Number(lines));
    expect(climbs).to.deep.equal(heights);
  });

  it('leaves the finished fleet on the screen once', () => {
    const screen = draw(shown());
    expect(screen.filter(line => /shop-web2 +web/.test(line))).to.have.length(1);
    expect(screen.find(line => /shop-web2 +web/.test(line))).to.match(
      /shop-web2 +web +s-1vcpu-1gb +Ready +127/,
    );
  });

  it('ends in order when Ctrl-C is typed', async () => {
    // The terminal's own interrupt character, not a signal of ours.
    daemon.type('\x03');
    expect((await daemon.ended).code).to.equal(0);
    expect(draw(shown()).join('\n')).to.contain('Stopped. Droplets go on as they are');
  });
});

/** The lines that a terminal would show, of text that only ever goes up by lines and erases below. */
function draw(text: string): string[] {
  const lines: string[] = [];
  for (const part of text.split(/(?=<ESC>\[\d+A\r<ESC>\[J|\r<ESC>\[J)/)) {
    const climb = /^<ESC>\[(\d+)A/.exec(part);
    if (climb) lines.splice(lines.length - Number(climb[1]));
    const rest = part.replace(/^(<ESC>\[\d+A)?\r<ESC>\[J/, '').replaceAll('\r', '');
    lines.push(...rest.replace(/\n$/, '').split('\n'));
  }
  return lines;
}

/** Holds a port; one that somebody else holds is taken already. */
function occupy(port: number): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(server) : reject(error),
    );
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

// As where the spreadsheet is synchronised to a folder of its own.
describe('dropfleet up --csv', () => {
  let place: Workplace;
  let daemon: RunningCommand;
  before(async () => {
    place = await openWorkplace(['other,3,,']);
    await writeFile(place.path('sheet.csv'), 'Project,Servers,MasterSpec,WebSpec\nshop,2,,\n');
    daemon = startDropfleet(place, 'up', ...FAST, '--csv', 'sheet.csv');
    await daemon.says(/^2 of 2 droplets Ready/m);
  });
  after(async () => {
    await daemon.stop();
    await place.remove();
  });

  it('follows that file, and status compares with it', async () => {
    expect(daemon.output().stdout).to.match(/^Projects +sheet\.csv$/m);
    const { code, stdout } = await runDropfleet(place, 'status');
    expect(stdout).to.match(/^2 of 2 droplets Ready/m);
    expect(code).to.equal(0);
    expect((await runDropfleet(place, 'orchestrate', '--csv', 'sheet.csv')).code).to.equal(0);
  });

  it('leaves nobody to wait for what stands in another one', async () => {
    const own = await readFile(place.path('config', 'projects.csv'), 'utf8');
    for (const args of [['orchestrate'], ['scale', 'other', '1']]) {
      const { code, stderr } = await runDropfleet(place, ...args);
      expect(stderr).to.match(
        /^dropfleet: no changes made: the dropfleet that runs here \(pid \d+\) follows .*\/sheet\.csv, not .*\/config\/projects\.csv: /,
      );
      expect(code).to.equal(1);
    }
    expect(await readFile(place.path('config', 'projects.csv'), 'utf8')).to.equal(own);
  });
});
