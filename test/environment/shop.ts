import { SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import { isConditionTrue } from '../../crds/conditions.ts';
import { API_VERSION } from '../../crds/names.ts';
import type { ServiceDeploymentSpec } from '../../crds/service-deployment.ts';
import type { Hosts } from '../../reconcilers/context.ts';
import { hostOf } from '../../reconcilers/host/access.ts';
import type { OperatorWorld } from './operator-world.ts';
import { databaseSpec, MAKE_DATABASE_IMAGE } from './row-database.ts';
import { createSampleApp } from './sample-app.ts';

const SERVICE = 'shop-prod-api';
const DATABASE = 'shop-prod-database';
/** Where the load balancer shows what the service answers. */
export const SHOP_PATH = '/shop/prod/api';
/** The host makes an image in less, ms. */
const PATIENCE_MS = 600_000;

/** The way into hosts. */
export type HostAccess = Pick<Hosts, 'ssh' | 'port' | 'privateKey'>;

/**
 * Wants a program on the webs of a project named shop, and a database with a volume on its master, whose rows it shows.
 *
 * @param folder where the program's repository is made.
 */
export async function deployShop(world: OperatorWorld, hosts: HostAccess, folder: string): Promise<void> {
  const { kubernetes, namespace } = world;
  const create = async (name: string, spec: ServiceDeploymentSpec): Promise<void> => {
    const metadata = { name, namespace };
    const service = { apiVersion: API_VERSION, kind: 'ServiceDeployment' as const, metadata, spec };
    await kubernetes.create(SERVICE_DEPLOYMENTS, service, {});
  };
  const master = world.droplet('shop-master')!;
  const image = `${master.status!.server!.privateAddress}:5000/vendor/database:1`;
  const argv = ['sudo', '-n', 'sh', '-c', MAKE_DATABASE_IMAGE, 'make-database', image];
  await hostOf(hosts, master)!.succeed(argv, { timeoutMs: PATIENCE_MS });
  const app = await createSampleApp(folder);
  await app.release('v1', 'one');
  await create(DATABASE, databaseSpec('shop', image));
  await create(SERVICE, {
    project: 'shop',
    environment: 'prod',
    service: 'api',
    type: 'web',
    source: { git: { url: app.url, ref: 'main' } },
    healthCheck: { path: '/health' },
    version: 'v1',
  });
}

/** The servers that get its requests, as nginx says. */
export function servingOf(world: OperatorWorld): string[] {
  const { endpoints = [], routed, conditions } = world.service(SERVICE)?.status ?? {};
  if (!isConditionTrue(conditions, 'Routed')) return [];
  return endpoints
    .filter(({ address }) => routed?.addresses?.includes(address))
    .map(({ droplet }) => droplet)
    .toSorted();
}
