import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { systemClock } from '../../../../clients/clock.ts';
import { fingerprintOfLine } from '../../../../clients/ssh/fingerprint.ts';
import { generateKeyPair, type SshKeyPair } from '../../../../clients/ssh/key-pair.ts';
import { createSshPool } from '../../../../clients/ssh/pool.ts';
import type { SshHost, SshPool } from '../../../../clients/ssh/ssh.ts';
import {
  makeFolders,
  makeSwap,
  provideTools,
  reload,
  stageHostKey,
  startService,
  switchHostKey,
} from '../../../../reconcilers/host/commands.ts';
import { toolsOf, type DesiredHost, type Engine } from '../../../../reconcilers/host/desired.ts';
import type { HostFacts } from '../../../../reconcilers/host/facts.ts';
import { filesOf, reloadsOf } from '../../../../reconcilers/host/files.ts';
import { planHost } from '../../../../reconcilers/host/plan.ts';
import { renderUserData } from '../../../../reconcilers/host/render.ts';
import { HOST_SECTION } from '../../../../reconcilers/host/section.ts';
import { convergeLoadBalancer } from '../../../../reconcilers/load-balancer/converge.ts';
import { DEBIAN } from '../../../../reconcilers/load-balancer/layout.ts';
import { createPacing } from '../../../../reconcilers/load-balancer/pacing.ts';
import { createQuarantine } from '../../../../reconcilers/load-balancer/quarantine.ts';
import { probe } from '../../../../reconcilers/probe/probe.ts';
import { PROBE_SECTIONS } from '../../../../reconcilers/probe/sections.ts';
import { balancingFor } from '../../../builders/load-balancer.ts';
import { aHost } from '../../../builders/hosts.ts';
import { aServiceDeployment } from '../../../builders/objects.ts';
import { openEmulatedWorld, type EmulatedWorld } from './world.ts';

