import { expect } from 'chai';
import { DROPLETS } from '../../../../clients/kubernetes/kinds.ts';
import { AuthenticationRefused, ConnectionLost } from '../../../../clients/ssh/errors.ts';
import { ACCEPT_HOST_KEY_ANNOTATION } from '../../../../crds/names.ts';
import { Waiting } from '../../../../reconcilers/outcome.ts';
import type { ProbeSection } from '../../../../reconcilers/probe/section.ts';
import { HOST } from '../../../../reconcilers/host/concern.ts';
import { aProject } from '../../../builders/objects.ts';
import { aMachine } from '../../../fakes/ssh-hosts.ts';
import { rejection } from '../../../fakes/rejection.ts';
import {
  aConfiguredMachine,
  FIRST,
  KEY,
  SECOND,
  startHost,
  USER_DATA_KEY,
  USER_DATA_PIN,
} from './host-rig.ts';

const { retryMs, resyncMs, slowestRetryMs } = HOST.timings;
const DAEMON = '/etc/docker/daemon.json';
const namesOf = (commands: readonly string[]): string[] => commands.map(command => command.split(' ')[0]!);

/** What is left to do on a master when the host itself is as it should be. */
const ONLY_NGINX_MISSING = { status: 'False', message: 'load balancer not probed yet' };

describe('Reconciling a host', () => {
  it('makes a bare machine as it should be, and says that it is', async () => {
    const { condition, reconcile } = startHost(aMachine({ tools: new Set(), services: new Set() }));
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: resyncMs });
    expect(condition('Reachable')).to.include({ status: 'True', reason: 'Ok' });
    expect(condition('Configured')).to.include({ status: 'True', reason: 'Ok' });
    expect(condition('Ready')).to.include(ONLY_NGINX_MISSING);
  });

  it('costs one command and no write when nothing is to be done', async () => {
    const { client, reconcile, ssh } = startHost(aConfiguredMachine());
    await reconcile();
    ssh.commands.length = 0;
    client.calls.length = 0;
    await reconcile();
    expect(namesOf(ssh.commands)).to.deep.equal(['dropfleet-probe']);
    expect(client.calls).to.deep.equal([]);
  });

  it('does nothing before the server runs', async () => {
    const { client, reconcile, ssh } = startHost(aConfiguredMachine(), { status: { conditions: [] } });
    expect(await reconcile()).to.equal(undefined);
    expect([ssh.commands, client.writes()]).to.deep.equal([[], []]);
  });

  it('puts an edited file back and tells its service, and nothing else', async () => {
    const machine = aConfiguredMachine();
    const { reconcile, ssh } = startHost(machine);
    await reconcile();
    machine.files.set(DAEMON, '{}');
    ssh.commands.length = 0;
    await reconcile();
    expect(machine.files.get(DAEMON)).to.contain('live-restore');
    expect(ssh.commands.map(command => command.replace(/^(dropfleet-probe).*/, '$1'))).to.deep.equal([
      'dropfleet-probe',
      'mkdir -p -- /etc/docker',
      `write-file ${DAEMON}`,
      `dropfleet-reload docker ${DAEMON}`,
      'dropfleet-probe',
    ]);
  });

  it('starts an engine that was stopped', async () => {
    const machine = aConfiguredMachine({ services: new Set() });
    const { reconcile } = startHost(machine);
    await reconcile();
    expect([...machine.services]).to.include('docker');
  });

  it('installs what was removed', async () => {
    const machine = aConfiguredMachine({ tools: new Set(['dockerd', 'nginx', 'unattended-upgrade']) });
    const { reconcile } = startHost(machine);
    await reconcile();
    expect([...machine.tools]).to.include('nft');
  });

  it('changes nothing while the project is suspended, and says what it would do', async () => {
    const project = aProject('shop', { spec: { suspend: true } });
    const { condition, reconcile, ssh } = startHost(aConfiguredMachine({ hasSwap: false }), {}, project);
    await reconcile();
    expect(namesOf(ssh.commands)).to.deep.equal(['dropfleet-probe']);
    expect(condition('Configured')).to.include({ status: 'False', reason: 'Suspended' });
    expect(condition('Configured')!.message).to.contain('make a swap file');
  });

  it('gives up for a while when something undoes what it does', async () => {
    const machine = aConfiguredMachine();
    const { condition, reconcile } = startHost(machine);
    Object.defineProperty(machine, 'hasSwap', { get: () => false, set(_value: boolean) {} });
    expect(await rejection(reconcile())).to.be.instanceOf(Waiting);
    expect(condition('Configured')).to.include({ status: 'False', reason: 'DoesNotHold' });
  });
});

