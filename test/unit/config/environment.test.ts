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
      const { variable, sourceOf: _sourceOf, ...values } = settings;
      expect(values).to.deep.equal({ additionalIps: [], echoUrls: [] });
      expect(variable('DO_TOKEN')).to.equal(undefined);
    }
  });

  it('says what sets a variable, even to nothing, and the process wins over the file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dropfleet-env-'));
    const envFile = join(folder, '.env');
    try {
      await writeFile(envFile, 'A=file\nB=file\nC=file\nD=\nE=" "\n');
      const env = { A: 'process', B: '', D: ' ' };
      const { settings } = loadEnvironment({ env, envFile });
      const sources = ['A', 'B', 'C', 'D', 'E', 'F', 'constructor'].map(settings.sourceOf);
      expect(sources).to.deep.equal([
        { source: 'environment', isEmpty: false },
        { source: envFile, isEmpty: false },
        { source: envFile, isEmpty: false },
        { source: 'environment', isEmpty: true },
        { source: envFile, isEmpty: true },
        undefined,
        undefined,
      ]);
    } finally {
      await rm(folder, { recursive: true, force: true });
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

  it('has names told that mean nothing, but nearly do', () => {
    expect(problemsOf({ do_token: 'hunter2' })).to.equal(
      'environment: found "do_token"; this sets nothing; name it DO_TOKEN',
    );
    expect(problemsOf({ digitalocean_token: 'hunter2' })).to.equal(
      'environment: found "digitalocean_token"; this sets nothing; name it DO_TOKEN',
    );
    expect(problemsOf({ DIGITALOCEAN_TOKEN: 'hunter2' })).to.equal(
      'environment: DIGITALOCEAN_TOKEN is what other tools read; name it DO_TOKEN to use that token, or unset it to rehearse in the sandbox',
    );
    const both = { do_token: 'a', DIGITALOCEAN_TOKEN: 'a', DIGITALOCEAN_ACCESS_TOKEN: 'a', DO_TOKEN: 'b' };
    expect(problemsOf(both)).to.equal('');
    expect(problemsOf({ do_token: '', DIGITALOCEAN_TOKEN: '' })).to.equal('');
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
    expect(settings.variable('DROPFLEET_FLEET')).to.equal(undefined);
    expect(settings.variable('ABSENT')).to.equal(undefined);
    expect(settings.variable('constructor')).to.equal(undefined);
  });

  it('gives the value of a secret exactly, and of a setting without space around it', async () => {
    const { settings } = await read('A=" a "\nB="b\n"\nC=" "\nADMIN_IP=" 10.0.0.1 "\n', {
      A: ' ',
      D: ' d\n',
    });
    expect(['A', 'B', 'C', 'D'].map(settings.variable)).to.deep.equal([' a ', 'b\n', undefined, ' d\n']);
    expect(settings.adminIp).to.equal('10.0.0.1');
  });

  it("shows none of dropfleet's own settings as a variable of a service", async () => {
    const { settings } = await read('DO_TOKEN=abc\nADMIN_IP=10.0.0.1\nDROPFLEET_NEW=x\n');
    for (const name of ['DO_TOKEN', 'ADMIN_IP', 'DROPFLEET_NEW'])
      expect([settings.variable(name), settings.sourceOf(name)], name).to.deep.equal([undefined, undefined]);
  });

  it('has its mistakes told with line and column', async () => {
    const envFile = join(folder, '.env');
    await writeFile(envFile, 'ADMIN_IP=10.0.0.1\n\n export ADMIN_IP=nowhere\n');
    expect(formatProblems(loadEnvironment({ env: {}, envFile }).problems)).to.match(
      /\.env:3:9: found "nowhere"; ADMIN_IP must be/,
    );
  });

  async function read(text: string | Buffer, env: Record<string, string> = {}) {
    const envFile = join(folder, '.env');
    await writeFile(envFile, text);
    const { settings, problems } = loadEnvironment({ env, envFile });
    return {
      settings,
      lines: formatProblems(problems).replaceAll(`${envFile}:`, '').split('\n').filter(Boolean),
    };
  }

  it('is used for what is empty in the process environment', async () => {
    const { settings } = await read('DO_TOKEN=abc\n', { DO_TOKEN: '', ADMIN_IP: ' ' });
    expect(settings.token?.reveal()).to.equal('abc');
    const { lines } = await read('\nADMIN_IP=nowhere\n', { ADMIN_IP: ' ' });
    expect(lines[0]).to.match(/^2:1: found "nowhere"/);
  });

  it('is not used at all when a quote is not closed, which would hide the variables below it', async () => {
    for (const [text, place] of [
      ['SMTP_PASSWORD="abc\nADMIN_IP=10.0.0.1\nDROPFLEET_FLEET="a"\n', '1:15: found "\\"";'],
      ["A=1\n  export B = 'abc\r\nADMIN_IP='10.0.0.1'\r\n", '2:14: found "\'";'],
      ['A="abc\nADMIN_IP="10.0.0.1"', '1:3: '],
      ['ADMIN_IP=10.0.0.1\nA=`abc', '2:3: '],
      ['A="abc\nADMIN_IP=10.0.0.1\nB=abc"\n', '1:3: '],
      ['A="abc\nADMIN_IP=10.0.0.1\n# says "hello"\n', '1:3: '],
    ]) {
      const { settings, lines } = await read(text!);
      expect(lines, text).to.have.length(1);
      expect(lines[0], text).to.include(`${place}`).and.to.include('this quote is not closed');
      expect(settings.adminIp, text).to.equal(undefined);
    }
  });

  it('may have values of many lines, and quotes that nobody can take for an open one', async () => {
    const key = '-----BEGIN KEY-----\nMIIB/abc\nQUJDRA==\n-----END KEY-----';
    const { settings, lines } = await read(
      `# don't\nKEY="${key}" # mine\nA=it's\nB='x'\nC="a'b"\nPADDED='\nQUJDRA=='\nADMIN_IP=10.0.0.1\n`,
    );
    expect(lines).to.deep.equal([]);
    expect(settings.variable('KEY')).to.equal(key);
    expect(settings.adminIp).to.equal('10.0.0.1');
  });

  it('is the same whatever ends its lines', async () => {
    for (const lineBreak of ['\n', '\r\n', '\r']) {
      const text = ['ADMIN_IP=10.0.0.1', 'KEY="a', 'b" # mine', 'DROPFLEET_FLEET=!', ''].join(lineBreak);
      const { settings, lines } = await read(text);
      expect([settings.adminIp, settings.variable('KEY')]).to.deep.equal(['10.0.0.1', 'a\nb']);
      expect(lines, JSON.stringify(lineBreak)).to.have.length(1);
      expect(lines[0]).to.match(/^4:1: found "!"/);
    }
  });

  it('is refused in plain words when it is no UTF-8', async () => {
    const text = 'ADMIN_IP=10.0.0.1\n';
    const utf16 = Buffer.from(text, 'utf16le');
    for (const bytes of [
      utf16,
      Buffer.from(`\uFEFF${text}`, 'utf16le'),
      Buffer.from(`\uFEFF${text}`, 'utf16le').swap16(),
    ])
      expect((await read(bytes)).lines.join()).to.match(/^ the file is UTF-16, .* save it as UTF-8/);
    const latin = await read(Buffer.from(`${text}P=ä\n`, 'latin1'));
    expect(latin.lines.join()).to.match(/^ the file is not UTF-8; save it/);
    expect(latin.settings.adminIp).to.equal(undefined);
    expect((await read(`\uFEFF${text}P=ä\n`)).lines).to.deep.equal([]);
  });

  it('has names told that mean nothing, but nearly do, without their values', async () => {
    for (const [line, found] of [
      ['do_token=hunter2', '1:1: found "do_token="; this sets nothing; write DO_TOKEN=, '],
      ['DO_TOKEN: hunter2', '1:1: found "DO_TOKEN:"; '],
      ['  export Do-Token = hunter2', '1:10: found "Do-Token ="; '],
      ['set ADMIN_IP=10.0.0.1', '1:1: found "set ADMIN_IP="; this sets nothing; write ADMIN_IP=, '],
      ['$env:DO_TOKEN="hunter2"', '1:1: found "$env:DO_TOKEN="; '],
      ['DIGITALOCEAN_TOKEN=hunter2', '1:1: DIGITALOCEAN_TOKEN is what other tools read; name it DO_TOKEN '],
      [
        'digitalocean_access_token=hunter2',
        '1:1: found "digitalocean_access_token="; this sets nothing; write DO',
      ],
      [
        'DIGITALOCEAN_TOKEN: hunter2',
        '1:1: found "DIGITALOCEAN_TOKEN:"; this sets nothing; write DO_TOKEN=, ',
      ],
      ['set DO_PAT=hunter2', '1:1: found "set DO_PAT="; this sets nothing; write DO_TOKEN=, '],
      ['DO_API_TOKEN=hunter2', '1:1: DO_API_TOKEN is what other tools read; name it DO_TOKEN '],
      ['A=1\nDIGITALOCEAN_ACCESS_TOKEN=hunter2', '2:1: DIGITALOCEAN_ACCESS_TOKEN is what '],
    ]) {
      const { lines } = await read(`${line}\n`);
      expect(lines, line).to.have.length(1);
      expect(lines[0], line).to.include(found).and.not.to.include('hunter2');
      const both = await read(`${line}\nDO_TOKEN=abc\nADMIN_IP=10.0.0.1\n`);
      expect(both.lines, line).to.deep.equal([]);
    }
    expect((await read('# DO_TOKEN: x\nshop_token=1\nNOTE=do_token: x\n')).lines).to.deep.equal([]);
  });

  it('is a problem when it is there and cannot be read', () => {
    expect(formatProblems(loadEnvironment({ env: {}, envFile: folder }).problems)).to.match(
      /: it is a folder$/,
    );
  });
});
