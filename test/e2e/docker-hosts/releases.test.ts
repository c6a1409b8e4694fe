import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { RESTARTED_ANNOTATION } from '../../../crds/names.ts';
import type { ServiceDeploymentSpec } from '../../../crds/service-deployment.ts';
import { startLoad, type RawLoad } from '../../environment/raw-load.ts';
import { canary, openReleaseFleet, type ReleaseFleet } from '../../environment/release-fleet.ts';
import { createSampleApp, type SampleApp } from '../../environment/sample-app.ts';

const PATIENCE_MS = 600_000;
const WEBS = ['shop-web1', 'shop-web2'];
const SERVERS = ['shop-master', ...WEBS];

describe('Releases, on docker hosts', function () {
  this.timeout(PATIENCE_MS);
  const secret = canary();
  let folder: string;
  let app: SampleApp;
  let fleet: ReleaseFleet;
  let load: RawLoad;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dropfleet-app-'));
    app = await createSampleApp(folder);
    await app.release('v1', 'one');
    fleet = await openReleaseFleet(3, {}, async place => {
      await writeFile(place.path('.env'), `SHOP_UAT_API_KEY=${secret}\nSHOP_PROD_API_KEY=${secret}-prod\n`);
    });
  });
  after(async () => {
    await load?.stop();
    await fleet?.close();
    await rm(folder, { recursive: true, force: true });
  });
  let lost = 0;
  afterEach(function () {
    const { failed, reasons } = load?.report() ?? { failed: 0, reasons: {} };
    if (failed > lost) console.log(`      lost ${failed - lost} requests: ${JSON.stringify(reasons)}`);
    lost = failed;
    if (this.currentTest?.state === 'failed') console.log(fleet?.said().slice(-3_000));
  });

  const web = (changes: Partial<ServiceDeploymentSpec> = {}): Partial<ServiceDeploymentSpec> => ({
    source: { git: { url: app.url, ref: 'main' } },
    healthCheck: { path: '/health' },
    version: 'v1',
    ...changes,
  });
  const status = (name: string) => fleet.service(name)!.status!;
  const answer = () => fleet.ask('uat/api/answer');
  const builds = async () => Number(await fleet.shell('shop-master', 'ls /var/lib/dropfleet/builds | wc -l'));
  /** The names of a service's containers on a server. */
  const containers = async (name: string, droplet: string, all = ''): Promise<string[]> => {
    const list = `docker ps ${all} --filter label=dropfleet.service=${name} --format '{{.Names}}'`;
    const names = (await fleet.shell(droplet, list)).split('\n').filter(Boolean).toSorted();
    // That of a release command stays as long as its release, which it is the proof of.
    return names.filter(each => each !== `${current(name)}-task`);
  };
  const current = (name: string): string => `${name}-${status(name).release}`;

  it('builds a version once, serves it on every web, and lets services find each other', async () => {
    await fleet.apply('shop-uat-api', web({ secrets: ['api_key'], variables: { COLOUR: 'red' } }));
    await fleet.apply('shop-uat-site', web());
    const command = ['/usr/bin/busybox', 'sh', '-c', 'while :; do /usr/bin/busybox sleep 1; done'];
    await fleet.apply('shop-uat-mailer', { ...web({ command, stopSeconds: 1 }), type: 'worker' });
    await Promise.all(['shop-uat-api', 'shop-uat-site'].map(name => fleet.serves(name, 'v1')));
    await fleet.settled('shop-uat-mailer', 'v1');
    expect(await answer()).to.equal('shop uat api v1 one red');
    expect(await fleet.ask('uat/site/api')).to.equal('shop uat api v1 one red');
    for (const droplet of WEBS)
      for (const name of ['shop-uat-api', 'shop-uat-site', 'shop-uat-mailer'])
        expect(await containers(name, droplet)).to.deep.equal([current(name)]);
    expect(await builds()).to.equal(1);
  });

  it('gives a container its secrets, and nobody else', async () => {
    const read = (name: string) =>
      fleet.shell('shop-web1', `docker exec ${current(name)} /usr/bin/busybox env | grep API_KEY || true`);
    expect(await read('shop-uat-api')).to.equal(`API_KEY=${secret}`);
    expect(await read('shop-uat-site')).to.equal('');
  });

  it('runs in prod what uat ran: the same image, which nobody builds again', async () => {
    await fleet.apply('shop-prod-api', web({ secrets: ['api_key'] }));
    await fleet.serves('shop-prod-api', 'v1');
    expect(status('shop-prod-api').image).to.equal(status('shop-uat-api').image);
    expect(await fleet.ask('prod/api/answer')).to.equal('shop prod api v1 one ');
    expect(await builds()).to.equal(1);
    load = startLoad({
      host: fleet.address('shop-master'),
      port: 80,
      path: '/shop/uat/api/echo',
      connections: 4,
    });
  });

  it('rejects a version that ends at once, and says why without its secrets; the one before goes on', async () => {
    await app.release('exits', 'bad', 'exits');
    await fleet.apply('shop-uat-api', { version: 'exits' });
    const { reason, message } = await fleet.rejected('shop-uat-api', 'exits');
    expect(reason).to.equal('ContainerExited');
    expect(message).to.contain('the container ended: there is no database, and *** opens none');
    expect(message).to.not.contain(secret);
    expect(await answer()).to.equal('shop uat api v1 one red');
  });

  it('goes back by itself when a version gets unhealthy soon after it began to serve', async () => {
    await app.release('sickens', 'ill', 'sickens');
    await fleet.apply('shop-uat-api', { version: 'sickens' });
    await fleet.serves('shop-uat-api', 'sickens');
    expect(await answer()).to.equal('shop uat api sickens ill red');
    expect(await fleet.rejected('shop-uat-api', 'sickens')).to.include({ reason: 'NotHealthy' });
    await fleet.serves('shop-uat-api', 'v1');
    expect(await answer()).to.equal('shop uat api v1 one red');
  });

  it('serves the next version, and a former one again without a build', async () => {
    await app.release('v2', 'two');
    await fleet.apply('shop-uat-api', { version: 'v2' });
    await fleet.settled('shop-uat-api', 'v2');
    expect(await answer()).to.equal('shop uat api v2 two red');
    expect(status('shop-uat-api').rejected).to.equal(undefined);
    for (const droplet of WEBS)
      expect(await containers('shop-uat-api', droplet, '-a')).to.deep.equal([current('shop-uat-api')]);
    const before = await builds();
    await fleet.apply('shop-uat-api', { version: 'v1' });
    await fleet.serves('shop-uat-api', 'v1');
    expect(await answer()).to.equal('shop uat api v1 one red');
    expect(await builds()).to.equal(before);
  });

  it('rejects a version whose release command fails, before anything of it starts', async () => {
    const releaseCommand = ['/usr/bin/busybox', 'sh', '-c', 'echo "no such table"; exit 7'];
    await fleet.apply('shop-uat-api', { version: 'v2', releaseCommand });
    const { reason, message } = await fleet.rejected('shop-uat-api', 'v2');
    expect(reason).to.equal('ReleaseCommandFailed');
    expect(message).to.match(/the release command failed: exit code 7 \| no such table$/);
    expect(await answer()).to.equal('shop uat api v1 one red');
    const fixed = ['/usr/bin/busybox', 'sh', '-c', 'echo >/migrated'];
    await fleet.apply('shop-uat-api', { version: 'v2', releaseCommand: fixed });
    await fleet.serves('shop-uat-api', 'v2');
  });

  it('serves the same image again for another variable, and for a restart', async () => {
    const { image, release } = status('shop-uat-api');
    await fleet.apply('shop-uat-api', { variables: { COLOUR: 'blue' } });
    await fleet.until('another release', () => status('shop-uat-api').release !== release);
    await fleet.serves('shop-uat-api', 'v2');
    expect(await answer()).to.equal('shop uat api v2 two blue');
    const blue = status('shop-uat-api').release;
    await fleet.kubectl.succeed('annotate', 'sdep', 'shop-uat-api', `${RESTARTED_ANNOTATION}=once`);
    await fleet.until('another release', () => status('shop-uat-api').release !== blue);
    await fleet.serves('shop-uat-api', 'v2');
    expect(status('shop-uat-api').image).to.equal(image);
  });

  it('stops, and starts again', async () => {
    await fleet.apply('shop-uat-site', { stopped: true });
    await fleet.until('an end', () => status('shop-uat-site').routed?.addresses?.length === 0);
    expect(await fleet.ask('uat/site/')).to.match(/^503 /);
    await fleet.until('no container', () => rolled('shop-uat-site') === 'Stopped');
    for (const droplet of WEBS) expect(await containers('shop-uat-site', droplet, '-a')).to.deep.equal([]);
    await fleet.apply('shop-uat-site', { stopped: false });
    await fleet.serves('shop-uat-site', 'v1');
    expect(await fleet.ask('uat/site/answer')).to.match(/^shop uat site v1 one/);
  });
  const rolled = (name: string) => status(name).conditions?.find(({ type }) => type === 'Rolled')?.reason;

  it('keeps the volume of a database that is replaced, and of one that is deleted', async () => {
    const master = fleet.address('shop-master', 'privateAddress');
    const image = `${master}:5000/vendor/db:1`;
    const built = `dropfleet/shop:${status('shop-uat-api').image!.replace('sha256:', '')}`;
    await fleet.shell(
      'shop-master',
      `docker tag ${built} ${image} && docker push -q ${image} && docker rmi ${image}`,
    );
    const volumes = [{ name: 'data', path: '/data' }];
    await fleet.apply('shop-uat-db', { type: 'infra', image, volumes, stopSeconds: 5 });
    await fleet.settled('shop-uat-db', '1');
    const inside = (script: string) =>
      fleet.shell('shop-master', `docker exec ${current('shop-uat-db')} /usr/bin/busybox sh -c '${script}'`);
    await inside('echo precious >/data/rows');
    const reach = `curl -s http://${master}:${status('shop-uat-db').port}/answer`;
    expect(await fleet.shell('shop-web1', reach)).to.match(/^shop uat db/);
    const { release } = status('shop-uat-db');
    await fleet.apply('shop-uat-db', { variables: { COLOUR: 'green' } });
    await fleet.until('another release', () => status('shop-uat-db').release !== release);
    expect(await inside('/usr/bin/busybox cat /data/rows')).to.equal('precious');
    expect(await fleet.shell('shop-web1', reach)).to.match(/green$/);
    await fleet.kubectl.succeed('delete', 'sdep', 'shop-uat-db');
    expect(await containers('shop-uat-db', 'shop-master', '-a')).to.deep.equal([]);
    const list = await fleet.shell('shop-master', "docker volume ls --format '{{.Name}}'");
    expect(list).to.equal('shop-uat-db-data');
  });

  it('waits for a registry that is stopped, and goes on when it is back', async () => {
    await app.release('v3', 'three');
    await fleet.shell('shop-master', 'systemctl stop docker-registry');
    await fleet.apply('shop-uat-api', { version: 'v3' });
    await fleet.until('complaint', () => rolled('shop-uat-api') === 'ImageMissing');
    expect(await answer()).to.equal('shop uat api v2 two blue');
    await fleet.shell('shop-master', 'systemctl start docker-registry');
    await fleet.serves('shop-uat-api', 'v3');
    expect(await answer()).to.equal('shop uat api v3 three blue');
  });

  it('waits while the disk of a web is full, and goes on when there is room', async () => {
    await app.release('v4', 'four');
    await fleet.command('sandbox', 'fault', '--droplet', 'shop-web1', 'disk-full');
    await fleet.apply('shop-uat-api', { version: 'v4' });
    await fleet.until('complaint', () =>
      /^(ServerUnavailable|ImageMissing)$/.test(rolled('shop-uat-api') ?? ''),
    );
    expect(await answer()).to.equal('shop uat api v3 three blue');
    await fleet.command('sandbox', 'fault', '--droplet', 'shop-web1', '--clear');
    await fleet.serves('shop-uat-api', 'v4');
  });

  it('goes on in the middle of a rollout after kill -9', async () => {
    await app.release('v5', 'five');
    await fleet.apply('shop-uat-api', { version: 'v5' });
    await fleet.until('a start', () => rolled('shop-uat-api') === 'Starting');
    await fleet.kill();
    expect(await answer()).to.equal('shop uat api v4 four blue');
    await fleet.restart();
    await fleet.serves('shop-uat-api', 'v5');
    expect(await answer()).to.equal('shop uat api v5 five blue');
    await fleet.settled('shop-uat-api', 'v5');
    for (const droplet of WEBS)
      expect(await containers('shop-uat-api', droplet, '-a')).to.deep.equal([current('shop-uat-api')]);
  });

  it('brings the release to a new web before it gets requests', async () => {
    await fleet.command('scale', 'shop', '4');
    await fleet.until('it on the new web', () =>
      (status('shop-uat-api').routed?.addresses ?? []).includes(
        `${fleet.address('shop-web3', 'privateAddress')}:${portOf()}`,
      ),
    );
    expect(status('shop-uat-api').endpoints?.map(({ droplet }) => droplet)).to.deep.equal([
      ...WEBS,
      'shop-web3',
    ]);
  });
  const portOf = () => status('shop-uat-api').endpoints![0]!.address.split(':')[1];

  it('has lost no request until now', async () => {
    const { failed, total, reasons } = await load.stop();
    console.log(`      ${failed} of ${total} requests failed`);
    expect(reasons).to.deep.equal({});
  });

  it('is gone when it is deleted', async () => {
    await fleet.kubectl.succeed('delete', 'sdep', 'shop-prod-api', '--timeout', '120s');
    for (const droplet of WEBS) expect(await containers('shop-prod-api', droplet, '-a')).to.deep.equal([]);
    expect(await fleet.ask('prod/api/')).to.match(/^404|^503/);
  });

  it('has written a secret nowhere', async () => {
    const port = [...fleet.said().matchAll(/Metrics +(\S+)/g)].at(-1)![1]!;
    const texts: Record<string, string> = {
      log: fleet.said(),
      objects: await fleet.kubectl.succeed('get', 'projects,droplets,sdep,events,configmaps', '-o', 'yaml'),
      metrics: await (await fetch(port)).text(),
      infrastructure: JSON.stringify(await fleet.place.json('config', 'infrastructure.json')),
      history: await fleet.shell(
        'shop-web1',
        'docker history --no-trunc $(docker images -q | sort -u | head -n 1)',
      ),
    };
    for (const droplet of SERVERS) {
      texts[`ps of ${droplet}`] = await fleet.shell(droplet, 'ps axww');
      // In brackets, the search does not find itself. containerd keeps what it runs in memory: that is the container.
      const pattern = secret.replace('-', '[-]');
      const search = `grep -rlsE --exclude-dir=containerd ${pattern} /run /etc /tmp /var/lib/dropfleet /var/log /root /home || true`;
      texts[`files of ${droplet}`] = await fleet.shell(droplet, search);
    }
    for (const [what, text] of Object.entries(texts)) expect(text, what).to.not.contain(secret);
    for (const droplet of SERVERS) expect(texts[`files of ${droplet}`]).to.equal('');
  });
});
