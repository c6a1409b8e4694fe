import { firewallName } from '../../crds/firewall-name.ts';
import { renderFirewall, type FirewallShape, type Role, type Rule } from './render.ts';

/** A firewall in the cloud, as far as a plan needs to know it. */
export interface Firewall extends FirewallShape {
  id: string;
  dropletIds: readonly number[];
}

export type FirewallStep =
  | { type: 'create'; role: Role; firewall: FirewallShape }
  | { type: 'update'; id: string; firewall: FirewallShape }
  | { type: 'delete'; id: string; name: string };

/** What is known of a project's droplets of one role. */
export interface RoleView {
  role: Role;
  /** Droplet objects, those being deleted too. */
  droplets: number;
  /** A server was made for at least one of them; before, there is nothing to protect, nor the tag to do it by. */
  hasServers: boolean;
  /** Servers carry the tag of project and role, whether an object owns them or not. */
  isTagInUse: boolean;
}

export interface FirewallPlanInput {
  fleetId: string;
  project: string;
  roles: readonly RoleView[];
  /** The fleet's, oldest first; other projects' are passed over. */
  firewalls: readonly Firewall[];
  sshPort: number;
  /** Whom SSH lets in; undefined while that is not known. */
  admins: readonly string[] | undefined;
  suspended: boolean;
}

export interface FirewallPlan {
  steps: FirewallStep[];
  /** Something cannot be made, or made right, before it is known whom SSH lets in. */
  needsAdmins: boolean;
  /** A firewall goes as soon as the last server that it may protect is out of the fleet's list. */
  waitsForServers: boolean;
}

/**
 * What makes a project's firewalls as they should be.
 *
 *     droplets     | servers with the tag | in the cloud    | admins  | step
 *     -------------+----------------------+-----------------+---------+----------------------------
 *     some         | asked for            | none            | known   | create
 *     some         | asked for            | none            | unknown | - (a person is told)
 *     some         | none yet             | none            | any     | -
 *     some         | any                  | as it should be | known   | -
 *     some         | any                  | different       | known   | update
 *     some         | any                  | any             | unknown | - : nobody is locked out
 *     none         | some                 | any             | any     | wait: they stay protected
 *     none         | none                 | any             | any     | delete
 *     any          | any                  | several         | any     | keep the oldest, delete the others
 *
 * While the project is suspended nothing is made or changed; what protects nobody goes all the same.
 */
export function planFirewalls(input: FirewallPlanInput): FirewallPlan {
  const plans = input.roles.map(view => planRole(view, input));
  return {
    steps: plans.flatMap(plan => plan.steps),
    needsAdmins: plans.some(plan => plan.needsAdmins),
    waitsForServers: plans.some(plan => plan.waitsForServers),
  };
}

const NOTHING: FirewallPlan = { steps: [], needsAdmins: false, waitsForServers: false };

function planRole(view: RoleView, input: FirewallPlanInput): FirewallPlan {
  const name = firewallName(input.fleetId, input.project, view.role);
  const existing = input.firewalls.filter(firewall => firewall.name === name);
  if (view.droplets === 0 && !view.isTagInUse) return { ...NOTHING, steps: existing.map(deletion) };
  if (view.droplets === 0) return { ...NOTHING, waitsForServers: existing.length > 0 };
  if (input.suspended) return NOTHING;
  const [firewall, ...surplus] = existing;
  if (firewall === undefined && !view.hasServers) return NOTHING;
  if (input.admins === undefined) return { ...NOTHING, needsAdmins: true };
  const wanted = renderFirewall({ ...input, admins: input.admins, role: view.role });
  return { ...NOTHING, steps: [...convergence(view.role, firewall, wanted), ...surplus.map(deletion)] };
}

function convergence(role: Role, firewall: Firewall | undefined, wanted: FirewallShape): FirewallStep[] {
  if (firewall === undefined) return [{ type: 'create', role, firewall: wanted }];
  return isAsWanted(firewall, wanted) ? [] : [{ type: 'update', id: firewall.id, firewall: wanted }];
}

const deletion = ({ id, name }: Firewall): FirewallStep => ({ type: 'delete', id, name });

/** Whether a firewall protects the same droplets by the same rules, in whatever order they are listed. */
export function isAsWanted(firewall: Firewall, wanted: FirewallShape): boolean {
  return firewall.dropletIds.length === 0 && fingerprint(firewall) === fingerprint(wanted);
}

const fingerprint = ({ tags, inbound, outbound }: FirewallShape): string =>
  JSON.stringify([lowerSorted(tags), rulesText(inbound), rulesText(outbound)]);

const rulesText = (rules: readonly Rule[]): string[] => rules.map(ruleText).toSorted();

function ruleText({ protocol, ports, addresses, tags, others }: Rule): string {
  const single = addresses.map(address => address.replace(/^([\d.]+)\/32$|^(.*:.*)\/128$/, '$1$2'));
  return JSON.stringify([protocol, ports, lowerSorted(single), lowerSorted(tags), others]);
}

const lowerSorted = (words: readonly string[]): string[] =>
  [...new Set(words.map(word => word.toLowerCase()))].toSorted();
