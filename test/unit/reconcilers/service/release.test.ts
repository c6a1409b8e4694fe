import { expect } from 'chai';
import { RECONCILE_ANNOTATION, RESTARTED_ANNOTATION } from '../../../../crds/names.ts';
import type { ServiceDeploymentSpec } from '../../../../crds/service-deployment.ts';
import { imageName, knownImage, versionOf } from '../../../../reconcilers/service/image-plan.ts';
import { releaseOf, type ReleaseInput } from '../../../../reconcilers/service/release.ts';
import { checkOf, serviceContainer } from '../../../../reconcilers/service/run-plan.ts';
import { goodRelease } from '../../../../reconcilers/service/history-plan.ts';
import { switchedTo } from '../../../../reconcilers/service/status.ts';
import { aServiceDeployment } from '../../../builders/objects.ts';

const id = (digit: string): string => `sha256:${digit.repeat(64)}`;
const service = (spec: Partial<ServiceDeploymentSpec> = {}, annotations: Record<string, string> = {}) =>
  aServiceDeployment('shop-prod-api', {}, { spec, metadata: { annotations } });

describe('A release', () => {
  const release = (spec: Partial<ServiceDeploymentSpec> = {}, parts: Partial<ReleaseInput> = {}): string =>
    releaseOf({
      service: service(spec),
      version: 'v1',
      image: id('a'),
      secrets: 's',
      masterAddress: 'm',
      ...parts,
    });

  it('is another for whatever its containers are started with', () => {
    const others: [Partial<ServiceDeploymentSpec>, Partial<ReleaseInput>?][] = [
      [{}, { version: 'v2' }],
      [{}, { image: id('b') }],
      [{}, { secrets: 't' }],
      [{}, { masterAddress: 'n' }],
      [{}, { service: service({}, { [RESTARTED_ANNOTATION]: 'now' }) }],
      [{ command: ['serve'] }],
      [{ releaseCommand: ['migrate'] }],
      [{ variables: { COLOUR: 'red' } }],
      [{ port: 3000 }],
      [{ memory: '512m' }],
      [{ cpus: '0.5' }],
      [{ volumes: [{ name: 'data', path: '/data' }] }],
      [{ stopSeconds: 5 }],
      [{ restart: 'never' }],
      [{ runOptions: { init: true } }],
      [{ runOptions: { dns: ['10.0.0.1', '10.0.0.2'] } }],
      [{ runOptions: { dns: ['10.0.0.2', '10.0.0.1'] } }],
    ];
    const all = [release(), ...others.map(([spec, parts]) => release(spec, parts))];
    expect(new Set(all).size).to.equal(all.length);
  });

  it('is the same for what concerns no container, and in whatever order it is written', () => {
    const same = [
      release({ domains: ['example.com'] }),
      release({ healthCheck: { path: '/up' } }),
      release({}, { service: service({}, { [RECONCILE_ANNOTATION]: 'now' }) }),
    ];
    expect(new Set([release(), ...same]).size).to.equal(1);
    const [ab, ba] = [
      { A: '1', B: '2' },
      { B: '2', A: '1' },
    ];
    expect(release({ variables: ab })).to.equal(release({ variables: ba }));
    expect(release({ runOptions: { labels: ab, capAdd: ['CHOWN', 'KILL'] } })).to.equal(
      release({ runOptions: { capAdd: ['KILL', 'CHOWN'], labels: ba } }),
    );
    expect(release({ runOptions: {} })).to.equal(release());
  });
});

describe('The image of a version', () => {
  const withPast = aServiceDeployment(
    'shop-uat-api',
    {},
    {
      status: {
        version: 'v5',
        image: id('5'),
        history: ['4', '3', '2'].map(n => ({
          version: `v${n}`,
          image: id(n),
          deployedAt: '2026-01-01T00:00:00Z',
        })),
      },
    },
  );

  it('is what it was in any environment of the project', () => {
    expect(knownImage(service(), 'v5', [withPast])).to.equal(id('5'));
    expect(knownImage(service(), 'v3', [withPast])).to.equal(id('3'));
    expect(knownImage(aServiceDeployment('shop-prod-web'), 'v5', [withPast])).to.equal(undefined);
  });

  it('is not known any more when it was cleaned away: three of a service are kept', () => {
    expect(knownImage(service(), 'v2', [withPast])).to.equal(undefined);
  });

  it('of a published one is called by its tag', () => {
    expect(versionOf(service({ image: 'postgres:17' }))).to.equal('17');
    expect(versionOf(service({ image: 'postgres:17', version: 'mine' }))).to.equal('mine');
    expect(versionOf(service())).to.equal(undefined);
    expect(imageName(service(), id('a'))).to.equal(`dropfleet/shop:${'a'.repeat(64)}`);
  });
});

