// A firewall carries no tags of its own (its tags say whom it protects), so its name says whose it is. Names take
// letters, digits, dots and dashes; the ids of fleets and the names of projects have no dots.

/** What the names of all firewalls of the fleet begin with. */
export const firewallPrefix = (fleetId: string): string => `dropfleet.${fleetId}.`;

/** The name of the firewall of all droplets of a project that play the role. */
export const firewallName = (fleetId: string, project: string, role: 'master' | 'web'): string =>
  `${firewallPrefix(fleetId)}${project}.${role}`;

/** Which firewall of the fleet has that name; undefined when it is none of the fleet's. */
export function firewallNamed(
  fleetId: string,
  name: string,
): { project: string; role: 'master' | 'web' } | undefined {
  const prefix = firewallPrefix(fleetId);
  if (!name.startsWith(prefix)) return undefined;
  const [project, role, ...rest] = name.slice(prefix.length).split('.');
  if (!project || rest.length > 0 || (role !== 'master' && role !== 'web')) return undefined;
  return { project, role };
}

/** The name of the firewall around the server of a restore drill, by the uid of the Droplet. */
export const drillFirewallName = (fleetId: string, uid: string): string =>
  `${firewallPrefix(fleetId)}drill.${uid}`;

/** The uid of the Droplet whose drill a firewall of that name is for; undefined when it is for none. */
export function drillFirewallNamed(fleetId: string, name: string): string | undefined {
  const prefix = drillFirewallName(fleetId, '');
  const isProjects = firewallNamed(fleetId, name) !== undefined;
  return name.startsWith(prefix) && !isProjects ? name.slice(prefix.length) : undefined;
}
