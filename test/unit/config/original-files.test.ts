import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readDeploymentConfig } from '../../../config/deployment-config.ts';
import { setVariable } from '../../../config/edit-env-file.ts';
import { setServers } from '../../../config/edit-projects-csv.ts';
import { loadConfiguration, type Configuration } from '../../../config/load.ts';
import { formatProblems } from '../../../config/problems.ts';
import { parseProjectsCsv } from '../../../config/projects-csv.ts';

const fixture = (name: string): string => join(import.meta.dirname, '../../fixtures/original', name);

describe("the original's files, as its page has them", () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'dropfleet-'))));
  afterEach(() => rm(folder, { recursive: true }));

  /** What the loaders make of the page's files of that name. */
  async function load(part: string, kinds: readonly string[]): Promise<Configuration> {
    for (const kind of kinds) await copyFile(fixture(kind.replace('.', `.${part}.`)), join(folder, kind));
    return loadConfiguration(folder, { env: {}, envFile: fixture('quick-start.env') });
  }

  const projectsIn = ({ rows }: Pick<Configuration, 'rows'>) =>
    rows.map(({ project, servers, masterSpec, webSpec }) => [project, servers, masterSpec, webSpec]);

  it('of the quick start load without a word', async () => {
    const loaded = await load('quick-start', ['projects.csv', 'deployment_config.json']);
    expect([loaded.problems, loaded.warnings]).to.deep.equal([[], []]);
    expect(projectsIn(loaded)).to.deep.equal([
      ['hostomatic', 3, 's-2vcpu-4gb', 's-2vcpu-4gb'],
      ['digitalpixo', 1, 's-1vcpu-1gb', 's-1vcpu-1gb'],
      ['mynewproject', 2, 's-1vcpu-2gb', 's-1vcpu-2gb'],
    ]);
    expect(loaded.deployment).to.deep.equal({
      platform: 'docker',
      git: { baseUrl: 'https://github.com/yourusername', urlPattern: '{base_url}/{project}.git' },
      services: [
        {
          project: 'hostomatic',
          service: 'backend',
          type: 'web',
          build: { containerfile: 'backend/Dockerfile' },
          secrets: ['DB_PASSWORD', 'STRIPE_KEY', 'OPENAI_API_KEY'],
        },
        {
          project: 'hostomatic',
          service: 'frontend',
          type: 'web',
          build: { containerfile: 'frontend/Dockerfile' },
          secrets: ['STRIPE_PUBLISHABLE_KEY'],
        },
      ],
    });
  });

  it('of the reference load with one warning, of the password', async () => {
    const kinds = ['projects.csv', 'deployment_config.json', 'email_config.json'];
    const { problems, warnings, deployment, email, ...loaded } = await load('reference', kinds);
    expect(problems).to.deep.equal([]);
    expect(formatProblems(warnings)).to.match(
      /email_config\.json:9:17: this works, but whoever reads this file can send/,
    );
    expect(warnings).to.have.length(1);
    expect(projectsIn(loaded)).to.have.length(2);
    expect(deployment?.services).to.deep.equal([
      {
        project: 'hostomatic',
        service: 'backend',
        type: 'web',
        build: { containerfile: 'backend/Dockerfile', context: 'backend' },
        secrets: ['DB_PASSWORD', 'STRIPE_KEY'],
      },
      {
        project: 'hostomatic',
        service: 'frontend',
        type: 'web',
        build: { containerfile: 'frontend/Dockerfile', context: 'frontend' },
        secrets: ['STRIPE_PUBLISHABLE_KEY'],
      },
      {
        project: 'hostomatic',
        service: 'worker-email',
        type: 'worker',
        build: { containerfile: 'workers/Dockerfile' },
        command: ['python', 'email_processor.py'],
        secrets: ['DB_PASSWORD', 'SENDGRID_API_KEY'],
      },
    ]);
    const { login, ...smtp } = email!.smtp;
    expect(email).to.include({ from: 'alerts@yourdomain.com' });
    expect(email!.recipients).to.deep.equal(['admin@yourdomain.com']);
    expect(smtp).to.deep.equal({ host: 'smtp.gmail.com', port: 587, secure: false });
    expect(login).to.have.keys('username', 'password');
  });

  it('say who may log in, and which secrets there are', async () => {
    const { settings, problems } = await load('overview', ['projects.csv']);
    expect(problems).to.deep.equal([]);
    expect(settings.token?.reveal()).to.equal('dop_v1_your_actual_token_here');
    expect(settings).to.deep.include({
      adminIp: '203.0.113.100/32',
      additionalIps: ['203.0.113.200/32', '203.0.113.201/32'],
    });
    expect(settings.variable('HOSTOMATIC_PROD_OPENAI_API_KEY')).to.equal('sk-your_openai_api_key');
    expect(settings.variable('STRIPE_PUBLISHABLE_KEY')).to.equal('pk_live_your_publishable_key');
  });

  it('may name secrets in each of its four ways', async () => {
    await copyFile(fixture('projects.overview.csv'), join(folder, 'projects.csv'));
    const { settings, problems } = await loadConfiguration(folder, {
      env: {},
      envFile: fixture('naming.env'),
    });
    expect(problems).to.deep.equal([]);
    for (const prefix of ['HOSTOMATIC_PROD_', 'HOSTOMATIC_', 'PROD_', ''])
      expect(settings.variable(`${prefix}DB_PASSWORD`)).to.equal('...');
  });

  for (const platform of ['kubernetes', 'podman'])
    it(`may be changed to ${platform} as the page says`, async () => {
      const read = async (name: string) => JSON.parse(await readFile(fixture(name), 'utf8')) as object;
      const edited = {
        ...(await read('deployment_config.reference.json')),
        ...(await read(`deployment_config.${platform}.json`)),
      };
      await writeFile(join(folder, 'c.json'), JSON.stringify(edited));
      const { config, problems } = await readDeploymentConfig(join(folder, 'c.json'));
      expect(problems).to.deep.equal([]);
      expect(config).to.include({ platform }).and.to.have.property('services').with.length(3);
    });

  it('are edited by scale and update-ip in one place, and are the same elsewhere', async () => {
    const csv = await readFile(fixture('projects.quick-start.csv'), 'utf8');
    const scaled = setServers(csv, 'hostomatic', 5);
    expect(scaled).to.equal(csv.replace('hostomatic,3', 'hostomatic,5'));
    expect(parseProjectsCsv(scaled, 'p').problems).to.deep.equal([]);
    const env = await readFile(fixture('quick-start.env'), 'utf8');
    expect(setVariable(env, 'ADMIN_IP', '203.0.113.200')).to.equal(
      env.replace('"203.0.113.100/32"', '"203.0.113.200"'),
    );
  });
});
