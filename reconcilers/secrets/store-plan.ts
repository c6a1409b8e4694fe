import type { ServiceDeploymentSpec } from '../../crds/service-deployment.ts';
import {
  lookupIn,
  resolveSecret,
  secretNamesOf,
  type Held,
  type ResolvedSecret,
  type SeenSecret,
} from './lookup-plan.ts';

/** What a deploy knows about the secrets of a project in an environment. */
export interface StoreFacts extends Pick<ServiceDeploymentSpec, 'project' | 'environment'> {
  /** The secrets that its services want, in upper case. */
  names: readonly string[];
  /** The variables that the command sees. */
  variables: (name: string) => Held | undefined;
  /** Whether the operator sees the variables of that source, too. */
  isSeen: (source: string) => boolean;
  /** The project's, as they are in Kubernetes. */
  secrets: readonly SeenSecret[];
}

/** What to do to the Secret `<project>-<environment>`, so that the operator finds what the command does. */
export interface StorePlan {
  /** The keys to write, each with the variable that holds its value. */
  store: { name: string; variable: string }[];
  /** The keys of earlier deploys that would hide what is found by now. */
  remove: string[];
  /** Those that would replace a key which no deploy wrote. */
  conflicts: { name: string; variable: string }[];
  /** Those without a value anywhere. */
  missing: ResolvedSecret[];
}

/**
 * Looks as if no deploy had brought anything along, and compares:
 *
 *     what is found             | brought along earlier | does
 *     --------------------------+-----------------------+-------------------------
 *     a variable, unseen        | any                   | store
 *     a variable, seen; a Secret| yes                   | remove
 *     a variable, seen; a Secret| no                    | -
 *     nothing                   | yes                   | - (it still counts)
 *     nothing                   | no                    | missing
 */
export function planStore(facts: StoreFacts): StorePlan {
  const { project, environment, names, variables, secrets, isSeen } = facts;
  const lookup = lookupIn(project, variables, secrets.map(withoutStored));
  const own = secrets.find(({ name }) => name === secretNamesOf(project, environment)[0]);
  const plan: StorePlan = { store: [], remove: [], conflicts: [], missing: [] };
  for (const name of new Set(names)) {
    const resolved = resolveSecret({ project, environment, name }, lookup);
    const held = own?.keys.get(name);
    const { from } = resolved;
    if (from === undefined) {
      if (!held?.isStored || held.isEmpty) plan.missing.push(resolved);
    } else if ('variable' in from && !isSeen(from.source)) {
      const isForeign = held !== undefined && !held.isStored && !held.isEmpty;
      (isForeign ? plan.conflicts : plan.store).push({ name, variable: from.variable });
    } else if (held?.isStored) plan.remove.push(name);
  }
  return plan;
}

const withoutStored = ({ keys, ...secret }: SeenSecret): SeenSecret => ({
  ...secret,
  keys: new Map([...keys].filter(([, { isStored }]) => !isStored)),
});