describe("Reconciling a host with another concern's section", () => {
  const CONTAINERS: ProbeSection<string[]> = {
    name: 'made-up',
    script: 'docker ps',
    argumentsFor: ({ engine }) => (engine === 'docker' ? [] : undefined),
    parse: output => (output.startsWith('CONTAINER') ? output.split('\n').slice(1) : undefined),
  };
  const startWith = (output: string) => {
    const machine = aConfiguredMachine({ sections: new Map([['made-up', output]]) });
    return { machine, ...startHost(machine, { sections: [CONTAINERS] }) };
  };

  it('files what it tells for whoever reads it, at the cost of no other command', async () => {
    const { hosts, machine, reconcile, ssh, stored } = startWith('CONTAINER\nweb');
    const results = hosts.probes.of(CONTAINERS);
    const woken: string[] = [];
    results.subscribe(key => woken.push(key));
    await reconcile();
    await reconcile();
    expect([results.get(stored())?.facts, woken]).to.deep.equal([['web'], [KEY]]);
    expect(ssh.commands.at(-1)).to.equal('dropfleet-probe host load-balancer containers data-volume made-up');
    machine.sections.set('made-up', 'CONTAINER\nweb\ndb');
    await reconcile();
    expect([results.get(stored())?.facts, woken]).to.deep.equal([
      ['web', 'db'],
      [KEY, KEY],
    ]);
  });

  it('goes on without it when it is garbage', async () => {
    const { condition, hosts, reconcile, stored } = startWith('Segmentation fault');
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: resyncMs });
    expect(hosts.probes.of(CONTAINERS).get(stored())).to.equal(undefined);
    expect(condition('Configured')).to.include({ status: 'True' });
  });

  it('forgets what it told with the server', async () => {
    const { client, hosts, reconcile, stored } = startWith('CONTAINER\nweb');
    await reconcile();
    const before = stored();
    await client.patch(DROPLETS, KEY, { status: { conditions: [] } }, { subresource: 'status' });
    await reconcile();
    expect(hosts.probes.of(CONTAINERS).get(before)).to.equal(undefined);
  });
});

