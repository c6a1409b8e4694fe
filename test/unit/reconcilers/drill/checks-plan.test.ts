import { expect } from 'chai';
import type { ServiceDeployment } from '../../../../crds/service-deployment.ts';
import { planChecks, verdictOn, type ServiceCheck } from '../../../../reconcilers/drill/checks-plan.ts';
import type { Container } from '../../../../reconcilers/service/facts.ts';
import { aDroplet, aProject, aServiceDeployment } from '../../../builders/objects.ts';

const BEFORE = '2026-01-01T00:00:00Z';
const SNAPSHOT = '2026-01-02T00:00:00Z';
const AFTER = '2026-01-03T00:00:00Z';

const aService = (name: string, spec: Partial<ServiceDeployment['spec']> = {}, deployedAt = BEFORE) =>
  aServiceDeployment(`shop-prod-${name}`, {}, { spec, status: { release: 'r2', deployedAt } });

const aContainer = (name: string, parts: Partial<Container> = {}): Container => ({
  service: `shop-prod-${name}`,
  uid: 'u',
  kind: 'service',
  release: 'r1',
  version: 'v1',
  port: 8123,
  state: 'exited',
  exitCode: 128,
  restarts: 0,
  image: 'sha256:1',
  name: `shop-prod-${name}-${parts.release ?? 'r1'}`,
  ...parts,
});

const checksOf = (
  services: readonly ServiceDeployment[],
  containers: readonly Container[] = [],
  name = 'shop-web1',
): ServiceCheck[] =>
  planChecks({
    droplet: aDroplet(name),
    project: aProject('shop', { spec: { servers: 2 } }),
    services,
    containers,
    snapshotCreatedAt: SNAPSHOT,
  });

const namesOf = (checks: readonly ServiceCheck[]): string[] => checks.map(({ service }) => service);

describe('What should be on a server that was made from a snapshot', () => {
  const site = aService('site', { healthCheck: { path: '/up' } });
  const worker = aService('worker', { type: 'worker' });
  const database = aService('db', { type: 'infra' });

  it('is what runs on the Droplet: of a web the webs and workers, of a master the infrastructure', () => {
    expect(namesOf(checksOf([site, worker, database]))).to.deep.equal(['shop-prod-site', 'shop-prod-worker']);
    expect(namesOf(checksOf([site, worker, database], [], 'shop-master'))).to.deep.equal(['shop-prod-db']);
  });

  it('is nothing that came after the snapshot, was stopped, or runs in a cluster', () => {
    const released = aService('site', {}, AFTER);
    const grown = {
      ...released,
      status: { ...released.status, history: [{ version: 'v1', image: 'i', deployedAt: BEFORE }] },
    };
    expect(
      checksOf([released, aService('a', { stopped: true }), aService('b', { platform: 'kubernetes' })]),
    ).to.deep.equal([]);
    expect(namesOf(checksOf([grown]))).to.deep.equal(['shop-prod-site']);
  });

  it('is asked by its health check; what has none by a connection; what takes none must go on', () => {
    const { port: _port, ...portless } = aContainer('worker');
    const checks = checksOf(
      [site, aService('api'), worker],
      [aContainer('site'), aContainer('api'), portless],
    );
    const patience = { withinSeconds: 30, timeoutSeconds: 5 };
    expect(checks.map(({ ask }) => ask)).to.deep.equal([
      { container: 'shop-prod-site-r1', scheme: 'http://', port: 8123, path: '/up', ...patience },
      { container: 'shop-prod-api-r1', scheme: '', port: 8123, path: '', ...patience },
      { container: 'shop-prod-worker-r1', scheme: '', path: '', ...patience },
    ]);
  });

  it('is of several containers the one that runs, else that of the present release, else the newest', () => {
    const one = aContainer('site', { release: 'r3' });
    const two = aContainer('site', { release: 'r2' });
    const three = aContainer('site', { release: 'r1', state: 'running' });
    const chosen = (...all: Container[]) => checksOf([site], all)[0]!.ask?.container;
    expect(chosen(one, two, three)).to.equal('shop-prod-site-r1');
    expect(chosen(one, two)).to.equal('shop-prod-site-r2');
    expect(chosen(one, aContainer('site', { kind: 'task' }))).to.equal('shop-prod-site-r3');
    expect(chosen(aContainer('other'))).to.equal(undefined);
  });
});

describe('The verdict on a restore drill', () => {
  const ask = { container: 'c', scheme: '', path: '', withinSeconds: 30, timeoutSeconds: 5 } as const;
  const web = (service: string, problem?: string) => ({
    check: { service, isAlone: false, ask },
    ...(problem !== undefined && { problem }),
  });

  it('passes where all answered, and where there was nothing to ask', () => {
    expect(verdictOn('docker', [web('a'), web('b')])).to.deep.equal({
      result: 'Passed',
      message: 'booted, SSH and docker answered, 2 of 2 services answered',
    });
    expect(verdictOn('podman', [])).to.deep.equal({
      result: 'Passed',
      message: 'booted, SSH and podman answered, no service was on it',
    });
  });

  it('passes, and tells it, where what may need others did not answer', () => {
    expect(verdictOn('docker', [web('a'), web('b'), web('worker', 'exited (1)')])).to.deep.equal({
      result: 'Passed',
      message:
        'booted, SSH and docker answered, 2 of 3 services answered: worker: exited (1) (the server of a drill reaches nobody else)',
    });
  });

  it('fails where a database did not answer, or a container was not there', () => {
    const database = { check: { service: 'db', isAlone: true, ask }, problem: 'exited (1)' };
    const missing = {
      check: { service: 'a', isAlone: false },
      problem: 'the snapshot has no container of it',
    };
    for (const bad of [database, missing])
      expect(verdictOn('docker', [web('b'), bad])).to.deep.equal({
        result: 'Failed',
        message: `booted, SSH and docker answered, 1 of 2 services answered: ${bad.check.service}: ${bad.problem}`,
      });
  });
});
