import { balancingOf, type Balancing } from '../../reconcilers/read-model/balancing.ts';
import type { GenerationInput } from '../../reconcilers/load-balancer/generation.ts';
import { DEBIAN } from '../../reconcilers/load-balancer/layout.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { aDroplet, activeStatus } from './objects.ts';

/** A droplet that runs and has that private address. */
export function aServer(
  name: string,
  privateAddress: string,
  parts: Parameters<typeof aDroplet>[1] = {},
): Droplet {
  return aDroplet(name, { ...parts, status: { ...activeStatus(1, { privateAddress }), ...parts.status } });
}

/** What shop's master balances when all droplets that the services name run. */
export function balancingFor(...services: ServiceDeployment[]): Balancing {
  const endpoints = services.flatMap(({ status }) => status?.endpoints ?? []);
  const droplets = endpoints.map(({ droplet, address }) => aServer(droplet, address.split(':')[0]!));
  return balancingOf('shop', droplets, services);
}

/** The input of a configuration for Debian 12's nginx. */
export const generationInput = (
  balancing: Balancing,
  changes: Partial<GenerationInput> = {},
): GenerationInput => ({
  balancing,
  layout: DEBIAN,
  features: { hasKeepaliveMinTimeout: false },
  quarantined: new Map(),
  ...changes,
});
