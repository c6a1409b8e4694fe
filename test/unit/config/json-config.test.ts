import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { readDeploymentConfig, repositoryUrl } from '../../../config/deployment-config.ts';
import { readEmailConfig } from '../../../config/email-config.ts';
import { formatProblems, type Problem } from '../../../config/problems.ts';
import type { SecretText } from '../../../config/secret-text.ts';
import { readSmsConfig } from '../../../config/sms-config.ts';
import { readWebhookConfig } from '../../../config/webhook-config.ts';

/** What the loader makes of that text; the problems without the folder's name. */
async function load<T>(
  read: (path: string) => Promise<{ config?: T; problems: Problem[]; warnings?: Problem[] }>,
  text: string | object,
): Promise<{ config: T | undefined; lines: string[]; warnings: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'dropfleet-'));
  try {
    const path = join(folder, 'c.json');
    await writeFile(path, typeof text === 'string' ? text : JSON.stringify(text, null, 2));
    const { config, problems, warnings = [] } = await read(path);
    const linesOf = (found: Problem[]) =>
      formatProblems(found).replaceAll(`${folder}/`, '').split('\n').filter(Boolean);
    return { config, lines: linesOf(problems), warnings: linesOf(warnings) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const deployment = (text: string | object) => load(readDeploymentConfig, text);
const service = (settings: object) => deployment({ projects: { shop: { services: { api: settings } } } });

describe('deployment_config.json', () => {
  it('says what runs in each project, in the spelling of the nouns', async () => {
    const { config, lines } = await deployment(`\uFEFF// comments
      { "deployment_platform": "podman", /* and more */
        "git_config": { "base_url": "https://git.example.com/acme/" },
        "projects": { "shop": { "services": {
          "api": { "type": "web", "containerfile_path": "api/Dockerfile", "build_context": "api",
            "command": ["node", "main.js"], "secrets": ["DATABASE_URL"], "port": 8080,
            "health_check": { "path": "/up", "interval_seconds": 2, "timeout_seconds": 3, "start_seconds": 60 } },
          "mailer": { "type": "worker", "command": " node  mailer.js --fast " },
          "database": { "type": "infra", "image": "postgres:17", "port": 5432, }, } } } }`);
    expect(lines).to.deep.equal([]);
    expect(config).to.deep.equal({
      platform: 'podman',
      git: { baseUrl: 'https://git.example.com/acme/', urlPattern: '{base_url}/{project}.git' },
      services: [
        {
          project: 'shop',
          service: 'api',
          type: 'web',
          build: { containerfile: 'api/Dockerfile', context: 'api' },
          command: ['node', 'main.js'],
          secrets: ['DATABASE_URL'],
          healthCheck: { path: '/up', intervalSeconds: 2, timeoutSeconds: 3, startSeconds: 60 },
          port: 8080,
        },
        { project: 'shop', service: 'mailer', type: 'worker', command: ['node', 'mailer.js', '--fast'] },
        { project: 'shop', service: 'database', type: 'infra', image: 'postgres:17', port: 5432 },
      ],
    });
    expect(repositoryUrl(config!.git!, 'shop')).to.equal('https://git.example.com/acme/shop.git');
  });

  it('need not be there', async () => {
    expect(await readDeploymentConfig('/nowhere/none.json')).to.deep.equal({ problems: [] });
  });

  it('has every mistake told at its place', async () => {
    const { config, lines } = await deployment(`{
  "deployment_platform": "dockr",
  "git_config": { "url_pattern": "https://git.example.com/x.git" },
  "projects": {
    "Shop": { "services": {} },
    "blog": { "services": { "api": {
      "type": "web", "comand": [], "port": 70000, "secrets": ["A", "A"], "build_context": "../x",
      "health_check": { "path": "up", "interval_seconds": "1" }
    } } }
  }
}`);
    expect(config).to.equal(undefined);
    expect(lines).to.deep.equal([
      'c.json:2:26: found "dockr"; must be "docker" or "podman" or "kubernetes"',
      'c.json:3:17: "base_url" is missing here: The address that all repositories share, such as https://github.com/acme. It holds no password: give git a credential helper or an SSH key',
      'c.json:3:34: found "https://git.example.com/x.git"; must be an address that contains {project}, such as {base_url}/{project}.git, without a password in it',
      'c.json:5:5: found "Shop"; a name is lower-case letters, digits and dashes, begins with a letter, ends with a letter or digit, and has at most 50 characters',
      'c.json:7:22: found "comand"; there is no such setting; here may stand type, containerfile_path, build_context, image, image_login, command, release_command, environment, secrets, port, health_check, max_body_size, read_timeout_seconds, memory, cpus, volumes, stop_seconds, restart, update, shared, deployment_platform; did you mean "command"?',
      'c.json:7:44: found "70000"; must be from 1 to 65535',
      'c.json:7:62: items 1 and 2 are the same; keep one',
      'c.json:7:91: found "../x"; must be a path inside the repository, with forward slashes: not absolute, and without ..',
      'c.json:8:33: found "up"; must be a path that begins with /',
      'c.json:8:59: found "1"; must be a whole number without quotes',
    ]);
  });

  it('has infra services run a published image, and webs and workers run or build one', async () => {
    expect((await service({ type: 'infra' })).lines[0]).to.match(/^c\.json:5:16: "image" is missing here/);
    expect((await service({ type: 'infra', image: 'nginx', build_context: '.' })).lines).to.deep.equal([
      'c.json:8:28: found "."; a service with an image is not built; remove this or image',
    ]);
    for (const type of ['web', 'worker']) {
      const { config, lines } = await service({ type, image: 'ghcr.io/acme/api:v3' });
      expect(lines).to.deep.equal([]);
      expect(config?.services[0]).to.include({ type, image: 'ghcr.io/acme/api:v3' });
    }
    const { lines } = await service({ image: 'nginx', containerfile_path: 'Dockerfile' });
    expect(lines.join()).to.contain('is not built');
  });

  it('says what a release runs with, in the spelling of the nouns', async () => {
    const { config, lines } = await service({
      release_command: 'node migrate.js',
      environment: { LOG_LEVEL: 'debug', WORKERS: 4, verbose: true, EMPTY: '' },
      health_check: { start_seconds: 90 },
      memory: '512Mi',
      cpus: 0.5,
      volumes: { uploads: '/srv/uploads', cache: '/var/cache/app' },
      stop_seconds: 60,
      restart: 'on-failure',
      update: 'stop-first',
      deployment_platform: 'podman',
    });
    expect(lines).to.deep.equal([]);
    expect(config?.services).to.deep.equal([
      {
        project: 'shop',
        service: 'api',
        type: 'web',
        releaseCommand: ['node', 'migrate.js'],
        variables: { LOG_LEVEL: 'debug', WORKERS: '4', verbose: 'true', EMPTY: '' },
        healthCheck: { startSeconds: 90 },
        memory: '512m',
        cpus: '0.5',
        volumes: [
          { name: 'uploads', path: '/srv/uploads' },
          { name: 'cache', path: '/var/cache/app' },
        ],
        stopSeconds: 60,
        restart: 'on-failure',
        update: 'stop-first',
        platform: 'podman',
      },
    ]);
  });

  it('has no health check that nobody wrote', async () => {
    const checkOf = async (settings: object) => (await service(settings)).config?.services[0]?.healthCheck;
    expect(await checkOf({})).to.equal(undefined);
    expect(await checkOf({ health_check: false })).to.equal(undefined);
    expect(await checkOf({ health_check: true })).to.deep.equal({});
    expect(await checkOf({ health_check: {} })).to.deep.equal({});
  });

  it('takes memory and CPUs in the spellings of docker, compose and Kubernetes', async () => {
    for (const [written, memory] of [
      ['512m', '512m'],
      ['512MB', '512m'],
      ['512Mi', '512m'],
      ['1gb', '1g'],
      ['1.5G', '1536m'],
      ['65536k', '65536k'],
    ])
      expect((await service({ memory: written })).config?.services[0]?.memory, written).to.equal(memory);
    for (const [written, cpus] of [
      [2, '2'],
      ['2.50', '2.5'],
      [0.25, '0.25'],
    ])
      expect((await service({ cpus: written })).config?.services[0]?.cpus).to.equal(cpus);
    for (const memory of ['512', '5m', '0g', '-1g', '1tb', '9999999g', 'lots', 512])
      expect((await service({ memory })).lines, String(memory)).to.have.length(1);
    for (const cpus of [0, 0.001, -1, 'two', '1e3', 5000, true])
      expect((await service({ cpus })).lines, String(cpus)).to.have.length(1);
  });

  it('takes limits of requests from a web service, and from no other', async () => {
    const limits = async (settings: object) => {
      const { config, lines } = await service(settings);
      const [one] = config?.services ?? [];
      return one === undefined ? lines : [one.maxBodyMegabytes, one.readTimeoutSeconds];
    };
    expect(await limits({})).to.deep.equal([undefined, undefined]);
    expect(await limits({ max_body_size: '200m', read_timeout_seconds: 30 })).to.deep.equal([200, 30]);
    expect(await limits({ max_body_size: '2GB' })).to.deep.equal([2048, undefined]);
    for (const size of ['0m', '1.5g', '512', '512k', '101g', 64])
      expect(await limits({ max_body_size: size }), String(size)).to.have.length(1);
    for (const seconds of [0, 301, 1.5, '30'])
      expect(await limits({ read_timeout_seconds: seconds }), String(seconds)).to.have.length(1);
    const [line, ...rest] = await limits({ type: 'worker', max_body_size: '200m' });
    expect(line).to.contain('api is no web service: it gets no requests; take this out');
    expect(rest).to.deep.equal([]);
  });

  it('takes volumes as an object or a list, and mounts no folder of the host', async () => {
    const volumesOf = async (volumes: unknown) => (await service({ volumes })).config?.services[0]?.volumes;
    const data = [{ name: 'data', path: '/var/lib/postgresql/data' }];
    expect(await volumesOf({ data: '/var/lib/postgresql/data' })).to.deep.equal(data);
    expect(await volumesOf(['data:/var/lib/postgresql/data'])).to.deep.equal(data);
    for (const volumes of [['/srv/data:/data'], ['./data:/data'], { '/srv/data': '/data' }])
      expect((await service({ volumes })).lines.join()).to.contain('folders of the host are not mounted');
    for (const volumes of [['data'], { data: 'data' }, { data: '/' }, { data: '/a:ro' }, ['data:/a:ro']])
      expect((await service({ volumes })).lines, JSON.stringify(volumes)).to.have.length(1);
    expect((await service({ volumes: ['a:/x', 'a:/y', 'b:/x'] })).lines).to.deep.equal([
      'c.json:8:13: a stands here already; keep one',
      'c.json:9:13: /x stands here already; keep one',
    ]);
  });

  it('has one engine for all services of a project, as a host has one', async () => {
    const services = (...platforms: (string | undefined)[]) => ({
      projects: {
        shop: {
          services: Object.fromEntries(
            platforms.map((one, i) => [`api${i}`, one === undefined ? {} : { deployment_platform: one }]),
          ),
        },
      },
    });
    expect((await deployment(services('podman', 'podman'))).lines).to.deep.equal([]);
    expect((await deployment(services('docker', undefined, 'docker'))).lines).to.deep.equal([]);
    expect((await deployment(services(undefined, undefined, 'podman'))).lines).to.deep.equal([
      'c.json:8:34: api2 runs on podman and api0 on docker, and a host has one engine; write the same for all services of shop',
    ]);
    expect((await deployment(services('podman', undefined))).lines).to.deep.equal([
      'c.json:6:34: api1 runs on docker and api0 on podman, and a host has one engine; write the same for all services of shop',
    ]);
  });

  it('logs in to the registry of a published image by the name of a secret', async () => {
    const login = { username: 'ci', secret: 'registry_token' };
    const image = 'registry.example.com/shop:v1';
    const { config, lines } = await service({ image, image_login: login });
    expect(lines).to.deep.equal([]);
    expect(config!.services[0]!.imageLogin).to.deep.equal({ username: 'ci', secret: 'REGISTRY_TOKEN' });
    expect((await service({ image_login: login })).lines.join()).to.contain('only a published image');
    const own = await service({ image, image_login: { ...login, secret: 'DO_TOKEN' } });
    expect(own.lines.join()).to.contain("DO_TOKEN is dropfleet's own");
    const shown = await service({ image, image_login: { ...login, secret: 'hunter2!' } });
    expect(shown.lines.join()).to.contain('never its value');
    expect((await service({ image, image_login: { username: 'ci' } })).lines).to.have.length(1);
  });

  it('has no variable that is a secret, or that dropfleet sets, or that is more than a line', async () => {
    expect((await service({ secrets: ['api_key'], environment: { API_KEY: 'x' } })).lines).to.deep.equal([
      'c.json:10:24: API_KEY stands in secrets, too; keep one',
    ]);
    expect((await service({ environment: { DROPFLEET_VERSION: 'v1' } })).lines.join()).to.contain(
      'dropfleet sets those',
    );
    for (const environment of [{ 'a-b': 'x' }, { A: 'x\ny' }, { A: null }, { A: {} }, ['A=x']])
      expect((await service({ environment })).lines, JSON.stringify(environment)).to.have.length(1);
    expect((await service({ environment: { A: 'hunter2\n' } })).lines.join()).not.to.contain('hunter2');
  });

  it('gives no service what dropfleet itself is told', async () => {
    for (const name of ['DO_TOKEN', 'do_token', 'ADMIN_IP', 'DROPFLEET_ANYTHING'])
      expect((await service({ secrets: [name] })).lines.join(), name).to.contain(
        "is dropfleet's own and given to no service; give the service's value another name",
      );
  });

  it('keeps to infra services what is theirs alone', async () => {
    const infra = { type: 'infra', image: 'postgres:17' };
    expect((await service({ ...infra, shared: true })).config?.services[0]).to.include({ shared: true });
    expect((await service({ shared: true })).lines.join()).to.contain('only an infra service is shared');
    expect((await service({ ...infra, release_command: 'x' })).lines.join()).to.contain('has no releases');
    expect((await service({ ...infra, update: 'stop-first' })).lines.join()).to.contain('always stopped');
  });

  it('takes a command of plain words, and nothing that would need a shell', async () => {
    for (const command of ['a && b', 'echo $HOME', 'a "b c"', 'a | b', '', '   ', []])
      expect((await service({ type: 'web', command })).lines, String(command)).to.have.length(1);
    const { config } = await service({ type: 'web', command: ['sh', '-c', 'a && b'] });
    expect(config?.services[0]?.command).to.deep.equal(['sh', '-c', 'a && b']);
  });

  it('may not give two services one name', async () => {
    const services = (name: string) => ({ services: { [name]: { type: 'web' } } });
    const { lines } = await deployment({
      projects: { shop: services('uat-api'), 'shop-prod': services('api') },
    });
    expect(lines).to.deep.equal([
      'c.json:12:16: this service, api, and uat-api of shop would both be called shop-prod-uat-api; rename one',
    ]);
  });

  it('takes an underscore in a service for a dash, and never two services for one', async () => {
    const services = (...names: string[]) =>
      deployment({ projects: { shop: { services: Object.fromEntries(names.map(name => [name, {}])) } } });
    const { config } = await services('worker_email', 'a__b');
    expect(config?.services.map(({ service }) => service)).to.deep.equal(['worker-email', 'a--b']);
    expect((await services('a_b', 'a-b')).lines).to.deep.equal([
      'c.json:6:16: this service, a-b, and a_b of shop would both be called shop-prod-a-b; rename one',
    ]);
    for (const name of ['_a', 'a_', 'A_b']) expect((await services(name)).lines, name).to.have.length(1);
  });

  it('takes a service for a web that does not say what it is', async () => {
    expect((await service({})).config?.services).to.deep.equal([
      { project: 'shop', service: 'api', type: 'web' },
    ]);
  });

  it('has secrets by the names that variables have, each once', async () => {
    const { config } = await service({ secrets: ['db_password', 'STRIPE_KEY'] });
    expect(config?.services[0]?.secrets).to.deep.equal(['DB_PASSWORD', 'STRIPE_KEY']);
    expect((await service({ secrets: ['db_password', 'DB_PASSWORD'] })).lines).to.deep.equal([
      'c.json:8:13: DB_PASSWORD stands in this list already; keep one',
    ]);
  });

  it('has a folder as build context, with or without a slash at its end', async () => {
    for (const [written, context] of [
      ['backend/', 'backend'],
      ['backend', 'backend'],
      ['./', '.'],
    ])
      expect((await service({ build_context: written })).config?.services[0]?.build).to.deep.equal({
        context,
      });
  });

  it('leads host names to web services, by environment', async () => {
    const { config, lines } = await deployment({
      projects: {
        shop: {
          domains: {
            prod: { 'www.example.com': 'site', 'example.com': 'site', 'api.example.com': 'the-api' },
            uat: { 'uat.example.com': 'site' },
          },
          services: { site: { type: 'web' }, the_api: {} },
        },
      },
    });
    expect(lines).to.deep.equal([]);
    expect(config?.services.map(({ service, domains }) => ({ service, domains }))).to.deep.equal([
      { service: 'site', domains: { prod: ['www.example.com', 'example.com'], uat: ['uat.example.com'] } },
      { service: 'the-api', domains: { prod: ['api.example.com'] } },
    ]);
  });

  it('leads no host name nowhere, to a worker, to two services, or to what is no host name', async () => {
    const services = { site: { type: 'web' }, mailer: { type: 'worker' } };
    const shop = (domains: object) => deployment({ projects: { shop: { domains, services } } });
    for (const unknown of ['sight', 'constructor'])
      expect((await shop({ prod: { 'a.example.com': unknown } })).lines.join()).to.contain('no such service');
    expect((await shop({ prod: { 'a.example.com': 'mailer' } })).lines.join()).to.contain(
      'a worker takes no',
    );
    const twice = await shop({ prod: { 'a.example.com': 'site' }, uat: { 'a.example.com': 'site' } });
    expect(twice.lines).to.deep.equal([
      'c.json:9:28: a.example.com leads to site of shop in prod already; keep one',
    ]);
    for (const domain of ['WWW.example.com', 'localhost', 'a.example.com;', 'https://example.com', 'a b.com'])
      expect((await shop({ prod: { [domain]: 'site' } })).lines.join(), domain).to.contain('a host name');
    expect((await shop({ live: {} })).lines).to.have.length(1);
  });

  it('is no place for passwords, and never has them shown', async () => {
    for (const base_url of ['https://me:hunter2@git.example.com', 'https://hunter2@github.com', 'hunter2'])
      expect((await deployment({ git_config: { base_url }, projects: {} })).lines).to.have.length(1);
    const { lines } = await deployment({
      git_config: {
        base_url: 'https://me:hunter2@git.example.com',
        url_pattern: 'ssh://a:hunter2@b/{project}',
      },
      projects: {
        shop: {
          services: { api: { type: 'web', secrets: ['hunter2!'], command: 'x --password="hunter2"' } },
        },
      },
    });
    expect(lines).to.have.length(4);
    expect(lines.join()).not.to.contain('hunter2');
  });
});

describe('a configuration file in JSON', () => {
  it('has its first syntax error told in words', async () => {
    expect((await deployment('{\n  "projects": {}\n  "x": 1\n}')).lines).to.deep.equal([
      'c.json:3:3: found "\\""; this is not JSON: comma expected',
    ]);
    expect((await deployment('{ "projects": {')).lines).to.deep.equal([
      'c.json:1:16: found "the end of the file"; this is not JSON: close brace expected',
    ]);
    expect((await deployment('')).lines[0]).to.match(/^c\.json:1:1: /);
  });

  it('may not say the same thing twice', async () => {
    expect((await deployment('{ "projects": {},\n "projects": {} }')).lines).to.deep.equal([
      'c.json:2:2: found "projects"; this name stands here already; only the last one would count',
    ]);
  });

  it('must be an object', async () => {
    expect((await deployment('[]')).lines).to.deep.equal(['c.json:1:1: must be an object in { }']);
  });
});

describe('email_config.json', () => {
  const valid = {
    provider: 'smtp',
    from: 'dropfleet <a@example.com>',
    smtp_settings: { host: 'smtp.example.com', username: 'a', password_env: 'SMTP_PASSWORD' },
    recipients: ['b@example.com'],
  };
  const email = (changes: object) => load(readEmailConfig, { ...valid, ...changes });

  it('says who gets mail and through which server', async () => {
    expect((await email({})).config).to.deep.equal({
      from: 'dropfleet <a@example.com>',
      recipients: ['b@example.com'],
      heartbeatMinutes: 15,
      smtp: {
        host: 'smtp.example.com',
        port: 587,
        secure: false,
        login: { username: 'a', passwordVariable: 'SMTP_PASSWORD' },
      },
    });
  });

  it('says how often a heartbeat is sent, from never to once a day', async () => {
    const minutesOf = async (heartbeat_minutes: unknown) =>
      (await email({ heartbeat_minutes })).config?.heartbeatMinutes;
    expect(await minutesOf(0)).to.equal(0);
    expect(await minutesOf(1440)).to.equal(1440);
    for (const wrong of [-1, 1441, 1.5, '15'])
      expect((await email({ heartbeat_minutes: wrong })).lines[0]).to.contain('must be');
  });

  it('means TLS from the first byte on port 465, unless it says otherwise', async () => {
    const secureOf = async (smtp_settings: object) => (await email({ smtp_settings })).config?.smtp.secure;
    expect(await secureOf({ host: 'h', port: 465 })).to.equal(true);
    expect(await secureOf({ host: 'h', port: 465, secure: false })).to.equal(false);
    expect(await secureOf({ host: 'h', port: 2525, secure: true })).to.equal(true);
  });

  it('takes true and false for secure, but no text', async () => {
    expect((await email({ smtp_settings: { host: 'h', secure: 'true' } })).lines[0]).to.match(
      /found "true"; must be true or false without quotes$/,
    );
  });

  it('sends nothing while it names nobody', async () => {
    expect(await email({ recipients: [] })).to.deep.equal({ config: undefined, lines: [], warnings: [] });
  });

  it('takes a password in the file, with one warning that says where it belongs, and never shows it', async () => {
    const { config, lines, warnings } = await email({
      smtp_settings: { host: 'h', username: 'a', password: 'hunter2' },
    });
    expect(lines).to.deep.equal([]);
    const login = config!.smtp.login as { username: string; password: SecretText };
    expect([login.username, login.password.reveal()]).to.deep.equal(['a', 'hunter2']);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.match(
      /^c\.json:7:17: this works, but whoever reads this file .*"password_env": "SMTP_PASSWORD"/,
    );
    expect(inspect({ config, warnings }, { depth: 9 })).not.to.contain('hunter2');
    expect((await email({})).warnings).to.deep.equal([]);
  });

  it('has the password in one place only, and never shows one that is wrong', async () => {
    const smtp_settings = { host: 'h', username: 'a', password: ['hunter2'], password_env: 'hunter2!' };
    const { lines } = await email({ smtp_settings });
    expect(lines.join('\n')).not.to.contain('hunter2');
    const both = { host: 'h', username: 'a', password: 'hunter2', password_env: 'P' };
    expect((await email({ smtp_settings: both })).lines).to.deep.equal([
      'c.json:8:21: the password stands in this file, too; remove it from here and keep this',
    ]);
  });

  it("has the original's names for the sender and for TLS", async () => {
    const { from: _from, ...others } = valid;
    const read = (changes: object) => load(readEmailConfig, { ...others, ...changes });
    expect((await read({ from_address: 'a@b' })).config?.from).to.equal('a@b');
    expect((await read({ from_address: 'nobody' })).lines[0]).to.contain('must be an address');
    expect((await read({})).lines[0]).to.contain('"from" is missing here: The sender');
    expect((await read({ from: 'a@b', from_address: 'a@b' })).lines[0]).to.contain('keep this and remove');
    const secureOf = async (port: number) =>
      (await email({ smtp_settings: { host: 'h', port, use_tls: true } })).config?.smtp.secure;
    expect([await secureOf(587), await secureOf(465)]).to.deep.equal([false, true]);
    expect((await email({ smtp_settings: { host: 'h', use_tls: false } })).lines[0]).to.match(
      /found "false"; must be true, without quotes, or left out: mail is never sent in clear/,
    );
  });

  it('may give its recipients names, and tells nobody twice', async () => {
    const recipients = { admin: 'a@b', owner: 'a@b', ops: 'c@d' };
    expect((await email({ recipients })).config?.recipients).to.deep.equal(['a@b', 'c@d']);
    expect((await email({ recipients: { admin: 'a@b\nBcc: c@d' } })).lines).to.have.length(1);
    expect(await email({ recipients: {} })).to.include({ config: undefined });
  });

  it('refuses a login without a password, and addresses that could carry other headers', async () => {
    expect((await email({ smtp_settings: { host: 'h', username: 'a' } })).lines[0]).to.contain(
      '"password_env" is missing here',
    );
    for (const from of ['nobody', 'a@b\r\nBcc: c@d', '"x" <a@b>'])
      expect((await email({ from })).lines).to.have.length(1);
    for (const to of ['a@b, c@d', 'a@b\nBcc: c@d', ''])
      expect((await email({ recipients: [to] })).lines).to.have.length(1);
  });
});

describe('a schema for editors', () => {
  it('strikes through what works and is better said otherwise, and nothing else', async () => {
    const deprecatedIn = async (name: string) => {
      const url = new URL(`../../../config/schemas/${name}.schema.json`, import.meta.url);
      const found: string[] = [];
      JSON.parse(await readFile(url, 'utf8'), (key, value: unknown) => {
        if (typeof value === 'object' && value !== null && 'deprecated' in value) found.push(key);
        return value;
      });
      return found;
    };
    expect(await deprecatedIn('email_config')).to.deep.equal(['from_address', 'password', 'use_tls']);
    expect(await deprecatedIn('deployment_config')).to.deep.equal([]);
  });
});

describe('sms_config.json', () => {
  const valid = {
    provider: 'twilio',
    from: '+15005550006',
    recipients: ['+15005550009'],
    account_sid_env: 'SID',
    auth_token_env: 'TOKEN',
  };
  const sms = (changes: object) => load(readSmsConfig, { ...valid, ...changes });

  it('says who gets text messages and through which API', async () => {
    const { config } = await sms({ api_url: 'http://127.0.0.1:4010/' });
    expect(config).to.deep.equal({
      provider: 'twilio',
      from: '+15005550006',
      recipients: ['+15005550009'],
      accountVariable: 'SID',
      tokenVariable: 'TOKEN',
      apiUrl: 'http://127.0.0.1:4010',
    });
    expect((await sms({})).config?.apiUrl).to.equal('https://api.twilio.com');
  });

  it('refuses numbers without a country code, and a token in the file', async () => {
    const { lines } = await sms({
      recipients: ['0151 2345'],
      auth_token: 'hunter2',
      auth_token_env: 'hunter-2',
    });
    expect(lines).to.have.length(3);
    expect(lines.join()).to.contain('country code').and.not.contain('hunter');
  });
});

describe('webhook_config.json', () => {
  const webhook = (file: object) => load(readWebhookConfig, file);

  it('names the variable that holds the address, and the form', async () => {
    const { config, lines, warnings } = await webhook({ url_env: 'WEBHOOK_URL', template: 'slack' });
    expect(config).to.deep.equal({ address: { variable: 'WEBHOOK_URL' }, form: { template: 'slack' } });
    expect([lines, warnings]).to.deep.equal([[], []]);
  });

  it('takes a form of the user in the place of one that is known, and plain by default', async () => {
    const body = { a: ['{{text}}', 1, null] };
    expect((await webhook({ url_env: 'U', template: 'slack', body })).config?.form).to.deep.equal({ body });
    expect((await webhook({ url_env: 'U' })).config?.form).to.deep.equal({ template: 'plain' });
  });

  it('posts nothing while it names no address', async () => {
    expect((await webhook({ template: 'discord' })).config).to.equal(undefined);
  });

  it('takes an address in the file, with one warning, and never shows it', async () => {
    const { config, warnings } = await webhook({ url: 'https://hooks.example.com/T0/canary' });
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.match(/^c\.json:2:10: this works, but .*"url_env": "WEBHOOK_URL"/);
    expect(inspect({ config, warnings }, { depth: 9 })).not.to.contain('canary');
    const { address } = config!;
    expect('url' in address && address.url.reveal()).to.equal('https://hooks.example.com/T0/canary');
  });

  it('tells its mistakes', async () => {
    const { lines } = await webhook({ url: 'ftp://a', url_env: 'https://a', template: 'teams' });
    expect(lines.join('\n')).to.contain('must be an http or https address').and.to.contain('teams');
    expect((await webhook({ url: 'https://a/b', url_env: 'U' })).lines).to.deep.equal([
      'c.json:3:14: the address stands in this file, too; remove it from here and keep this',
    ]);
  });
});
