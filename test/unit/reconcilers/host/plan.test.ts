import { expect } from 'chai';
import type { DesiredHost } from '../../../../reconcilers/host/desired.ts';
import type { HostFacts } from '../../../../reconcilers/host/facts.ts';
import { filesOf } from '../../../../reconcilers/host/files.ts';
import { describeSteps, planHost, type HostPlanInput } from '../../../../reconcilers/host/plan.ts';

const MASTER: DesiredHost = { role: 'master', engine: 'docker' };
const WEB: DesiredHost = { role: 'web', engine: 'docker' };
const PODMAN: DesiredHost = { role: 'web', engine: 'podman' };
const filesFor = (host: DesiredHost) =>
  filesOf(host).map(file => ({ ...file, digest: `digest of ${file.path}` }));

/** A host that is as it should be. */
const good = (host: DesiredHost, parts: Partial<HostFacts> = {}): HostFacts => ({
  boot: 'done',
  bootLog: '',
  disk: { size: 25_000_000, free: 20_000_000 },
  hasSwap: true,
  isContainer: false,
  tools: new Set(['dockerd', 'podman', 'nginx', 'nft', 'unattended-upgrade']),
  services: new Set(['docker']),
  engines: new Map([
    ['docker', '26.1'],
    ['podman', '5.4'],
  ]),
  isMetadataClosed: true,
  files: new Map(
    filesFor(host).map(({ path, digest }) => [path, { digest, mode: '644', owner: 'root:root' }]),
  ),
  stale: new Set(),
  ...parts,
});

function plan(parts: Partial<HostFacts> = {}, host = MASTER, input: Partial<HostPlanInput> = {}) {
  return planHost({
    host,
    files: filesFor(host),
    facts: good(host, parts),
    hasFirstHostKey: false,
    suspended: false,
    age: 60_000,
    ...input,
  });
}

const steps = (...input: Parameters<typeof plan>): string => describeSteps(plan(...input).steps);

describe('The plan for a host', () => {
  for (const host of [MASTER, WEB, PODMAN])
    it(`is to do nothing on a ${host.role} with ${host.engine} that is as it should be`, () => {
      expect(plan({}, host)).to.deep.include({ steps: [] });
      expect(plan({}, host).configured).to.include({ status: 'True', reason: 'Ok' });
    });

  it('is everything, in an order that works, on a bare machine', () => {
    const bare = { tools: new Set([]), services: new Set([]), engines: new Map(), files: new Map() };
    const { steps: all } = plan({ ...bare, isMetadataClosed: false, hasSwap: false }, MASTER, {
      hasFirstHostKey: true,
    });
    expect(all.map(({ type }) => type)).to.deep.equal([
      'write-files',
      'provide-tools',
      'reload',
      'reload',
      'reload',
      'reload',
      'start-service',
      'make-swap',
      'rotate-host-key',
    ]);
  });

  for (const boot of ['running', 'not run', 'not started'])
    it(`is to wait while cloud-init is ${boot}, whatever is missing`, () => {
      const waiting = plan({ boot, tools: new Set() });
      expect(waiting).to.deep.include({ steps: [], isWaiting: true });
      expect(waiting.configured).to.include({ status: 'False', reason: 'FirstBoot' });
    });

  it('shows the log of a first boot that takes long, and says the same until the log goes on', () => {
    const parts = { boot: 'running', bootLog: 'Get:1\r\nFetching packages' };
    expect(plan(parts).configured.message).to.not.contain('Fetching');
    const long = plan(parts, MASTER, { age: 600_001 }).configured.message;
    expect(long).to.contain('Get:1 | Fetching packages');
    expect(plan(parts, MASTER, { age: 900_000 }).configured.message).to.equal(long);
  });

  it('is to write nothing on a full disk, and says how large it is', () => {
    const full = plan({ disk: { size: 25_000_000, free: 102_399 }, tools: new Set() });
    expect(full.steps).to.deep.equal([]);
    expect(full.configured).to.include({ status: 'False', reason: 'DiskFull' });
    expect(full.configured.message).to.contain('99 of 24414 MB free');
    expect(steps({ disk: { size: 25_000_000, free: 102_400 } })).to.equal('');
  });

  for (const [what, found] of [
    ['another content', { digest: 'other', mode: '644', owner: 'root:root' }],
    [
      'another mode',
      { digest: 'digest of /etc/apt/apt.conf.d/52dropfleet', mode: '666', owner: 'root:root' },
    ],
    [
      'another owner',
      { digest: 'digest of /etc/apt/apt.conf.d/52dropfleet', mode: '644', owner: 'www-data:root' },
    ],
  ] as const)
    it(`is to rewrite a file that has ${what}`, () => {
      const path = '/etc/apt/apt.conf.d/52dropfleet';
      const files = new Map(good(MASTER).files).set(path, found);
      expect(steps({ files })).to.equal(`write ${path}`);
    });

  it('is to reload what a file is newer than, once', () => {
    expect(steps({ stale: new Set(['ssh']) })).to.equal('reload ssh');
    const files = new Map(good(MASTER).files);
    files.delete('/etc/dropfleet/metadata.nft');
    expect(steps({ files, stale: new Set(['metadata']), isMetadataClosed: false })).to.equal(
      'write /etc/dropfleet/metadata.nft, close the metadata service to containers',
    );
  });

  it('is to close the metadata service when something opened it', () => {
    expect(steps({ isMetadataClosed: false })).to.equal('close the metadata service to containers');
  });

  it('is to start what stopped, and to restart an engine that runs and does not answer', () => {
    expect(steps({ services: new Set(), engines: new Map() })).to.equal('start docker');
    expect(steps({ engines: new Map() })).to.equal('reload docker');
  });

  it('wants nginx only on a master', () => {
    const without = {
      tools: new Set(['dockerd', 'nft', 'unattended-upgrade'] as const),
    };
    expect(steps(without)).to.equal('install nginx');
    expect(steps(without, WEB)).to.equal('');
  });

  it('wants no dockerd where podman runs the containers', () => {
    expect(steps({ tools: new Set(['nft', 'unattended-upgrade']), services: new Set() }, PODMAN)).to.equal(
      'install podman',
    );
  });

  it('wants no swap in a container', () => {
    expect(steps({ hasSwap: false })).to.equal('make a swap file');
    expect(steps({ hasSwap: false, isContainer: true })).to.equal('');
  });

  it('is to do nothing while the project is suspended, but to say what', () => {
    const held = plan({ hasSwap: false }, MASTER, { suspended: true });
    expect(held.steps).to.deep.equal([]);
    expect(held.configured).to.include({ status: 'False', reason: 'Suspended' });
    expect(plan({}, MASTER, { suspended: true }).configured).to.include({ status: 'True' });
  });
});
