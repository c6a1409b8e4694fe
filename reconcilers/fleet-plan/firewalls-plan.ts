import { firewallName } from '../../crds/firewall-name.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Project } from '../../crds/project.ts';
import { planFirewalls, type Firewall, type FirewallStep, type RoleView } from '../firewall/plan.ts';
import type { Role, Rule } from '../firewall/render.ts';

/** One firewall that orchestrate would make, put right or remove. */
export interface FirewallChange {
  action: FirewallStep['type'];
  name: string;
  project: string;
  role: Role;
}

/** What is known of the fleet's firewalls. */
export interface KnownFirewalls {
  fleetId: string;
  firewalls: readonly Firewall[];
  /** Where sshd answers. */
  sshPort: number;
  /** Whom SSH lets in; undefined when only the operator, on another machine, knows: then that is taken as right. */
  admins: readonly string[] | undefined;
}

/**
 * What happens to the firewalls of a Project as it will be, when all its Droplets are as it asks.
 *
 * @param others Droplets of other namespaces that bear its name.
 */
export function planFirewallChanges(
  project: Project,
  known: KnownFirewalls,
  others: readonly Droplet[] = [],
): FirewallChange[] {
  const { metadata, spec } = project;
  const servers = metadata.deletionTimestamp === undefined ? spec.servers : 0;
  const counts: [Role, number][] = [
    ['master', Math.min(servers, 1)],
    ['web', Math.max(servers - 1, 0)],
  ];
  const suspended = spec.suspend ?? false;
  return counts.flatMap(([role, count]) =>
    planFirewalls({
      ...known,
      project: metadata.name,
      roles: [viewOf(role, count + others.filter(({ spec }) => spec.role === role).length)],
      admins: known.admins ?? adminsOf(firewallName(known.fleetId, metadata.name, role), known),
      suspended,
    }).steps.map(step => changeOf(step, metadata.name, role)),
  );
}

const viewOf = (role: Role, droplets: number): RoleView => ({
  role,
  droplets,
  hasServers: droplets > 0,
  isTagInUse: droplets > 0,
});

const changeOf = (step: FirewallStep, project: string, role: Role): FirewallChange => ({
  action: step.type,
  name: step.type === 'delete' ? step.name : step.firewall.name,
  project,
  role,
});

/** Whom that firewall lets in by SSH now. */
function adminsOf(name: string, { firewalls, sshPort }: KnownFirewalls): readonly string[] {
  const isSsh = ({ protocol, ports }: Rule): boolean => protocol === 'tcp' && ports === String(sshPort);
  return firewalls.find(firewall => firewall.name === name)?.inbound.find(isSsh)?.addresses ?? [];
}
