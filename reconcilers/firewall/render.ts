import { fleetTag, projectRoleTag } from '../../crds/cloud-tags.ts';
import { firewallName } from '../../crds/firewall-name.ts';
import { REGISTRY_PORT } from '../host/desired.ts';

/** What droplets are for in their project. */
export type Role = 'master' | 'web';

/** One rule; see CloudFirewallRule. */
export interface Rule {
  protocol: string;
  ports: string;
  addresses: readonly string[];
  tags: readonly string[];
  others: number;
}

/** All of a firewall that dropfleet decides. */
export interface FirewallShape {
  name: string;
  tags: readonly string[];
  inbound: readonly Rule[];
  outbound: readonly Rule[];
}

/** Whose firewall is rendered, and whom it lets in. */
export interface FirewallInput {
  fleetId: string;
  project: string;
  role: Role;
  /** Where sshd answers. */
  sshPort: number;
  /** Addresses and networks that may use SSH, besides the fleet's own droplets. */
  admins: readonly string[];
}

/** The services' own ports: nginx on the master, or infrastructure, answers there. */
const SERVICE_PORTS = '7000-9999';
/** Their containers are published on these, of their host's private address: a service's port and 10000 or 12000. */
const CONTAINER_PORTS = '18000-23999';
const ALL_PORTS = '0';
const EVERYWHERE = ['0.0.0.0/0', '::/0'];

/**
 * The firewall of a project's masters or webs:
 *
 *     to               | from                                  | masters | webs
 *     -----------------+---------------------------------------+---------+------
 *     SSH              | admins, the fleet's droplets          | yes     | yes
 *     80, 443          | everywhere                            | yes     | no
 *     registry         | the fleet's droplets                  | yes     | no
 *     service ports    | the fleet's droplets                  | yes     | yes
 *     their containers | the fleet's droplets                  | yes     | yes
 *     ping             | the fleet's droplets                  | yes     | yes
 *     everywhere       | the droplet itself                    | yes     | yes
 *
 * "The fleet's droplets" are those that carry its tag: fewer than all that share the VPC, where other people's
 * machines may be too. Monitors look at every project's services, so that it is not the project's droplets alone.
 */
export function renderFirewall({ fleetId, project, role, sshPort, admins }: FirewallInput): FirewallShape {
  const fleet = { tags: [fleetTag(fleetId)] };
  return {
    name: firewallName(fleetId, project, role),
    tags: [projectRoleTag(fleetId, project, role)],
    inbound: [
      rule('tcp', String(sshPort), { ...fleet, addresses: admins }),
      ...(role === 'master' ? ['80', '443'].map(port => rule('tcp', port, { addresses: EVERYWHERE })) : []),
      ...(role === 'master' ? [rule('tcp', String(REGISTRY_PORT), fleet)] : []),
      rule('tcp', SERVICE_PORTS, fleet),
      rule('tcp', CONTAINER_PORTS, fleet),
      rule('icmp', ALL_PORTS, fleet),
    ],
    outbound: ['tcp', 'udp', 'icmp'].map(protocol => rule(protocol, ALL_PORTS, { addresses: EVERYWHERE })),
  };
}

const rule = (
  protocol: string,
  ports: string,
  peers: { addresses?: readonly string[]; tags?: string[] },
): Rule => ({
  protocol,
  ports,
  addresses: [],
  tags: [],
  others: 0,
  ...peers,
});
