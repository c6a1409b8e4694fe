import { expect } from 'chai';
import { systemClock } from '../../../clients/clock.ts';
import { isAuthenticationRefused } from '../../../clients/ssh/errors.ts';
import { createSshPool } from '../../../clients/ssh/pool.ts';
import type { SshPool } from '../../../clients/ssh/ssh.ts';
import { SecretText } from '../../../config/secret-text.ts';
import { findCondition, isConditionTrue } from '../../../crds/conditions.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import type { Condition } from '../../../crds/meta.ts';
import { ACCEPT_HOST_KEY_ANNOTATION } from '../../../crds/names.ts';
import { acceptedHostKeys, hostOf } from '../../../reconcilers/host/access.ts';
import type { Engine } from '../../../reconcilers/host/desired.ts';
import type { LbStatus } from '../../../reconcilers/load-balancer/lb-status.ts';
import type { HostTimings } from '../../../reconcilers/timings.ts';
import type { HostDriver, HostFault } from '../../../sandbox/hosts/driver.ts';
import { rejection } from '../../fakes/rejection.ts';
import { describeOnStandalone } from '../../environment/api-server.ts';
import {
  openOperatorWorld,
  type OperatorWorld,
  type RunningOperator,
} from '../../environment/operator-world.ts';

/** Milliseconds; hosts are looked at so often that drift is repaired while a test waits. */
const TIMINGS: HostTimings = {
  retryMs: 200,
  slowestRetryMs: 1_000,
  resyncMs: 1_000,
  firstBootWaitMs: 20_000,
};

/** The hosts that a suite runs on. */
export interface HostsUnderTest {
  /** For the titles. */
  kind: string;
  open(): Promise<HostDriver>;
  engine: Engine;
  /** How long anything may take there, in milliseconds. */
  patienceMs: number;
  /** Whether things go wrong there too; the engine makes no difference to that. */
  hasBadDays: boolean;
}

