import { expect } from 'chai';
import { systemClock } from '../../../clients/clock.ts';
import { isConnectionLost, isUnreachable } from '../../../clients/ssh/errors.ts';
import { fingerprintOfLine } from '../../../clients/ssh/fingerprint.ts';
import { generateKeyPair, type SshKeyPair } from '../../../clients/ssh/key-pair.ts';
import { createSshPool } from '../../../clients/ssh/pool.ts';
import type { SshHost, SshPool } from '../../../clients/ssh/ssh.ts';
import { SecretText } from '../../../config/secret-text.ts';
import { buildKeyOf } from '../../../reconcilers/build/build-key.ts';
import { createBuilder } from '../../../reconcilers/build/build.ts';
import { prune } from '../../../reconcilers/build/prune.ts';
import { publish, pull } from '../../../reconcilers/build/publish.ts';
import type { BuildRequest, BuildSource, BuildState } from '../../../reconcilers/build/request.ts';
import { createImages } from '../../../reconcilers/service/image-supply.ts';
import type { ImageState } from '../../../reconcilers/service/images.ts';
import type { DesiredHost } from '../../../reconcilers/host/desired.ts';
import { renderUserData } from '../../../reconcilers/host/render.ts';
import { toTar } from '../../../reconcilers/load-balancer/tar.ts';
import type { HostSpec } from '../../../sandbox/hosts/driver.ts';
import { aServiceDeployment } from '../../builders/objects.ts';
import { openDockerDroplets, type DockerDroplets } from '../../environment/docker-droplets.ts';
import { rejection } from '../../fakes/rejection.ts';

const PATIENCE_MS = 300_000;
/** What images are made of here, where none can be pulled: a shell and what hangs. */
const BASE = '/bin/sh /bin/sleep /bin/cat /lib/x86_64-linux-gnu/libc.so.6 /lib64/ld-linux-x86-64.so.2';
/** A registry on the master that asks who one is, and who may: `htpasswd -nbB ci hush-of-the-registry`. */
const PRIVATE_REGISTRY = '127.0.0.1:5050';
const PRIVATE_NAME = `${PRIVATE_REGISTRY}/shop/app:1`;
const PASSWORD = 'hush-of-the-registry';
const REGISTRY_USER = 'ci:$2y$05$abcdefghijklmnopqrstuuWUr5du8UcdK8zh4hFCmv59kESg2huBK';
/** A build that hangs as long as its base image does so. */
const GATED = 'FROM gate\nRUN sh /gate\n';