describe('Reconciling a host with trouble', () => {
  it('waits for the first boot without touching anything', async () => {
    const machine = aMachine({ boot: 'running' });
    const { condition, reconcile, ssh } = startHost(machine);
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: retryMs });
    expect(namesOf(ssh.commands)).to.deep.equal(['dropfleet-probe']);
    expect(condition('Configured')).to.include({ status: 'False', reason: 'FirstBoot' });
    expect(condition('Reachable')).to.include({ status: 'True' });
    machine.boot = 'done';
    await reconcile();
    expect(condition('Configured')).to.include({ status: 'True' });
  });

  describe('whose first boot failed', () => {
    const bootLog = 'Err:1 http://deb.debian.org\nE: Unable to locate package docker.io';
    const failed = () => ({ boot: 'error', bootLog, tools: new Set([]) });
    const startFailed = () =>
      startHost(aMachine({ ...failed(), hostKey: USER_DATA_KEY }), { pinned: USER_DATA_PIN });

    it('quotes its log, and does what it left undone', async () => {
      const { client, condition, reconcile, ssh } = startFailed();
      ssh.failNext('dropfleet-provide', { code: 1, stderr: 'E: the mirror is gone' });
      expect(await rejection(reconcile())).to.be.instanceOf(Waiting);
      expect(JSON.stringify(client.writes())).to.contain('FirstBootFailed');
      expect(condition('Configured')).to.include({ status: 'False', reason: 'PackagesFailed' });
      expect(condition('Configured')!.message)
        .to.contain('E: the mirror is gone')
        .and.to.contain('first boot had failed')
        .and.to.contain('Err:1 http://deb.debian.org | E: Unable');
      await reconcile();
      expect(condition('Configured')).to.include({ status: 'True' });
      expect(condition('Configured')!.message).to.contain('first boot had failed and was completed');
    });

    it('blames it for nothing that comes after a host was once as it should be', async () => {
      const { client, condition, reconcile, ssh } = startHost(aConfiguredMachine(failed()));
      ssh.failNext('dropfleet-provide', { code: 1, stderr: 'E: the mirror is gone' });
      await rejection(reconcile());
      expect(JSON.stringify(client.writes())).to.not.contain('FirstBootFailed');
      expect(condition('Configured')!.message).to.not.contain('first boot');
    });
  });

  it('goes on saying why a step failed while it is tried again', async () => {
    const { client, condition, reconcile, ssh } = startHost(
      aMachine({ tools: new Set([]), services: new Set() }),
    );
    const fail = () => ssh.failNext('dropfleet-provide', { code: 1, stderr: 'E: the mirror is gone' });
    fail();
    await rejection(reconcile());
    client.calls.length = 0;
    fail();
    await rejection(reconcile());
    expect(client.writes()).to.deep.equal([]);
    expect(condition('Configured')).to.include({ reason: 'PackagesFailed' });
    // A step that comes after it is another matter.
    ssh.failNext('dropfleet-start', { code: 1, stderr: 'no' });
    await rejection(reconcile());
    expect(condition('Configured')).to.include({ reason: 'ServiceFailed' });
  });

  it('says that a host cannot be reached, and asks ever more slowly', async () => {
    const { condition, reconcile } = startHost(undefined);
    expect(await rejection(reconcile())).to.include({ afterMs: retryMs });
    expect(condition('Reachable')).to.include({ status: 'False', reason: 'Unreachable' });
    expect(await rejection(reconcile())).to.include({ afterMs: 2 * retryMs });
    for (let i = 0; i < 6; i++) await rejection(reconcile());
    expect(await rejection(reconcile())).to.include({ afterMs: slowestRetryMs });
  });

  it('forgives a host that was well one failed attempt', async () => {
    const { client, condition, reconcile, ssh } = startHost(aConfiguredMachine());
    await reconcile();
    client.calls.length = 0;
    ssh.failNext('dropfleet-probe', new ConnectionLost('the connection was lost'));
    await rejection(reconcile());
    expect(client.writes()).to.deep.equal([]);
    ssh.failNext('dropfleet-probe', new ConnectionLost('the connection was lost'));
    await rejection(reconcile());
    expect(condition('Reachable')).to.include({ status: 'False', reason: 'Unreachable' });
    expect(condition('Ready')).to.include({ status: 'False', reason: 'Unreachable' });
  });

  it('says that it is not let in', async () => {
    const { condition, reconcile, ssh } = startHost(aConfiguredMachine());
    ssh.failNext('dropfleet-probe', new AuthenticationRefused('the key is refused'));
    await rejection(reconcile());
    expect(condition('Reachable')).to.include({
      reason: 'AuthenticationRefused',
      message:
        'the key is refused; its disk is lost if you recreate the server by "kubectl delete -n default droplet shop-master"',
    });
  });

  it('takes an answer that is cut off for none', async () => {
    const { condition, reconcile, ssh } = startHost(aConfiguredMachine());
    ssh.failNext('dropfleet-probe', { code: 137, stderr: 'Killed' });
    await rejection(reconcile());
    expect(condition('Reachable')!.message).to.contain('exit code 137');
  });

  it('says that the disk is full, and goes on once there is room', async () => {
    const machine = aConfiguredMachine({ freeDisk: 10, hasSwap: false });
    const { condition, reconcile, ssh } = startHost(machine);
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: slowestRetryMs });
    expect(namesOf(ssh.commands)).to.deep.equal(['dropfleet-probe']);
    expect(condition('Configured')).to.include({ status: 'False', reason: 'DiskFull' });
    machine.freeDisk = 10_000_000;
    await reconcile();
    expect(condition('Configured')).to.include({ status: 'True' });
  });

  for (const { name, step, failure, reason } of [
    {
      name: 'a disk that fills up meanwhile',
      step: 'write-file',
      failure: { code: 1, stderr: 'cat: write error: No space left on device' },
      reason: 'DiskFull',
    },
    { name: 'a busy apt', step: 'dropfleet-provide', failure: { code: 75, stderr: '' }, reason: 'AptBusy' },
    {
      name: 'a package that is not to be had',
      step: 'dropfleet-provide',
      failure: { code: 1, stderr: 'E: Unable to locate package docker.io' },
      reason: 'PackagesFailed',
    },
    {
      name: 'a service that does not start',
      step: 'dropfleet-start',
      failure: { code: 1, stderr: 'failed to start daemon' },
      reason: 'ServiceFailed',
    },
  ])
    it(`says ${reason} of ${name}, and gets over it`, async () => {
      const { condition, reconcile, ssh } = startHost(aMachine({ tools: new Set(), services: new Set() }));
      ssh.failNext(step, failure);
      expect(await rejection(reconcile())).to.include({ afterMs: retryMs });
      expect(condition('Configured')).to.include({ status: 'False', reason });
      expect(condition('Reachable')).to.include({ status: 'True' });
      expect(await reconcile()).to.deep.equal({ requeueAfterMs: resyncMs });
      expect(condition('Configured')).to.include({ status: 'True', reason: 'Ok' });
    });
});

