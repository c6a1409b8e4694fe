import { expect } from 'chai';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readDeploymentConfig } from '../../../config/deployment-config.ts';
import { formatProblems } from '../../../config/problems.ts';
import { loadCrds } from '../../../crds/schema.ts';
import { renderService } from '../../../reconcilers/services-file/render.ts';
import { compileSchema } from '../../../standalone/structural-schema.ts';

describe('What templates say of containers', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'dropfleet-'))));
  afterEach(() => rm(folder, { recursive: true }));

  const write = async (path: string, text: string | object): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), typeof text === 'string' ? text : JSON.stringify(text));
  };

  /** The options of each service, and what is wrong, with those files in templates/. */
  async function load(templates: Record<string, string | object>, services: object = { api: {} }) {
    const projects = { shop: { services }, blog: { services: { site: {} } } };
    await write('config/deployment_config.json', { projects });
    for (const [path, text] of Object.entries(templates)) await write(`templates/${path}`, text);
    const { config, problems } = await readDeploymentConfig(join(folder, 'config/deployment_config.json'));
    const options = config?.services.map(({ service, runOptions }) => [service, runOptions] as const);
    return {
      config,
      options: options && Object.fromEntries(options),
      lines: formatProblems(problems).replaceAll(`${folder}/`, '').split('\n').filter(Boolean),
    };
  }

  const EVERYTHING = {
    logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
    ulimits: { nofile: 65_536, nproc: { soft: 1024, hard: -1 } },
    read_only: true,
    tmpfs: ['/tmp'],
    cap_drop: ['ALL'],
    cap_add: ['NET_BIND_SERVICE'],
    security_opt: ['no-new-privileges'],
    shm_size: '128m',
    pids_limit: 100,
    extra_hosts: { ledger: '10.0.0.7', me: 'host-gateway' },
    dns: ['10.0.0.1', '2001:db8::1'],
    labels: { 'com.example.team': 'web' },
    init: true,
  };

  it('need not be there', async () => {
    expect((await load({})).options).to.deep.equal({ api: undefined, site: undefined });
  });

  it('counts for every service of every project, in the spelling of the nouns', async () => {
    const { options } = await load({ 'docker/run.json': EVERYTHING });
    expect(options!['api']).to.deep.equal({
      logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
      ulimits: { nofile: '65536:65536', nproc: '1024:-1' },
      readOnly: true,
      tmpfs: ['/tmp'],
      capDrop: ['ALL'],
      capAdd: ['NET_BIND_SERVICE'],
      securityOpt: ['no-new-privileges'],
      shmSize: '128m',
      pidsLimit: 100,
      extraHosts: { ledger: '10.0.0.7', me: 'host-gateway' },
      dns: ['10.0.0.1', '2001:db8::1'],
      labels: { 'com.example.team': 'web' },
      init: true,
    });
    expect(options!['site']).to.deep.equal(options!['api']);
  });

  it('is all taken by an API server, which adds nothing to it', async () => {
    const { config } = await load({ 'docker/run.json': EVERYTHING });
    const place = { namespace: 'default', environment: 'uat', platform: 'docker' } as const;
    const wanted = renderService(config!.services[0]!, place);
    const crd = loadCrds().find(({ spec }) => spec.names.kind === 'ServiceDeployment')!;
    const shape = compileSchema(crd.spec.versions[0].schema.openAPIV3Schema);
    const { value, causes } = shape(wanted, undefined, false);
    expect(causes).to.deep.equal([]);
    expect((value as typeof wanted).spec).to.deep.equal(wanted.spec);
  });

  it('of a project replaces what is said for all, name by name, and takes it back with what is empty', async () => {
    const { options } = await load({
      'docker/run.json': { init: true, labels: { team: 'web', floor: '2' }, dns: ['10.0.0.1'] },
      'shop/docker/run.json': { init: false, labels: { team: 'shop' } },
    });
    expect(options).to.deep.equal({
      api: { labels: { team: 'shop' }, dns: ['10.0.0.1'] },
      site: { init: true, labels: { team: 'web', floor: '2' }, dns: ['10.0.0.1'] },
    });
  });

  it('is not for what Kubernetes runs', async () => {
    const services = { api: { deployment_platform: 'kubernetes' }, old: { deployment_platform: 'podman' } };
    const { options } = await load({ 'docker/run.json': { init: true } }, services);
    expect(options).to.deep.equal({ api: undefined, old: { init: true }, site: { init: true } });
  });

  it('has every mistake told at its place, of all files at once, and is then not followed', async () => {
    const { config, lines } = await load({
      'docker/run.json': `{
  "init": "yes",
  "cap_add": ["CAP_KILL", "net_raw"],
  "security_opt": ["seccomp=/etc/passwd"],
  "ulimits": { "files": 1, "core": 1.5 },
  "labels": { "dropfleet.uid": "x" },
  "logging": { "driver": "json-file" },
  "shm_siez": "1g"
}`,
      'blog/docker/run.json': '{ "dns": ["dns.example.com"] ',
    });
    expect(config).to.equal(undefined);
    const [size, ...others] = lines.filter(line => line.includes('shm_siez'));
    expect(size).to.match(
      /^templates\/docker\/run\.json:8:3: found "shm_siez"; .* did you mean "shm_size"\?$/,
    );
    expect(size).to.not.contain('privileged');
    expect(others).to.deep.equal([]);
    expect(lines.filter(line => line !== size)).to.deep.equal([
      'templates/docker/run.json:2:11: found "yes"; must be true or false without quotes',
      'templates/docker/run.json:3:15: found "CAP_KILL"; must be ALL or a capability of Linux in upper case without CAP_, such as NET_BIND_SERVICE',
      'templates/docker/run.json:3:27: found "net_raw"; must be ALL or a capability of Linux in upper case without CAP_, such as NET_BIND_SERVICE',
      'templates/docker/run.json:4:20: found "seccomp=/etc/passwd"; must be no-new-privileges, seccomp=unconfined, apparmor=PROFILE or label=OPTION',
      'templates/docker/run.json:5:16: found "files"; must be "core" or "cpu" or "data" or "fsize" or "locks" or "memlock" or "msgqueue" or "nice" or "nofile" or "nproc" or "rss" or "rtprio" or "rttime" or "sigpending" or "stack"',
      'templates/docker/run.json:5:36: found "1.5"; must be a whole number without quotes or an object in { }',
      'templates/docker/run.json:6:15: found "dropfleet.uid"; a label\'s name is letters, digits, dots, dashes, slashes and underscores; those that begin with dropfleet. are dropfleet\'s own',
      'templates/docker/run.json:7:14: "options" is missing here: With json-file, {"max-size": "10m"} or the like, as its files would fill the disk without a limit',
      'templates/blog/docker/run.json:1:30: found "the end of the file"; this is not JSON: close brace expected',
    ]);
  });

  it('has nothing of what dropfleet or the service sets, and says where that is decided', async () => {
    const names = [
      'name', 'container_name', 'ports', 'publish', 'network', 'network_mode', 'networks', 'env_file', 'environment',
      'restart', 'memory', 'mem_limit', 'cpus', 'volumes', 'command', 'stop_grace_period', 'healthcheck', 'privileged',
    ]; // prettier-ignore
    const text = `{\n${names.map(name => `"${name}": "x"`).join(',\n')}\n}`;
    const { config, lines } = await load({ 'docker/run.json': text });
    expect(config).to.equal(undefined);
    expect(lines).to.have.length(names.length);
    for (const [i, line] of lines.entries())
      expect(line).to.match(new RegExp(`:${i + 2}:\\d+: .*(dropfleet|deployment_config|server).*remove`));
  });
});
