import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { loadEnvironment } from '../../../config/environment.ts';
import { formatProblems } from '../../../config/problems.ts';

const problemsOf = (env: Record<string, string>) => formatProblems(loadEnvironment({ env }).problems);

describe('the environment', () => {
  it('says what the operator may use', () => {
    const { settings, problems } = loadEnvironment({
      env: {
        DO_TOKEN: ' dop_v1_abc ',
        DIGITALOCEAN_API_URL: 'http://127.0.0.1:8080/',
        ADMIN_IP: '2001:db8::7',
        ADDITIONAL_IPS: '203.0.113.0/24, 198.51.100.7,2001:db8::/32',
        DROPFLEET_FLEET: 'team-a',
      },
    });
    expect(problems).to.deep.equal([]);
    expect(settings.token?.reveal()).to.equal('dop_v1_abc');
    expect(settings).to.include({ apiUrl: 'http://127.0.0.1:8080', adminIp: '2001:db8::7', fleet: 'team-a' });
    expect(settings.additionalIps).to.deep.equal(['203.0.113.0/24', '198.51.100.7', '2001:db8::/32']);
  });

  it('asks only those for the own address whom nobody on the way can answer for', () => {
    const urls = 'https://echo.example,http://127.0.0.1:8080/ip';
    const { settings, problems } = loadEnvironment({
      env: { DROPFLEET_ECHO_URLS: urls, DROPFLEET_OPERATOR_IP: '203.0.113.50' },
    });
    expect(problems).to.deep.equal([]);
    expect(settings).to.deep.include({ echoUrls: urls.split(','), operatorIp: '203.0.113.50' });
    expect(problemsOf({ DROPFLEET_ECHO_URLS: 'http://echo.example' })).to.match(/must be https addresses/);
    expect(problemsOf({ DROPFLEET_OPERATOR_IP: '203.0.113.0/24' })).to.match(
      /must be an IPv4 or IPv6 address$/,
    );
  });

  it('may say nothing, and empty is nothing', () => {
    for (const env of [{}, { DO_TOKEN: '', ADMIN_IP: ' ', ADDITIONAL_IPS: ',', DROPFLEET_FLEET: '' }]) {
      const { settings, problems } = loadEnvironment({ env, envFile: '/nowhere/.env' });
      expect(problems).to.deep.equal([]);
      const { variable, ...values } = settings;
      expect(values).to.deep.equal({ additionalIps: [], echoUrls: [] });
      expect(variable('DO_TOKEN')).to.equal(undefined);
    }
  });

  it('has every mistake told with its variable', () => {
    const lines = problemsOf({
      DIGITALOCEAN_API_URL: 'api.digitalocean.com',
      ADMIN_IP: '300.1.1.1',
      ADDITIONAL_IPS: '10.0.0.1,10.0.0.0/33,0.0.0.0/0,fe80::1%eth0,::/0,10.0.0.0/',
      DROPFLEET_FLEET: 'team a',
    }).split('\n');
    expect(lines[0]).to.equal(
      'environment: found "api.digitalocean.com"; DIGITALOCEAN_API_URL must be an http or https address, such as https://api.digitalocean.com',
    );
    expect(lines.slice(1).map(line => /found "([^"]*)"/.exec(line)?.[1])).to.deep.equal([
      '300.1.1.1',
      '10.0.0.0/33',
      '0.0.0.0/0',
      'fe80::1%eth0',
      '::/0',
      '10.0.0.0/',
      'team a',
    ]);
  });

  it('never sends the token in clear to another machine', () => {
    expect(problemsOf({ DIGITALOCEAN_API_URL: 'http://api.example.com' })).to.contain(
      'must be an https address',
    );
    expect(problemsOf({ DIGITALOCEAN_API_URL: 'http://127.0.0.1.example.com' })).to.contain(
      'must be an https',
    );
    expect(problemsOf({ DIGITALOCEAN_API_URL: 'http://[::1]:80' })).to.equal('');
  });

  it('takes a port of sshd that is one', () => {
    expect(loadEnvironment({ env: { DROPFLEET_SSH_PORT: '2222' } }).settings.sshPort).to.equal(2222);
    for (const wrong of ['0', '65536', 'ssh'])
      expect(problemsOf({ DROPFLEET_SSH_PORT: wrong })).to.contain(
        `found "${wrong}"; DROPFLEET_SSH_PORT must be a port, a number from 1 to 65535`,
      );
  });

  it('never shows a secret', () => {
    const { settings } = loadEnvironment({ env: { DO_TOKEN: 'hunter2' } });
    const { token } = settings;
    for (const shown of [
      String(token),
      JSON.stringify(settings),
      inspect(settings, { depth: 9, showHidden: true }),
    ])
      expect(shown).not.to.contain('hunter2');
    const wrong = { DO_TOKEN: 'hunter2\nx', DIGITALOCEAN_API_URL: 'https://me:hunter2@example.com' };
    expect(problemsOf(wrong))
      .to.match(/DO_TOKEN has a space.*\n.*must not hold/)
      .and.not.contain('hunter2');
  });
});

describe('the .env file', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'dropfleet-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('is read under the process environment', async () => {
    const envFile = join(folder, '.env');
    await writeFile(envFile, '# mine\nADMIN_IP=10.0.0.1\nexport SMTP_PASSWORD="p w"\nDROPFLEET_FLEET=a\n');
    const { settings } = loadEnvironment({ env: { DROPFLEET_FLEET: 'b' }, envFile });
    expect(settings).to.include({ adminIp: '10.0.0.1', fleet: 'b' });
    expect(settings.variable('SMTP_PASSWORD')).to.equal('p w');
    expect(settings.variable('ABSENT')).to.equal(undefined);
    expect(settings.variable('constructor')).to.equal(undefined);
  });

  it('has its mistakes told with line and column', async () => {
    const envFile = join(folder, '.env');
    await writeFile(envFile, 'ADMIN_IP=10.0.0.1\n\n export ADMIN_IP=nowhere\n');
    expect(formatProblems(loadEnvironment({ env: {}, envFile }).problems)).to.match(
      /\.env:3:9: found "nowhere"; ADMIN_IP must be/,
    );
  });

  it('is a problem when it is there and cannot be read', () => {
    expect(formatProblems(loadEnvironment({ env: {}, envFile: folder }).problems)).to.match(
      /: it is a folder$/,
    );
  });
});