describe("Reconciling a host's key", () => {
  /** A machine that booted with dropfleet's user data. */
  const startFresh = () =>
    startHost(aConfiguredMachine({ hostKey: USER_DATA_KEY }), { pinned: USER_DATA_PIN });

  it('replaces the one that the cloud knows, and pins the new one', async () => {
    const { reconcile, ssh, stored } = startFresh();
    await reconcile();
    expect(stored().status).to.deep.include({ host: { serverID: 7, keyFingerprint: SECOND } });
    expect(namesOf(ssh.commands)).to.include('dropfleet-switch-host-key');
    ssh.commands.length = 0;
    await reconcile();
    expect(namesOf(ssh.commands)).to.deep.equal(['dropfleet-probe']);
  });

  it('accepts both from before the switch, and is not lost when it is cut off right after it', async () => {
    const { reconcile, ssh, stored } = startFresh();
    ssh.failNext('dropfleet-switch-host-key', new ConnectionLost('cut off'), 'afterEffect');
    await rejection(reconcile());
    expect(stored().status).to.deep.include({
      host: { serverID: 7, keyFingerprint: USER_DATA_PIN, nextKeyFingerprint: SECOND },
    });
    await reconcile();
    expect(stored().status).to.deep.include({ host: { serverID: 7, keyFingerprint: SECOND } });
  });

  it('does it again when it was cut off before the switch', async () => {
    const { reconcile, ssh, stored } = startFresh();
    ssh.failNext('dropfleet-switch-host-key', new ConnectionLost('cut off'));
    await rejection(reconcile());
    await reconcile();
    expect(stored().status).to.deep.include({ host: { serverID: 7, keyFingerprint: SECOND } });
  });

  it('never switches to a key that is not written down', async () => {
    const { client, reconcile, ssh } = startFresh();
    const stage = ssh.machines.get('203.0.113.7')!;
    client.failNext('patch', new Error('the disk is full'));
    await rejection(reconcile());
    expect(stage.hostKey).to.not.deep.equal(Buffer.from('second'));
  });

  it('stops at a host with another key and says how a person could accept it', async () => {
    const { condition, reconcile, ssh } = startHost(aConfiguredMachine({ hostKey: Buffer.from('other') }));
    expect(await rejection(reconcile())).to.be.instanceOf(Waiting);
    expect(ssh.commands).to.deep.equal([]);
    expect(condition('Reachable')).to.include({ status: 'False', reason: 'HostKeyMismatch' });
    expect(condition('Reachable')!.message).to.contain(
      `kubectl annotate -n default droplet shop-master --overwrite ${ACCEPT_HOST_KEY_ANNOTATION}=SHA256:`,
    );
  });

  it('pins the key that a person vouches for once the host shows it', async () => {
    const annotations = { [ACCEPT_HOST_KEY_ANNOTATION]: SECOND };
    const host = startHost(aConfiguredMachine({ hostKey: Buffer.from('second') }), { annotations });
    await host.reconcile();
    expect(host.stored().status).to.deep.include({ host: { serverID: 7, keyFingerprint: SECOND } });
    expect(host.condition('Reachable')).to.include({ status: 'True' });
  });

  it('keeps the pinned key when the host does not show the one that a person vouches for', async () => {
    const annotations = { [ACCEPT_HOST_KEY_ANNOTATION]: SECOND };
    const { reconcile, stored } = startHost(aConfiguredMachine(), { annotations });
    await reconcile();
    expect(stored().status).to.deep.include({ host: { serverID: 7, keyFingerprint: FIRST } });
  });

  it('connects to nothing of which no key is known', async () => {
    const { condition, reconcile, ssh } = startHost(aConfiguredMachine(), { pinned: undefined });
    await rejection(reconcile());
    expect(ssh.commands).to.deep.equal([]);
    expect(condition('Reachable')).to.include({ reason: 'HostKeyMismatch' });
  });
});
