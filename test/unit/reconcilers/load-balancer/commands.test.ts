import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { observeDrain } from '../../../../reconcilers/draining/commands.ts';
import {
  activateConfiguration,
  cutConnections,
  observeLoadBalancer,
  pruneConfigurations,
  stageConfiguration,
  tryConfiguration,
  verifyConfiguration,
} from '../../../../reconcilers/load-balancer/commands.ts';
import { DEBIAN } from '../../../../reconcilers/load-balancer/layout.ts';
import { parseCutResults } from '../../../../reconcilers/load-balancer/cut-plan.ts';
import { CUT, NOT_WRITTEN, REFUSED, STAGE, TRY } from '../../../../reconcilers/load-balancer/scripts.ts';
import { toTar } from '../../../../reconcilers/load-balancer/tar.ts';
import type { Script } from '../../../../reconcilers/script.ts';
import { aMachine, runOn } from '../../sandbox/hosts/emulated/machine.ts';

describe("The load balancer's commands", () => {
  const commands = {
    'facts /etc/nginx/dropfleet /etc/nginx/nginx.conf http://127.0.0.1': observeLoadBalancer(DEBIAN),
    'stage /etc/nginx/dropfleet g-1 /var/lib/nginx': stageConfiguration(DEBIAN, 'g-1'),
    'try /etc/nginx/dropfleet g-1': tryConfiguration(DEBIAN, 'g-1'),
    'activate /etc/nginx/dropfleet /etc/nginx/nginx.conf g-1': activateConfiguration(DEBIAN, 'g-1'),
    'verify http://127.0.0.1 g-1 5 100 /var/log/nginx/error.log': verifyConfiguration(DEBIAN, 'g-1'),
    'drain /run/nginx.pid 80 10.0.0.3': observeDrain(DEBIAN, ['10.0.0.3']),
    'drain /run/nginx.pid 8080': observeDrain({ ...DEBIAN, listen: '127.0.0.1:8080' }, []),
    'cut 10.0.0.3:8123 10.0.0.3:9123': cutConnections(['10.0.0.3:8123', '10.0.0.3:9123']),
    'prune /etc/nginx/dropfleet 3 g-1 g-2': pruneConfigurations(DEBIAN, 'g-1', 'g-2'),
  };
  for (const [words, argv] of Object.entries(commands))
    it(`has "${words}" for root, as one argument each`, () => {
      expect(argv.slice(0, 4)).to.deep.equal(['sudo', '-n', 'sh', '-c']);
      expect(argv.slice(5).join(' ')).to.equal(`dropfleet-lb-${words}`);
    });

  it('are shell that a shell can parse', () => {
    for (const argv of Object.values(commands))
      expect(spawnSync('sh', ['-n'], { input: argv[4]! }).stderr.toString(), argv[5]).to.equal('');
  });
});

describe("The load balancer's scripts", () => {
  let home: string;
  before(() => void (home = mkdtempSync(join(tmpdir(), 'dropfleet-lb-'))));
  after(() => rmSync(home, { recursive: true }));

  const files = toTar([{ path: 'nginx.conf', content: '' }]);
  /** The exit code on a machine whose nginx takes everything, or nothing. */
  const codeOf = ({ text }: Script, isTaken: boolean, ...args: string[]): number | null => {
    const script = `nginx() { ${isTaken}; }\n${text}`;
    return spawnSync('sh', ['-c', script, 'script', home, ...args], { input: files }).status;
  };

  it('say by their exit code that nginx refuses a configuration', () => {
    expect(codeOf(STAGE, true, 'g-1', join(home, 'temp'))).to.equal(0);
    expect(codeOf(STAGE, false, 'g-1', join(home, 'temp'))).to.equal(REFUSED);
    expect(codeOf(TRY, true, 'g-1')).to.equal(0);
    expect(codeOf(TRY, false, 'g-1')).to.equal(REFUSED);
  });

  it('say by their exit code that a configuration could not be written, and write over none that is in use', () => {
    expect(codeOf(STAGE, true, 'g-1', '/dev/null/temp')).to.equal(NOT_WRITTEN);
    expect(codeOf(TRY, true, 'g-missing')).to.equal(NOT_WRITTEN);
    symlinkSync('g-2', join(home, 'current'));
    expect(codeOf(STAGE, true, 'g-2', join(home, 'temp'))).to.equal(NOT_WRITTEN);
  });
});

it('An emulated host, whose programs keep no connections, has none to close', async () => {
  const { code, stdout, stderr } = await runOn(aMachine(), CUT.text, { args: ['cut', '10.0.0.3:8123'] });
  expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
  expect(parseCutResults(stdout)).to.deep.equal([
    { outcome: 'cut', endpoint: '10.0.0.3:8123', connections: 0 },
  ]);
});

describe('The archive of a configuration', () => {
  const files = [
    { path: 'nginx.conf', content: 'a' },
    { path: 'services/prod-site.http.conf', content: 'ä'.repeat(300) },
    { path: 'services/empty.conf', content: '' },
    { path: `services/${'x'.repeat(86)}.conf`.slice(0, 100), content: 'long' },
  ];

  it('is unpacked by tar, to the byte', () => {
    const list = spawnSync('tar', ['-tvf', '-'], { input: toTar(files) });
    expect(list.stderr.toString()).to.equal('');
    expect(list.stdout.toString().trim().split('\n')).to.have.length(files.length + 1);
    const content = spawnSync('tar', ['-xOf', '-'], { input: toTar(files) }).stdout.toString();
    expect(content).to.equal(files.map(file => file.content).join(''));
  });

  it('refuses a path that would be cut off', () => {
    expect(() => toTar([{ path: 'x'.repeat(101), content: '' }])).to.throw(/too long/);
  });
});
