import { dirname } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../clients/clock.ts';
import { createGit } from '../../../clients/git/git.ts';
import {
  DROPLETS,
  PROJECTS,
  SERVICE_DEPLOYMENTS,
  type ResourceKind,
} from '../../../clients/kubernetes/kinds.ts';
import { createSshPool } from '../../../clients/ssh/pool.ts';
import type { SshPool } from '../../../clients/ssh/ssh.ts';
import { SecretText } from '../../../config/secret-text.ts';
import { isConditionTrue } from '../../../crds/conditions.ts';
import { RECOVER_ANNOTATION } from '../../../crds/names.ts';
import type { Project, ProjectSpec, ProjectStatus } from '../../../crds/project.ts';
import { formatRecoverWish } from '../../../crds/recover-wish.ts';
import type { ServiceDeployment } from '../../../crds/service-deployment.ts';
import { createBuilder } from '../../../reconcilers/build/build.ts';
import { createImages } from '../../../reconcilers/service/image-supply.ts';
import { aProject, aServiceDeployment } from '../../builders/objects.ts';
import { describeOnStandalone } from '../../environment/api-server.ts';
import { openEmulatedHosts } from '../../environment/emulated-hosts.ts';
import { openOperatorWorld, type OperatorWorld } from '../../environment/operator-world.ts';

const TIMINGS = { retryMs: 200, slowestRetryMs: 1_000, resyncMs: 1_000, firstBootWaitMs: 20_000 };
const ON_VOLUME = '/mnt/dropfleet-data/shop-prod-db-data';
const ON_DISK = '/var/lib/docker/volumes/shop-prod-db-data/_data';

describeOnStandalone('A data volume', 'the hosts do not know which API server there is', server => {
  let world: OperatorWorld;
  let pool: SshPool;

  before(async () => {
    const driver = await openEmulatedHosts();
    world = await openOperatorWorld(server(), { driver, timings: TIMINGS, patienceMs: 40_000 });
    pool = createSshPool({ clock: systemClock, random: Math.random });
    const git = createGit({ folder: dirname(world.csvPath), env: process.env });
    world.startOperator({
      csv: false,
      images: createImages({ builder: createBuilder(systemClock), git }),
    });
    await create(PROJECTS, aProject('shop', { spec: { servers: 1 } }));
    const database = aServiceDeployment(
      'shop-prod-db',
      {},
      { spec: { type: 'infra', image: 'redis:7', volumes: [{ name: 'data', path: '/data' }] } },
    );
    await create(SERVICE_DEPLOYMENTS, database);
    await world.until('the database to run', () => isRolled());
  });
  after(async () => {
    pool?.close();
    await world?.close();
  });

  async function create<T extends Project | ServiceDeployment>(
    kind: ResourceKind<T>,
    object: T,
  ): Promise<void> {
    const { name, labels } = object.metadata;
    const metadata = { name, namespace: world.namespace, ...(labels && { labels }) };
    const { status: _none, ...rest } = object;
    await world.kubernetes.create(kind, { ...rest, metadata } as T, {});
  }
  const ask = (spec: Partial<ProjectSpec>) =>
    world.kubernetes.patch(PROJECTS, `${world.namespace}/shop`, { spec }, {});
  const status = (): ProjectStatus => world.project('shop')?.status ?? {};
  const serverID = () => world.droplet('shop-master')?.status?.server?.id;
  const isRolled = (): boolean =>
    isConditionTrue(world.service('shop-prod-db')?.status?.conditions, 'Rolled');
  const isOnVolume = (): boolean =>
    isRolled() &&
    isConditionTrue(status().conditions, 'DataVolumeReady') &&
    status().dataVolume?.serverID === serverID() &&
    world.service('shop-prod-db')?.status?.dataVolume !== undefined;
  /** What `kubectl get` shows of it. */
  const hasAddress = (): boolean => {
    const { reservedIP, masterAddress } = status();
    return (
      reservedIP?.serverID !== undefined &&
      reservedIP.serverID === serverID() &&
      masterAddress === reservedIP.address
    );
  };
  async function onMaster(script: string): Promise<string> {
    const { status: its } = world.droplet('shop-master')!;
    const host = pool.host({
      address: its!.server!.publicAddress!,
      port: world.sandbox.hosts!.sshPort,
      user: 'dropfleet',
      privateKey: new SecretText(world.sshKey.privateKey),
      hostKeys: [its!.host!.keyFingerprint!],
    });
    return (await host.succeed(['sudo', '-n', 'sh', '-c', script])).stdout.trim();
  }

  it('gets the data that were on the disk, once, and the service goes on there', async () => {
    await onMaster(`echo precious >${ON_DISK}/row`);
    await ask({ dataVolume: { sizeGB: 10 }, reservedIP: true });
    await world.until('the database to be on the volume', isOnVolume);
    expect(await onMaster(`cat ${ON_VOLUME}/row ${ON_DISK}/row`)).to.equal('precious\nprecious');
    expect(await onMaster("docker ps -a --format '{{.Mounts}}'")).to.equal('shop-prod-db-data.volume');
    await onMaster(`echo newer >${ON_VOLUME}/row`);
  });

  it('goes over to the server that takes the place of the master, with all that is on it', async () => {
    await world.until('an address that leads to the master', hasAddress);
    const address = status().masterAddress;
    const before = serverID()!;
    const wish = formatRecoverWish({ serverID: before, clean: true });
    const annotations = { [RECOVER_ANNOTATION]: wish };
    await world.kubernetes.patch(
      DROPLETS,
      `${world.namespace}/shop-master`,
      { metadata: { annotations } },
      {},
    );
    await world.until('another master', () => serverID() !== undefined && serverID() !== before);
    await world.until('the database to be on the volume again', isOnVolume);
    await world.until('the address to lead there', hasAddress);
    expect(status().masterAddress).to.equal(address);
    expect((await world.owner.listReservedIPs()).map(({ dropletId }) => dropletId)).to.deep.equal([
      serverID(),
    ]);
    expect(await onMaster(`cat ${ON_VOLUME}/row`)).to.equal('newer');
    const volumes = await world.owner.listVolumes(undefined);
    expect(volumes.map(({ dropletIds }) => dropletIds)).to.deep.equal([[serverID()]]);
    expect((await world.owner.getDroplet(before)).status).to.equal('off');
  });

  it('grows while it is in use', async () => {
    await ask({ dataVolume: { sizeGB: 20 } });
    await world.until('20 GB', () => status().dataVolume?.sizeGB === 20 && isOnVolume());
    expect((await world.owner.listVolumes(undefined)).map(({ sizeGB }) => sizeGB)).to.deep.equal([20]);
  });

  it('stays when its Project goes', async () => {
    await world.kubernetes.delete(PROJECTS, `${world.namespace}/shop`, {});
    await world.until('the Project to be gone', () => world.project('shop') === undefined);
    const volumes = await world.owner.listVolumes(undefined);
    expect(volumes.map(({ dropletIds }) => dropletIds)).to.deep.equal([[]]);
  });
});