// Everything that dropfleet sends to a host, sent by dropfleet's own code.
for (const engine of ['docker', 'podman'] as const satisfies readonly Engine[])
  describe(`An emulated host with ${engine}, as dropfleet makes it`, () => {
    const desired: DesiredHost = { role: 'master', engine };
    const files = filesOf(desired).map(file => ({
      ...file,
      digest: createHash('sha256').update(file.content).digest('hex'),
    }));
    const { signal } = new AbortController();
    let world: EmulatedWorld;
    let hostKey: SshKeyPair;
    let pool: SshPool;
    let host: SshHost;

    before(async () => {
      world = await openEmulatedWorld();
      hostKey = await generateKeyPair('shop-master');
      pool = createSshPool({ clock: systemClock, random: Math.random });
      await world.driver.converge(
        aHost({
          userData: renderUserData(desired, hostKey, world.publicKey),
          authorizedKeys: [world.publicKey],
        }),
        signal,
      );
      host = hostWith(fingerprintOfLine(hostKey.publicKey));
    });
    after(async () => {
      pool?.close();
      await world?.close();
    });

    const hostWith = (fingerprint: string): SshHost =>
      pool.host({
        address: aHost().addresses.public,
        port: world.driver.sshPort,
        user: 'dropfleet',
        privateKey: { reveal: () => world.privateKey },
        hostKeys: [fingerprint],
      });
    /** @param sections those that must tell something. */
    const probeNow = async (sections = PROBE_SECTIONS): Promise<HostFacts> => {
      const probed = { ...desired, firstBootWaitSeconds: 10 };
      const { facts, code, stderr } = await probe(host, PROBE_SECTIONS, probed, 'mark1', signal);
      expect(code).to.equal(0);
      if (sections === PROBE_SECTIONS) expect(stderr).to.equal('');
      for (const section of sections) expect(facts.get(section), section.name).to.not.equal(undefined);
      return facts.get(HOST_SECTION) as HostFacts;
    };
    const stepsFor = (facts: HostFacts, hasFirstHostKey = false): string[] =>
      planHost({ host: desired, files, facts, hasFirstHostKey, suspended: false, age: 0 }).steps.map(
        ({ type }) => type,
      );

    it('needs nothing more when its first boot is over', async () => {
      const facts = await probeNow();
      expect(facts).to.include({ boot: 'done', hasSwap: true, isMetadataClosed: true, isContainer: false });
      expect([...facts.engines.keys()]).to.deep.equal([engine]);
      expect(stepsFor(facts)).to.deep.equal([]);
    });

    it('lets root in no more', async () => {
      const { code, stderr } = await world.ssh(aHost(), ['true']);
      expect({ code, refused: stderr.includes('Permission denied') }).to.deep.equal({
        code: 255,
        refused: true,
      });
    });

    it('carries out every command of the host reconciler again without harm', async () => {
      const commands = [
        provideTools(1, toolsOf(desired)),
        ...reloadsOf(desired).map(({ reload: what, paths }) => reload(what, paths)),
        ...(engine === 'docker' ? [startService('docker')] : []),
        makeSwap(),
        makeFolders(['/etc/one/two', '/var/lib/three']),
      ];
      for (const command of commands) {
        const { code, stderr } = await host.run(command);
        expect({ code, stderr }, command.slice(5).join(' ')).to.deep.equal({ code: 0, stderr: '' });
      }
      expect(stepsFor(await probeNow())).to.deep.equal([]);
    });

    it('shows an edited file, and takes it back from a written one', async () => {
      const [file] = files;
      await host.succeed(['sudo', '-n', 'sh', '-c', `echo edited >>${file!.path}`]);
      expect(stepsFor(await probeNow())).to.include('write-files');
      await host.writeFile(file!.path, file!.content, { mode: 0o644 });
      await host.succeed(reload('ssh', [file!.path]));
      expect(stepsFor(await probeNow())).to.deep.equal([]);
    });

    it('shows a removed package, and has it back when it is provided', async () => {
      await host.succeed(['sudo', '-n', 'apt-get', 'remove', '-y', 'nftables']);
      expect(stepsFor(await probeNow())).to.include('provide-tools');
      await host.succeed(provideTools(1, toolsOf(desired)));
      await host.succeed(
        reload(
          'metadata',
          filesOf(desired)
            .filter(file => file.reload === 'metadata')
            .map(({ path }) => path),
        ),
      );
      expect(stepsFor(await probeNow())).to.deep.equal([]);
    });

    if (engine === 'docker')
      it('shows a stopped engine until it is started', async () => {
        await host.succeed(['sudo', '-n', 'systemctl', 'stop', 'docker']);
        expect(stepsFor(await probeNow([HOST_SECTION]))).to.include('start-service');
        await host.succeed(startService('docker'));
        expect(stepsFor(await probeNow())).to.deep.equal([]);
      });

    if (engine === 'docker')
      it('says why its engine does not start', async () => {
        await host.writeFile('/etc/docker/daemon.json', '{ broken', { mode: 0o644 });
        await host.run(['sudo', '-n', 'systemctl', 'stop', 'docker']);
        const { code, stderr } = await host.run(startService('docker'));
        expect(code).to.equal(1);
        expect(stderr).to.contain('/etc/docker/daemon.json');
        const { content } = files.find(({ path }) => path === '/etc/docker/daemon.json')!;
        await host.writeFile('/etc/docker/daemon.json', content, { mode: 0o644 });
        await host.succeed(startService('docker'));
      });

    it('exchanges its host key while connections live on', async () => {
      const staged = (await host.succeed(stageHostKey())).stdout.trim();
      await host.succeed(switchHostKey(staged));
      await host.succeed(switchHostKey(staged));
      expect((await host.run(['echo', 'still here'])).stdout).to.equal('still here\n');
      expect((await hostWith(staged).run(['echo', 'here too'])).stdout).to.equal('here too\n');
      host = hostWith(staged);
    });

    it('serves what the load balancer reconciler gives it, and reads it once', async () => {
      const memory = { pacing: createPacing(systemClock, 0), quarantine: createQuarantine(systemClock) };
      const converge = (...services: Parameters<typeof balancingFor>) =>
        convergeLoadBalancer(
          { key: 'shop', host, layout: DEBIAN, signal },
          balancingFor(...services),
          memory,
        );
      const site = aServiceDeployment('shop-prod-site', { 'shop-web1': '10.116.0.3:8080' });
      const first = await converge(site);
      expect(first).to.include({ state: 'running', isNew: true });
      expect(await converge(site)).to.include({ state: 'running', isNew: false });
      const health = await host.run(['curl', '-s', '-w', ' %{http_code}', 'http://127.0.0.1/health']);
      expect(health.stdout).to.equal('ok\n 200');
      const status = await host.run(['curl', '-s', 'http://127.0.0.1/lb-status']);
      expect((JSON.parse(status.stdout) as { projects: unknown[] }).projects).to.have.length(1);
    });

    it("answers the load balancer's pages through a forwarded connection", async () => {
      const channel = await host.forward('127.0.0.1', 80);
      channel.write('GET /health HTTP/1.0\r\n\r\n');
      let text = '';
      for await (const chunk of channel) text += String(chunk);
      expect(text).to.contain('200 OK').and.match(/ok\n$/);
    });
  });
