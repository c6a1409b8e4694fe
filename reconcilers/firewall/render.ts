import { fleetTag, projectRoleTag } from '../../crds/cloud-tags.ts';
import { firewallName } from '../../crds/firewall-name.ts';

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

/** Services are published on these ports, of their host's private address (design, "Service ports"). */
const SERVICE_PORTS = '8000-9999';
const ALL_PORTS = '0';
const EVERYWHERE = ['0.0.0.0/0', '::/0'];

/**
 * The firewall of a project's masters or webs:
 *
 *     to               | from                                  | masters | webs
 *     -----------------+---------------------------------------+---------+------
 *     SSH              | admins, the fleet's droplets          | yes     | yes
 *     80, 443          | everywhere                            | yes     | no
 *     service ports    | the fleet's droplets                  | yes     | yes
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
      rule('tcp', SERVICE_PORTS, fleet),
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
