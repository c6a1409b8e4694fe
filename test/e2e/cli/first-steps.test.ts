import { expect } from 'chai';
import { copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import {
  openWorkplace,
  runDropfleet,
  startDropfleet,
  type RunningCommand,
  type Workplace,
} from '../../environment/dropfleet.ts';

const COMMANDS = [
  'init',
  'up',
  'operator',
  'monitor',
  'plan',
  'orchestrate',
  'status',
  'scale',
  'ssh',
  'update-ip',
  'cleanup',
  'sandbox',
  'standalone',
];

const KUBECONFIG = `apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: 'https://kube.test:6443' } }]
users: [{ name: u, user: { token: verysecret } }]
contexts: [{ name: x, context: { cluster: c, user: u } }]
current-context: x
`;

describe('In an empty folder, dropfleet', () => {
  let place: Workplace;
  const run = (...args: string[]) => runDropfleet(place, ...args);

  before(async () => (place = await openWorkplace()));
  after(() => place.remove());

  it('says in one sentence that init is missing', async () => {
    for (const command of ['plan', 'orchestrate']) {
      const { code, stderr } = await run(command);
      expect(stderr).to.match(/^dropfleet: no changes made:\nconfig\/projects\.csv: .*`dropfleet init`\n$/);
      expect(code).to.equal(1);
    }
  });

  it('init writes what is missing and says what comes next', async () => {
    const { code, stdout, stderr } = await run('--init');
    expect(stderr).to.equal('');
    expect(stdout).to.contain('wrote config/projects.csv');
    expect(stdout).to.contain('no DO_TOKEN: everything is rehearsed in the sandbox');
    expect(stdout).to.match(/Next: edit config\/projects\.csv, .*"dropfleet up"\.\n$/);
    expect(code).to.equal(0);
    const key = await stat(place.path('.dropfleet', 'sandbox', 'ssh', 'id_ed25519'));
    expect(key.mode & 0o777).to.equal(0o600);
  });

  it('init leaves alone what is there', async () => {
    await place.writeCsv('mine,1,,');
    const { stdout } = await run('init');
    expect(stdout).to.contain('all configuration files were there');
    expect(await readFile(place.path('config', 'projects.csv'), 'utf8')).to.contain('mine,1,,');
  });

  it('init and up take a password in a file, and warn of it', async () => {
    const page = new URL('../../fixtures/original/email_config.reference.json', import.meta.url);
    await copyFile(page, place.path('config', 'email_config.json'));
    const { stdout, code } = await run('init');
    expect(stdout.match(/this works, but whoever reads this file/g)).to.have.length(1);
    expect(code).to.equal(0);
  });

  it('up makes what init wrote', async () => {
    const daemon = startDropfleet(place, 'up', '--boot-delay', '200ms');
    await daemon.says(/^1 of 1 droplets Ready, /m);
    const { code, stderr } = await daemon.stop();
    expect(code).to.equal(0);
    expect(stderr.match(/this works, but whoever reads this file/g)).to.have.length(1);
  });
});

describe('dropfleet --help', () => {
  let place: Workplace;
  before(async () => (place = await openWorkplace()));
  after(() => place.remove());

  it('names every command, and each has an example', async () => {
    const { stdout } = await runDropfleet(place, '--help');
    for (const command of COMMANDS) expect(stdout).to.match(new RegExp(`^ {2}${command} `, 'm'));
    const helps = await Promise.all(COMMANDS.map(command => runDropfleet(place, command, '--help')));
    for (const [i, { stdout: help }] of helps.entries())
      expect(help).to.match(new RegExp(`\\nExample:\\n.*dropfleet .*${COMMANDS[i]}`));
  });
});

describe('A call that cannot be, dropfleet answers in a sentence and not with a stack', () => {
  let place: Workplace;
  const calls: { args: string[]; env?: Record<string, string>; says: RegExp; exits?: number }[] = [
    {
      args: ['--monitor', 'master'],
      says: /^dropfleet: nothing runs here to report to: start "dropfleet up"/,
      exits: 1,
    },
    { args: ['conquer'], says: /^dropfleet: unknown command 'conquer'\n/ },
    { args: ['statsu'], says: /^dropfleet: unknown command 'statsu'\n\(Did you mean status\?\)\n/ },
    {
      args: ['status', '--ouput', 'json'],
      says: /\(Did you mean --output\?\)\n\(see dropfleet status --help\)/,
    },
    {
      args: ['sandbox', 'rest'],
      says: /^dropfleet: dropfleet sandbox has no command "rest"; .*"reset"\?\n$/,
    },
    {
      args: ['standalone', 'nonsense'],
      says: /^dropfleet: dropfleet standalone has no command "nonsense"; there are backup, restore\n$/,
    },
    { args: ['operator'], says: /^dropfleet: operator needs a cluster: .*--kubeconfig/ },
    {
      args: ['scale', 'shop', '0'],
      says: /'0' is invalid for argument 'servers'\. It must be a whole number from 1 to 100\./,
    },
    { args: ['scale', 'shop', '101'], says: /'101' is invalid/ },
    { args: ['scale', 'shop'], says: /missing required argument 'servers'/ },
    { args: ['orchestrate', '--timeout', 'soon'], says: /It must be a duration such as 90s, 15m or 1h30m\./ },
    { args: ['status', '--output', 'yaml'], says: /Allowed choices are table, json\./ },
    { args: ['sandbox', '--port', '70000'], says: /It must be a number from 0 to 65535\./ },
    {
      args: ['up', '--state-dir', 'config/projects.csv'],
      says: /^dropfleet: config\/projects\.csv\/sandbox\/kubernetes cannot be used: a part of its path is no folder\n$/,
      exits: 1,
    },
    {
      args: ['plan'],
      env: { DIGITALOCEAN_API_URL: 'http://127.0.0.1:1' },
      exits: 1,
      says: /^dropfleet: DIGITALOCEAN_API_URL is set but DO_TOKEN is not/,
    },
    {
      args: ['plan'],
      env: { DIGITALOCEAN_TOKEN: 'dop_v1_verysecret' },
      exits: 1,
      says: /^dropfleet: environment: DIGITALOCEAN_TOKEN is what other tools read; name it DO_TOKEN /,
    },
    {
      args: ['plan'],
      env: { KUBECONFIG: '', KUBERNETES_SERVICE_HOST: '127.0.0.1' },
      exits: 1,
      says: /^dropfleet: .*serviceaccount/,
    },
    { args: ['init', '--accept-loss'], says: /^dropfleet: --accept-loss goes with --rotate-key/ },
    {
      args: ['status'],
      env: { KUBECONFIG: 'kube.yaml' },
      says: /^dropfleet: DO_TOKEN is not set\. The cluster at https:\/\/kube\.test:6443 is meant, because KUBECONFIG is set to kube\.yaml \(unset it /,
      exits: 1,
    },
    {
      args: ['status', '--kubeconfig', 'kube.yaml'],
      says: /The cluster at https:\/\/kube\.test:6443 is meant, because --kubeconfig names kube\.yaml, and /,
      exits: 1,
    },
    { args: ['plan', '--kubeconfig', 'nowhere'], says: /^dropfleet: .*nowhere/, exits: 1 },
    {
      args: ['plan'],
      env: { DO_TOKEN: 'dop_v1_verysecret', DIGITALOCEAN_API_URL: 'http://127.0.0.1:1' },
      says: /^dropfleet: .*127\.0\.0\.1:1|^dropfleet: .*DigitalOcean/,
      exits: 1,
    },
  ];

  before(async () => {
    place = await openWorkplace(['shop,1,,']);
    await writeFile(place.path('kube.yaml'), KUBECONFIG);
  });
  after(() => place.remove());

  for (const { args, env = {}, says, exits = 2 } of calls)
    it(`dropfleet ${args.join(' ')}${Object.keys(env)
      .map(name => `, with ${name}`)
      .join('')}`, async () => {
      const { code, stdout, stderr } = await runDropfleet({ ...place, env }, ...args);
      expect(stderr).to.match(says);
      expect(stderr).to.not.match(/\n {4}at |verysecret|this is a defect/);
      expect(stdout).to.equal('');
      expect(code).to.equal(exits);
    });
});

describe('With a token, dropfleet', () => {
  const TOKEN = 'dop_v1_0123456789abcdefverysecret';
  let place: Workplace;
  let sandbox: RunningCommand;
  let url: string;
  const counts = async (): Promise<Record<string, number>> =>
    ((await (await fetch(`${url}/sandbox/ledger`)).json()) as { counts: Record<string, number> }).counts;

  before(async () => {
    place = await openWorkplace(['shop,2,,']);
    sandbox = startDropfleet(
      place,
      '--state-dir',
      'cloud',
      'sandbox',
      '--port',
      '0',
      '--boot-delay',
      '200ms',
    );
    url = (await sandbox.says(/^DigitalOcean sandbox at (\S+)\. Any token is accepted\./m))[1]!;
    Object.assign(place.env, { DO_TOKEN: TOKEN, DIGITALOCEAN_API_URL: url });
  });
  after(async () => {
    await sandbox.stop();
    await place.remove();
  });

  it('init tries it and uploads the SSH key, once', async () => {
    for (const _time of [1, 2]) {
      const { code, stdout, stderr } = await runDropfleet(place, 'init');
      expect(stderr).to.equal('');
      expect(stdout).to.match(
        /DO_TOKEN works: the account is active and may have \d+ droplets; the SSH key is uploaded/,
      );
      expect(code).to.equal(0);
    }
    expect((await counts())['keys.create']).to.equal(1);
  });

  it('orchestrate makes the calls that plan announced', async () => {
    const plan = await runDropfleet(place, 'plan');
    expect(plan.stdout).to.contain('2 to create, 0 to delete, 0 to change');
    expect(await counts()).to.not.have.property('droplets.create');
    const { code, stdout } = await runDropfleet(place, 'orchestrate');
    expect(stdout.trimEnd().split('\n').at(-1)).to.equal('2 of 2 droplets Ready, $12.00 a month.');
    expect(code).to.equal(0);
    expect((await counts())['droplets.create']).to.equal(2);
    expect(await counts()).to.not.have.property('droplets.delete');
    expect((await counts())['keys.create']).to.equal(1);
  });

  it('keeps the token out of every file that it writes, and these from other people', async () => {
    const folder = place.path('.dropfleet');
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter(entry => entry.isFile()).map(entry => `${entry.parentPath}/${entry.name}`);
    expect(files).to.not.be.empty;
    for (const file of files) {
      expect((await readFile(file)).includes(TOKEN), file).to.equal(false);
      expect((await stat(file)).mode & 0o077, file).to.equal(0);
    }
  });
});
