import { expect } from 'chai';
import { isAuthenticationRefused } from '../../../clients/ssh/errors.ts';
import { SecretText } from '../../../config/secret-text.ts';
import { ACCEPT_HOST_KEY_ANNOTATION } from '../../../crds/names.ts';
import { acceptedHostKeys } from '../../../reconcilers/host/access.ts';
import type { LbStatus } from '../../../reconcilers/load-balancer/lb-status.ts';
import { describeOnStandalone } from '../../environment/api-server.ts';
import { openHostLife, type HostLife, type LifeOptions } from '../../environment/host-life.ts';
import { MIRROR_ON_HOST } from '../../environment/package-mirror.ts';
import { rejection } from '../../fakes/rejection.ts';

/** The hosts that a suite runs on. */
export interface HostsUnderTest extends LifeOptions {
  /** For the titles. */
  kind: string;
  /** What else they go through; the engine makes no difference to bad days. */
  badDays?: (life: () => HostLife) => void;
}

/** A fleet on such hosts from its first boot through its bad days; each test finds what the ones before left. */
export function describeHostLife(hosts: HostsUnderTest): void {
  describeOnStandalone(
    `Hosts with ${hosts.engine}, on ${hosts.kind} machines`,
    'the hosts do not know which API server there is',
    server => {
      let life: HostLife;

      before(async function () {
        this.timeout(10 * hosts.patienceMs);
        life = await openHostLife(server(), hosts);
      });
      after(async function () {
        this.timeout(hosts.patienceMs);
        await life?.close();
      });

      itIsBroughtUp(() => life);
      itIsKept(hosts, () => life);
      hosts.badDays?.(() => life);
    },
  );
}

function itIsBroughtUp(life: () => HostLife): void {
  it('are Reachable and Configured when their Droplets are Ready', () => {
    const { condition } = life();
    for (const name of ['master', 'web1'])
      for (const type of ['Provisioned', 'Reachable', 'Configured', 'Ready'])
        expect(condition(type, name), `${type} of ${name}`).to.include({ status: 'True' });
  });

  it('answer /health and /lb-status on their master, asked from outside', async () => {
    const { publicAddress } = life().droplet('master').status!.server!;
    const health = await fetch(`http://${publicAddress}/health`);
    expect([health.status, await health.text()]).to.deep.equal([200, 'ok\n']);
    const status = (await (await fetch(`http://${publicAddress}/lb-status`)).json()) as LbStatus;
    expect(status.projects).to.deep.equal([{ name: 'shop', services: [] }]);
  });

  it('have replaced the host key that the cloud knows by one of their own', async () => {
    const { droplet, onHost } = life();
    expect(droplet().status!.host).to.not.have.property('nextKeyFingerprint');
    const printed = await onHost('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
    expect(printed.split(' ')[1]).to.equal(droplet().status!.host!.keyFingerprint);
  });

  it('cost one command each look, and no write, while nothing changes', async () => {
    const { droplet, operator, untilProbed } = life();
    await untilProbed(4);
    const before = operator().hostCommands.length;
    const version = droplet().metadata.resourceVersion;
    await untilProbed(4);
    expect(new Set(operator().hostCommands.slice(before))).to.deep.equal(new Set(['dropfleet-probe']));
    expect(droplet().metadata.resourceVersion).to.equal(version);
  });

  it('let nobody in as root, not even by the key that the cloud put there', async () => {
    const { droplet, shell, world } = life();
    const root = shell.host({
      address: droplet().status!.server!.publicAddress!,
      port: world.sandbox.hosts!.sshPort,
      user: 'root',
      privateKey: new SecretText(world.sshKey.privateKey),
      hostKeys: acceptedHostKeys(droplet()),
    });
    expect(isAuthenticationRefused(await rejection(root.hostKey()))).to.equal(true);
  });
}

function itIsKept({ engine, kind }: HostsUnderTest, life: () => HostLife): void {
  it('have an edited file of ours put back', async () => {
    const { onHost, operator, untilProbed, world } = life();
    await onHost("echo 'PermitRootLogin yes' >/etc/ssh/sshd_config.d/00-dropfleet.conf");
    await world.until(
      'the reload of sshd',
      () =>
        operator().hostCommands.at(-1) !== 'dropfleet-reload' &&
        operator().hostCommands.includes('dropfleet-reload'),
    );
    await untilProbed(2);
    expect(await onHost('cat /etc/ssh/sshd_config.d/00-dropfleet.conf')).to.contain('PermitRootLogin no');
  });

  if (engine === 'docker')
    it('have a stopped engine started', async () => {
      const { onHost, operator, untilProbed, world } = life();
      // The socket would start it again by itself.
      await onHost('systemctl stop docker docker.socket 2>/dev/null; ! systemctl is-active -q docker');
      await world.until('its start', () => operator().hostCommands.includes('dropfleet-start'));
      await untilProbed(3);
      expect((await onHost('systemctl is-active docker')).trim()).to.equal('active');
    });

  it('have a removed package installed again', async () => {
    const { onHost, operator, untilProbed, world } = life();
    // Containers have no way to a mirror everywhere.
    if (kind === 'docker') await onHost(MIRROR_ON_HOST);
    await onHost('apt-get remove -y -q nftables');
    await world.until('its installation', () => operator().hostCommands.includes('dropfleet-provide'));
    await untilProbed(3);
    expect(await onHost('command -v nft')).to.contain('nft');
  });

  it('say that another machine answers on their address, and are not touched until a person accepts it', async () => {
    const { droplet, isReady, onHost, restartOperator, untilReady, untilCondition, world } = life();
    const pinned = droplet().status!.host!.keyFingerprint!;
    await onHost(
      'cd /etc/ssh && rm ssh_host_ed25519_key ssh_host_ed25519_key.pub && ssh-keygen -q -t ed25519 -N "" -f ssh_host_ed25519_key && systemctl reload ssh',
    );
    await restartOperator();
    const message = await untilCondition('Reachable', 'HostKeyMismatch');
    expect(isReady()).to.equal(false);
    expect(message).to.contain(pinned);
    const shown = new RegExp(`${ACCEPT_HOST_KEY_ANNOTATION}=(SHA256:[^"]+)`).exec(message)![1]!;
    await world.kubectl.succeed('annotate', 'droplet', 'shop-web1', `${ACCEPT_HOST_KEY_ANNOTATION}=${shown}`);
    await untilReady();
    expect(droplet().status!.host!.keyFingerprint).to.equal(shown);
  });

  it('leave no private key in any object, event or log line', async () => {
    const { operator, world } = life();
    const objects = await world.kubectl.succeed('get', 'projects,droplets,events', '-o', 'json');
    for (const text of [objects, JSON.stringify(operator().log)]) expect(text).to.not.contain('PRIVATE KEY');
  });

  it('are left alone while their project is suspended', async () => {
    const { changeProject, onHost, operator, restartOperator, untilReady, untilCondition, world } = life();
    await world.kubectl.succeed('label', 'project', 'shop', 'dropfleet.io/source-');
    await restartOperator({ csv: false });
    await changeProject({ suspend: true });
    await onHost('rm /etc/apt/apt.conf.d/52dropfleet');
    const message = await untilCondition('Configured', 'Suspended');
    expect(message).to.contain('write /etc/apt/apt.conf.d/52dropfleet');
    expect(operator().hostCommands.some(name => name.startsWith('write '))).to.equal(false);
    await changeProject({ suspend: false });
    await untilReady();
  });
}