describe('The container of a release', () => {
  const container = (spec: Partial<ServiceDeploymentSpec>, engine: 'docker' | 'podman' = 'docker') =>
    serviceContainer({
      service: service(spec),
      release: 'abc',
      version: 'v1',
      image: 'image',
      engine,
      address: '10.0.0.3',
      hostPort: 18_000,
    });

  it('is published on the private address alone', () => {
    expect(container({}).publish).to.equal('10.0.0.3:18000');
    expect(container({}).port).to.equal('auto');
    expect(container({ port: 3000 }).port).to.equal('3000');
    expect(container({ variables: { PORT: '5000' } }).port).to.equal('5000');
  });

  it('has its limits, and volumes of its own', () => {
    const spec = {
      memory: '512m',
      cpus: '0.5',
      volumes: [{ name: 'data', path: '/data' }],
      command: ['a', 'b c'],
    };
    const { name, arguments: args } = container(spec);
    expect(name).to.equal('shop-prod-api-abc');
    expect(args).to.include.members(['--memory=512m', '--cpus=0.5', '--volume=shop-prod-api-data:/data']);
    expect(args.slice(-3)).to.deep.equal(['image', 'a', 'b c']);
  });

  it('has the options of its template, none of which takes the place of what dropfleet sets', () => {
    const runOptions: ServiceDeploymentSpec['runOptions'] = {
      logging: { driver: 'json-file', options: { 'max-size': '10m' } },
      ulimits: { nofile: '1024:4096' },
      readOnly: true,
      tmpfs: ['/tmp'],
      capDrop: ['ALL'],
      capAdd: ['CHOWN'],
      securityOpt: ['no-new-privileges'],
      shmSize: '128m',
      pidsLimit: 100,
      extraHosts: { ledger: '10.0.0.7' },
      dns: ['10.0.0.1'],
      labels: { 'dropfleet.uid': 'mine', team: 'web site' },
      init: true,
    };
    const { arguments: args } = container({ runOptions });
    expect(args.slice(0, args.indexOf('--init') + 1)).to.deep.equal([
      '--log-driver=json-file',
      '--log-opt=max-size=10m',
      '--ulimit=nofile=1024:4096',
      '--read-only',
      '--tmpfs=/tmp',
      '--cap-drop=ALL',
      '--cap-add=CHOWN',
      '--security-opt=no-new-privileges',
      '--shm-size=128m',
      '--pids-limit=100',
      '--add-host=ledger:10.0.0.7',
      '--dns=10.0.0.1',
      '--label=dropfleet.uid=mine',
      '--label=team=web site',
      '--init',
    ]);
    expect(args.findLast(argument => argument.startsWith('--label=dropfleet.uid='))).to.not.contain('mine');
  });

  it('comes back at boot as its engine does that, unless it is not to', () => {
    expect(container({}).arguments).to.include('--restart=unless-stopped');
    expect(container({}, 'podman').arguments).to.include('--restart=always');
    expect(container({ restart: 'never' }).arguments).to.include('--restart=no');
  });

  it('is healthy when its check answers, its port takes connections, or it goes on', () => {
    const healthCheck = { path: '/up' };
    expect(checkOf(service({ healthCheck }), '10.0.0.3', 18_000).target).to.equal('http://10.0.0.3:18000/up');
    expect(checkOf(service(), '10.0.0.3', 18_000).target).to.equal('10.0.0.3:18000');
    expect(checkOf(service({ type: 'worker', healthCheck }), '10.0.0.3', undefined).target).to.equal(
      'running',
    );
  });
});

describe('A switch to a release', () => {
  const serving = { release: 'two', version: 'v2', image: id('2') };
  const before = { version: 'v1', image: id('1'), release: 'one', deployedAt: 'then' };
  const change = (status: object, isReturn = false) =>
    switchedTo(aServiceDeployment('shop-prod-api', {}, { status }), serving, [], 'now', isReturn);

  it('remembers what served before', () => {
    expect(change(before)).to.deep.include({ ...serving, deployedAt: 'now' });
    expect(change(before).history).to.deep.equal([before]);
  });

  it('is unproven until it has served for a minute, and remembers what was replaced before it had', () => {
    expect(change(before)).to.include({ unproven: true });
    const hasty = { ...before, unproven: true };
    expect(change(hasty).history).to.deep.equal([hasty]);
  });

  it('goes back to what has proven itself as such, and to the rest as it was', () => {
    const bad = { version: 'v3', image: id('3'), release: 'three', rejected: { release: 'three' } };
    const past = { ...serving, deployedAt: 'then' };
    expect(change({ ...bad, history: [past] }, true).unproven).to.equal(undefined);
    expect(change({ ...bad, history: [past] }, false), 'a person does').to.include({ unproven: true });
    expect(change({ ...bad, history: [{ ...past, unproven: true }] }, true)).to.include({ unproven: true });
  });

  it('remembers the last that was proven, however many came after it', () => {
    const hasty = Array.from({ length: 20 }, (_, i) => ({ ...before, release: `r${i}`, unproven: true }));
    const { history } = change({ ...hasty[0], history: [...hasty.slice(1), before] });
    expect(history).to.have.length(10);
    expect(history!.at(-1)).to.deep.equal(before);
    expect(goodRelease({ history: history! })).to.deep.equal(before);
  });

  it('does not remember what was rejected, nor what is gone back to', () => {
    const bad = { version: 'v3', image: id('3'), release: 'three', rejected: { release: 'three' } };
    expect(change({ ...bad, history: [{ ...serving, deployedAt: 'then' }, before] }).history).to.deep.equal([
      before,
    ]);
  });

  it('changes nothing of the history when only the endpoints are others', () => {
    expect(change(serving)).to.deep.equal({ endpoints: [] });
  });
});