/** A fleet on such hosts from its first boot through its bad days; each test finds what the ones before left. */
export function describeHostLife(hosts: HostsUnderTest): void {
  describeOnStandalone(
    `Hosts with ${hosts.engine}, on ${hosts.kind} machines`,
    'the hosts do not know which API server there is',
    server => {
      let world: OperatorWorld;
      let operator: RunningOperator;
      let shell: SshPool;

      before(async function () {
        this.timeout(10 * hosts.patienceMs);
        const driver = await hosts.open();
        world = await openOperatorWorld(server(), { ...hosts, driver, timings: TIMINGS });
        shell = createSshPool({ clock: systemClock, random: Math.random });
        await world.writeCsv('shop,2,s-1vcpu-1gb,s-1vcpu-1gb');
        operator = world.startOperator();
        await world.untilReady('shop', 2);
      });
      after(async function () {
        this.timeout(hosts.patienceMs);
        shell?.close();
        await world?.close();
      });

      const web = (): Droplet => world.droplet('shop-web1')!;
      const condition = (type: string): Condition => findCondition(web().status?.conditions, type)!;
      const isReady = (): boolean => isConditionTrue(web().status?.conditions, 'Ready');
      const fault = (what: HostFault): Promise<void> =>
        world.sandbox.hosts!.setFault(web().status!.dropletID!, what);
      const clearFaults = (): Promise<void> => world.sandbox.hosts!.clearFaults(web().status!.dropletID!);

      const changeProject = (spec: object): Promise<string> =>
        world.kubectl.succeed('patch', 'project', 'shop', '--type=merge', '-p', JSON.stringify({ spec }));

      /** As root on the web, in a shell; what it printed. */
      async function onHost(script: string): Promise<string> {
        const port = world.sandbox.hosts!.sshPort;
        const privateKey = new SecretText(world.sshKey.privateKey);
        const host = hostOf({ ssh: shell, port, privateKey }, web())!;
        return (await host.succeed(['sudo', '-n', 'sh', '-c', script])).stdout;
      }
      /** Until the web says so, and then until it is well again. */
      async function untilSaid(type: string, reason: string): Promise<Condition> {
        await world.until(`${type} with ${reason}`, () => condition(type)?.reason === reason);
        return condition(type);
      }
      const untilReady = (): Promise<void> => world.until('a host that is Ready again', isReady);
      /** Until the operator has looked at hosts so many times more. */
      async function untilLookedAt(times: number): Promise<void> {
        const looks = (): number => operator.hostCommands.filter(name => name === 'dropfleet-facts').length;
        const goal = looks() + times;
        await world.until('another look at the hosts', () => looks() >= goal);
      }

      it('are Reachable and Configured when their Droplets are Ready', () => {
        for (const name of ['shop-master', 'shop-web1'])
          for (const type of ['Provisioned', 'Reachable', 'Configured', 'Ready'])
            expect(
              isConditionTrue(world.droplet(name)!.status!.conditions, type),
              `${type} of ${name}`,
            ).to.equal(true);
      });

      it('answer /health and /lb-status on their master, asked from outside', async () => {
        const { publicAddress } = world.droplet('shop-master')!.status!;
        const health = await fetch(`http://${publicAddress}/health`);
        expect([health.status, await health.text()]).to.deep.equal([200, 'ok\n']);
        const status = (await (await fetch(`http://${publicAddress}/lb-status`)).json()) as LbStatus;
        expect(status.projects).to.deep.equal([{ name: 'shop', services: [] }]);
      });

      it('have replaced the host key that the cloud knows by one of their own', async () => {
        expect(web().status).to.not.have.property('nextHostKeyFingerprint');
        const printed = await onHost('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
        expect(printed.split(' ')[1]).to.equal(web().status!.hostKeyFingerprint);
      });

      it('cost one command each look, and no write, while nothing changes', async () => {
        await untilLookedAt(4);
        const before = operator.hostCommands.length;
        const version = web().metadata.resourceVersion;
        await untilLookedAt(4);
        expect(new Set(operator.hostCommands.slice(before))).to.deep.equal(new Set(['dropfleet-facts']));
        expect(web().metadata.resourceVersion).to.equal(version);
      });

      it('let nobody in as root, not even by the key that the cloud put there', async () => {
        const root = shell.host({
          address: web().status!.publicAddress!,
          port: world.sandbox.hosts!.sshPort,
          user: 'root',
          privateKey: new SecretText(world.sshKey.privateKey),
          hostKeys: acceptedHostKeys(web()),
        });
        expect(isAuthenticationRefused(await rejection(root.hostKey()))).to.equal(true);
      });

      it('have an edited file of ours put back', async () => {
        await onHost("echo 'PermitRootLogin yes' >/etc/ssh/sshd_config.d/00-dropfleet.conf");
        await world.until(
          'the reload of sshd',
          () =>
            operator.hostCommands.at(-1) !== 'dropfleet-reload' &&
            operator.hostCommands.includes('dropfleet-reload'),
        );
        await untilLookedAt(2);
        expect(await onHost('cat /etc/ssh/sshd_config.d/00-dropfleet.conf')).to.contain('PermitRootLogin no');
      });

      if (hosts.engine === 'docker')
        it('have a stopped engine started', async () => {
          // The socket would start it again by itself.
          await onHost('systemctl stop docker docker.socket 2>/dev/null; ! systemctl is-active -q docker');
          await world.until('its start', () => operator.hostCommands.includes('dropfleet-start'));
          await untilLookedAt(3);
          expect((await onHost('systemctl is-active docker')).trim()).to.equal('active');
        });

      if (hosts.kind === 'emulated')
        it('have a removed package installed again', async () => {
          await onHost('apt-get remove -y -q unattended-upgrades');
          await world.until('its installation', () => operator.hostCommands.includes('dropfleet-provide'));
          await untilLookedAt(3);
          expect(await onHost('command -v unattended-upgrade')).to.contain('unattended-upgrade');
        });

      it('say that another machine answers on their address, and are not touched until a person accepts it', async () => {
        const pinned = web().status!.hostKeyFingerprint!;
        await onHost(
          'cd /etc/ssh && rm ssh_host_ed25519_key ssh_host_ed25519_key.pub && ssh-keygen -q -t ed25519 -N "" -f ssh_host_ed25519_key && systemctl reload ssh',
        );
        await operator.stop();
        operator = world.startOperator();
        const { message } = await untilSaid('Reachable', 'HostKeyMismatch');
        expect(isReady()).to.equal(false);
        expect(message).to.contain(pinned);
        const shown = new RegExp(`${ACCEPT_HOST_KEY_ANNOTATION}=(SHA256:[^"]+)`).exec(message)![1]!;
        await world.kubectl.succeed(
          'annotate',
          'droplet',
          'shop-web1',
          `${ACCEPT_HOST_KEY_ANNOTATION}=${shown}`,
        );
        await untilReady();
        expect(web().status!.hostKeyFingerprint).to.equal(shown);
      });

      it('leave no private key in any object, event or log line', async () => {
        const objects = await world.kubectl.succeed('get', 'projects,droplets,events', '-o', 'json');
        for (const text of [objects, JSON.stringify(operator.log)])
          expect(text).to.not.contain('PRIVATE KEY');
      });

      it('are left alone while their project is suspended', async () => {
        await operator.stop();
        await world.kubectl.succeed('label', 'project', 'shop', 'dropfleet.io/source-');
        operator = world.startOperator({ csv: false });
        await changeProject({ suspend: true });
        await onHost('rm /etc/apt/apt.conf.d/52dropfleet');
        const { message } = await untilSaid('Configured', 'Suspended');
        expect(message).to.contain('write /etc/apt/apt.conf.d/52dropfleet');
        expect(operator.hostCommands.some(name => name.startsWith('write '))).to.equal(false);
        await changeProject({ suspend: false });
        await untilReady();
      });
      if (!hosts.hasBadDays) return;

      it('say that they cannot be reached, and are Ready once they can', async () => {
        await fault({ type: 'cut', peer: 'operator' });
        await untilSaid('Reachable', 'Unreachable');
        expect(isReady()).to.equal(false);
        await clearFaults();
        await untilReady();
      });

      it('say that their disk is full, and are Ready once there is room', async () => {
        await fault({ type: 'disk-full' });
        expect((await untilSaid('Configured', 'DiskFull')).message).to.contain('make room');
        await clearFaults();
        await untilReady();
      });

      it('are configured over a slow network that loses packets', async () => {
        await fault({ type: 'delay', ms: 100 });
        await fault({ type: 'loss', percent: 2 });
        await onHost('rm /etc/dropfleet/metadata.nft');
        const writes = (): number =>
          operator.hostCommands.filter(name => name === 'write /etc/dropfleet/metadata.nft').length;
        await world.until('the file written again', () => writes() > 0);
        await untilReady();
        await clearFaults();
      });

      it('come back from a crash', async () => {
        await fault({ type: 'crash' });
        await untilSaid('Reachable', 'Unreachable');
        await clearFaults();
        await untilReady();
      });

      it('are configured though they crash during their first boot', async () => {
        await changeProject({ servers: 3 });
        const id = (): number | undefined => world.droplet('shop-web2')?.status?.dropletID;
        await world.until('a new server that runs', () =>
          isConditionTrue(world.droplet('shop-web2')?.status?.conditions, 'Provisioned'),
        );
        await world.sandbox.hosts!.setFault(id()!, { type: 'crash' });
        await world.sandbox.hosts!.clearFaults(id()!);
        await world.untilReady('shop', 3);
      });

      if (hosts.kind !== 'docker') return;

      it('say that somebody else is at work on the packages, and are Ready afterwards', async () => {
        const holdLock = `import fcntl, time; lock = open("/var/lib/apt/lists/lock", "w"); fcntl.lockf(lock, fcntl.LOCK_EX); print("held", flush=True); time.sleep(600)`;
        await onHost(
          `python3 -c '${holdLock}' >/run/held 2>&1 & echo $! >/run/holder; until grep -q held /run/held; do sleep 0.1; done; mv /usr/sbin/nft /usr/sbin/nft.away`,
        );
        await untilSaid('Configured', 'AptBusy');
        await onHost('mv /usr/sbin/nft.away /usr/sbin/nft; kill $(cat /run/holder)');
        await untilReady();
      });
    },
  );
}