for (const engine of ['docker', 'podman'] as const)
  describe(`Images on ${engine} droplets`, function () {
    this.timeout(PATIENCE_MS);
    const { signal } = new AbortController();
    let droplets: DockerDroplets;
    let pool: SshPool;
    let login: SshKeyPair;
    let hostKey: SshKeyPair;
    let masterSpec: HostSpec;
    let webSpec: HostSpec;
    let master: SshHost;
    let web: SshHost;

    before(async () => {
      droplets = await openDockerDroplets();
      [hostKey, login] = await Promise.all([generateKeyPair('host'), generateKeyPair('dropfleet')]);
      pool = createSshPool({ clock: systemClock, random: Math.random });
      masterSpec = specOf(1, 'shop-master', { role: 'master', engine, hasRegistry: true });
      webSpec = specOf(2, 'shop-web1', { role: 'web', engine });
      await Promise.all([masterSpec, webSpec].map(spec => droplets.hosts.converge(spec, signal)));
      [master, web] = [hostOf(masterSpec), hostOf(webSpec)];
      await Promise.all([master, web].map(isUp));
      await shell(master, `tar -ch ${BASE} | ${engine} import - tiny`);
    });
    after(async () => {
      pool?.close();
      await droplets?.end();
    });

    const specOf = (id: number, name: string, host: DesiredHost): HostSpec =>
      droplets.spec(id, { name, vcpus: 2, userData: renderUserData(host, hostKey, login.publicKey) });
    const hostOf = ({ addresses }: HostSpec): SshHost =>
      pool.host({
        address: addresses.public,
        port: droplets.hosts.sshPort,
        user: 'dropfleet',
        privateKey: { reveal: () => login.privateKey },
        hostKeys: [fingerprintOfLine(hostKey.publicKey)],
      });
    /** sshd ends connections when the first boot, or a shutdown, comes to it. */
    const isUp = async (host: SshHost): Promise<void> => {
      try {
        await host.succeed(['cloud-init', 'status', '--wait'], { timeoutMs: PATIENCE_MS });
      } catch (error) {
        if (!isUnreachable(error) && !isConnectionLost(error)) throw error;
        await isUp(host);
      }
    };
    const shell = async (host: SshHost, script: string): Promise<string> =>
      (await host.succeed(['sudo', '-n', 'sh', '-c', script], { timeoutMs: PATIENCE_MS })).stdout.trim();

    /** The same on the master, told by standard input: sudo writes down what it is called with. */
    const script = async (text: string): Promise<string> => {
      const options = { stdin: `set -e\n${text}\n`, timeoutMs: PATIENCE_MS };
      return (await master.succeed(['sudo', '-n', 'sh'], options)).stdout.trim();
    };

    /** A source of these files, and what is asked of it; `sent` counts how often it was opened. */
    function build(tree: string, files: Record<string, string>, changes: Partial<BuildRequest> = {}) {
      const input = { tree, containerfile: 'Dockerfile', context: '.' };
      const request: BuildRequest = {
        engine,
        project: 'shop',
        key: buildKeyOf(input),
        attempt: 'v1',
        ...input,
        labels: { 'dropfleet.project': 'shop' },
        ...changes,
      };
      const sent = { times: 0 };
      const tar = toTar(Object.entries(files).map(([path, content]) => ({ path, content })));
      const source = {
        async *open() {
          sent.times += 1;
          yield tar;
        },
      };
      return { request, source, sent };
    }

    type Build = Pick<ReturnType<typeof build>, 'request'> & { source: BuildSource };
    const look = ({ request, source }: Build, builder = createBuilder(systemClock)): Promise<BuildState> =>
      builder.ensureBuilt(master, request, source, signal);
    async function finish(one: Build): Promise<Exclude<BuildState, { state: 'building' }>> {
      for (;;) {
        const state = await look(one);
        if (state.state !== 'building') return state;
      }
    }
    async function built(one: Build): Promise<string> {
      const state = await finish(one);
      if (state.state !== 'built') throw new Error(JSON.stringify(state));
      return state.image;
    }
    const tagsOf = (host: SshHost) => shell(host, `${engine} images --format '{{.Repository}}:{{.Tag}}'`);
    /** Makes the base image of GATED builds, which lets them through or not. */
    const setGate = (script: string) =>
      shell(
        master,
        `mkdir -p /root/gate && cd /root/gate && echo '${script}' >gate && printf 'FROM tiny\\nCOPY gate /gate\\n' >Dockerfile &&
        ${engine} build -t gate . >/dev/null`,
      );
    const page = (text: string) => ({ Dockerfile: 'FROM tiny\nCOPY page /page\n', page: text });
    const unit = ({ request }: Build): string => `dropfleet-build-${request.key}`;

    it('are built once of the same tree, under the tags that others look for', async () => {
      const one = build('good', {
        Dockerfile: 'FROM tiny\nCOPY page /page\nUSER 1000\nRUN cat /page\n',
        page: 'hello',
      });
      const image = await built(one);
      const names = [`build-${one.request.key}`, image.replace('sha256:', '')];
      for (const name of names) expect(await tagsOf(master)).to.contain(`dropfleet/shop:${name}`);
      expect(await built(build('good', {}, { attempt: 'v2' }))).to.equal(image);
      expect(one.sent.times).to.equal(1);
      expect(await shell(master, 'ls /var/lib/dropfleet/builds/*')).to.equal('log\nlog-of');
    });

    it('are not there after a build that failed, which says why and is tried again for another version', async () => {
      const one = build('bad', { Dockerfile: 'FROM tiny\nRUN echo so sad; exit 3\n' });
      const state = await finish(one);
      expect(state).to.include({ state: 'failed', reason: 'BuildFailed' });
      expect(state).to.have.property('log').that.includes('so sad');
      expect(await look(one)).to.deep.equal(state);
      expect(one.sent.times).to.equal(1);
      const next = build('bad', { Dockerfile: 'FROM tiny\n' }, { attempt: 'v2' });
      expect(await built(next)).to.match(/^sha256:/);
    });

    it('cannot be built without a Containerfile, a base image or all of the source, nor of what links out of it', async () => {
      expect(await finish(build('none', { a: 'b' }))).to.include({ reason: 'NoContainerfile' });
      expect(await finish(build('base', { Dockerfile: 'FROM nothere:1\n' }))).to.include({
        reason: 'BaseImageNotPulled',
      });
      const one = build('cut', { Dockerfile: 'FROM tiny\n' });
      const cut = {
        async *open() {
          yield toTar([{ path: 'Dockerfile', content: 'FROM tiny\n' }]);
          throw new Error('the connection to git is gone');
        },
      };
      expect((await rejection(look({ ...one, source: cut }))).message).to.contain('git is gone');
      const begun = `ls /var/lib/dropfleet/builds/${one.request.key}/begun-* || true`;
      expect(await shell(master, begun)).to.equal('');
      expect(await built(one)).to.match(/^sha256:/);
      const tree = 'b'.repeat(40);
      await shell(
        master,
        `mkdir -p /var/lib/dropfleet/sources /root/out && cd /root/out && ln -s /etc etc && echo 'FROM tiny' >Dockerfile &&
        tar -cf /var/lib/dropfleet/sources/${tree}.tar .`,
      );
      const out = build('out', {}, { context: 'etc' });
      expect(await finish({ ...out, source: { tree } })).to.include({ reason: 'NoContext' });
    });

    it('are built on after the operator forgot all, by one unit that leaves others their share', async () => {
      await setGate('while :; do sleep 1; done');
      const one = build('gated', { Dockerfile: GATED });
      const states = await Promise.all([look(one), look(one)]);
      expect(states.map(({ state }) => state)).to.deep.equal(['building', 'building']);
      expect(await shell(master, `systemctl show -p Slice --value ${unit(one)}`)).to.equal(
        'dropfleet_build.slice',
      );
      if (engine === 'docker') {
        const format = '{{.HostConfig.CpuShares}} {{.HostConfig.Memory}}';
        const limits = await shell(master, `docker inspect --format '${format}' $(docker ps -q)`);
        expect(limits).to.match(/^128 [1-9]\d+$/);
      }
      await setGate('true');
      // By whatever else kills processes.
      await shell(master, `systemctl kill -s KILL ${unit(one)}`);
      const image = await built(one);
      expect(await tagsOf(master)).to.contain(`dropfleet/shop:${image.replace('sha256:', '')}`);
    });

    it('are built again after a reboot in the middle', async () => {
      await setGate('echo again; while :; do sleep 1; done');
      const one = build('rebooted', { Dockerfile: GATED });
      expect((await look(one)).state).to.equal('building');
      await setGate('echo again');
      await droplets.hosts.restart(masterSpec, 'hard');
      await isUp(master);
      expect(await built(one)).to.match(/^sha256:/);
      expect(one.sent.times).to.equal(2);
    });

    it('reach the webs through the master, and no layer twice', async () => {
      const address = masterSpec.addresses.private;
      const requests = (pattern: string) =>
        shell(master, `journalctl -u docker-registry -o cat | grep -cE '${pattern}' || true`).then(Number);
      const PUT = '"PUT /v2/dropfleet/shop/blobs/';
      const GET = '"GET /v2/dropfleet/shop/blobs/';
      const [first, second] = [await built(build('p1', page('1'))), await built(build('p2', page('2')))];
      const count: number[][] = [];
      for (const image of [first, first, second, second]) {
        const before = [await requests(PUT), await requests(GET)];
        await publish(master, { engine, project: 'shop', image }, address, signal);
        await pull(web, { engine, project: 'shop', image }, address, signal);
        count.push([(await requests(PUT)) - before[0]!, (await requests(GET)) - before[1]!]);
        const there = `dropfleet/shop:${image.replace('sha256:', '')}`;
        const id = await shell(web, `${engine} image inspect --format '{{.Id}}' ${there}`);
        expect(`sha256:${id.replace('sha256:', '')}`).to.equal(image);
      }
      // Two layers and a configuration; nothing; the other layer and configuration; nothing.
      expect(count).to.deep.equal([
        [3, 3],
        [0, 0],
        [2, 2],
        [0, 0],
      ]);
      expect(await tagsOf(master)).to.not.contain(address);
      expect(await tagsOf(web)).to.not.contain(address);
    });

    it('come from a registry that asks for a login, and leave no trace of it', async () => {
      await script(
        `mkdir -p /root/private/login && cd /root/private && echo '${REGISTRY_USER}' >users && cat >config.yml <<'END'
version: 0.1
storage: { filesystem: { rootdirectory: /root/private/images } }
http: { addr: '${PRIVATE_REGISTRY}' }
auth: { htpasswd: { realm: private, path: /root/private/users } }
END
        systemd-run --unit private-registry docker-registry serve /root/private/config.yml
        mkdir -p /etc/containers/registries.conf.d
        printf '[[registry]]\nlocation = "${PRIVATE_REGISTRY}"\ninsecure = true\n' >/etc/containers/registries.conf.d/private.conf
        until curl -s -o /dev/null http://${PRIVATE_REGISTRY}/v2/; do sleep 0.2; done
        export DOCKER_CONFIG=/root/private/login REGISTRY_AUTH_FILE=/root/private/login/auth.json
        printf %s ${PASSWORD} | ${engine} login --username ci --password-stdin ${PRIVATE_REGISTRY}
        ${engine} tag tiny ${PRIVATE_NAME}
        ${engine} push ${PRIVATE_NAME}
        ${engine} rmi ${PRIVATE_NAME}
        rm -r /root/private/login`,
      );
      const spec = { image: PRIVATE_NAME, imageLogin: { username: 'ci', secret: 'REGISTRY_TOKEN' } };
      const service = aServiceDeployment('shop-prod-app', {}, { spec });
      const ensure = (password: string): Promise<ImageState> =>
        createImages({ builder: createBuilder(systemClock), git: {} as never }).ensure(
          {
            service,
            services: [service],
            version: '1',
            engine,
            login: { username: 'ci', password: new SecretText(password) },
            master: { ssh: master, address: masterSpec.addresses.private },
          },
          signal,
        );
      const all = `${engine} ps -aq; ${engine} images -q | sort`;
      const before = await shell(master, all);
      const refused = await ensure('not-the-password');
      expect(refused).to.include({ state: 'failed', reason: 'ImageLoginRefused' });
      expect(JSON.stringify(refused)).to.not.contain('not-the-password');
      expect(await shell(master, all), 'what runs goes on').to.equal(before);
      // What processes show of themselves meanwhile; the pattern does not find itself.
      const seen = `cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -xE '.*${PASSWORD.slice(0, -1)}[y].*|dropfleet-pull-published'`;
      await script(
        `systemd-run --unit watch-processes sh -c "while :; do ${seen}; done >/root/private/seen"`,
      );
      const state = await ensure(PASSWORD);
      await script('systemctl stop watch-processes');
      const id = await shell(master, `${engine} image inspect --format '{{.Id}}' tiny`);
      expect(state).to.deep.equal({ state: 'ready', image: `sha256:${id.replace('sha256:', '')}` });
      expect(await shell(master, 'sort -u /root/private/seen')).to.equal('dropfleet-pull-published');
      const token = Buffer.from(`ci:${PASSWORD}`).toString('base64');
      const places = '/run /root /home /etc /tmp /var/tmp /var/log /var/lib/dropfleet';
      expect(await script(`grep -rlsF -e ${PASSWORD} -e ${token} ${places} || true`)).to.equal('');
      expect(await tagsOf(master)).to.not.contain(PRIVATE_REGISTRY);
    });

    it('go when nobody needs them, and take nothing along that is not theirs', async () => {
      const address = masterSpec.addresses.private;
      await shell(
        master,
        `${engine} tag tiny foreign:1; ${engine} tag tiny dropfleet/other:${'a'.repeat(64)}`,
      );
      await shell(master, `${engine} volume create precious`);
      const image = await built(build('p2', {}));
      const spare = await built(build('p1', {}));
      const needed = new Set([image]);
      for (const host of [master, web])
        await prune(
          host,
          {
            engine,
            project: 'shop',
            needed,
            lacksSpace: true,
            ...(host === master && { registry: address }),
          },
          signal,
        );
      const left = await tagsOf(master);
      expect(left)
        .to.contain('foreign:1')
        .and.contain(`dropfleet/other:${'a'.repeat(64)}`);
      expect(left).to.contain(image.replace('sha256:', ''));
      expect(left).to.not.contain(`dropfleet/shop:${spare.replace('sha256:', '')}`);
      expect(await tagsOf(web)).to.not.contain(spare.replace('sha256:', ''));
      expect(await shell(master, `${engine} volume ls --format '{{.Name}}'`)).to.equal('precious');
      const tags = await shell(master, `curl -s http://${address}:5000/v2/dropfleet/shop/tags/list`);
      expect(tags).to.contain(image.replace('sha256:', '')).and.not.contain(spare.replace('sha256:', ''));
      expect(await shell(master, 'ls /var/lib/dropfleet')).to.not.contain('registry-garbage');
      await shell(web, `${engine} rmi dropfleet/shop:${image.replace('sha256:', '')}`);
      await pull(web, { engine, project: 'shop', image }, address, signal);
      const again = await built(build('p1', page('1')));
      await publish(master, { engine, project: 'shop', image: again }, address, signal);
      await pull(web, { engine, project: 'shop', image: again }, address, signal);
    });
  });
