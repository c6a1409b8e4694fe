import { isNotFound } from '../../clients/kubernetes/errors.ts';
import { findObject } from '../../clients/kubernetes/find-object.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../clients/kubernetes/kinds.ts';
import { ADMIN_ACCESS_CONFIG_MAP } from '../../crds/names.ts';
import {
  overrideOf,
  sshSources,
  type AdminOverride,
  type AdminSettings,
} from '../../reconcilers/firewall/sources.ts';
import { findOperatorAddress } from './operator-address.ts';
import type { World } from './world.ts';

/** Whom the environment lets in by SSH. */
export const adminSettingsOf = ({
  settings: { adminIp, additionalIps },
}: Pick<World, 'settings'>): AdminSettings => ({
  ...(adminIp !== undefined && { adminIp }),
  additionalIps,
});

/** What `dropfleet update-ip` told the operator. */
export async function readAdminAccess({
  kubernetes,
  namespace,
}: Pick<World, 'kubernetes' | 'namespace'>): Promise<ConfigMap | undefined> {
  return await findObject(kubernetes, CONFIG_MAPS, `${namespace}/${ADMIN_ACCESS_CONFIG_MAP}`);
}

/** Whom SSH lets in; undefined with a cluster, whose operator has an address of its own, or when it cannot be known. */
export async function knownAdmins(world: World): Promise<readonly string[] | undefined> {
  if (world.hasCluster) return undefined;
  try {
    const address = await findOperatorAddress(world, new AbortController().signal);
    return sshSources(adminSettingsOf(world), overrideOf(await readAdminAccess(world)), address, Date.now());
  } catch {
    // The operator tells that it does not know, and leaves everything as it is.
    return undefined;
  }
}

/** Writes it for the operator; what is not named is taken back. */
export async function writeAdminAccess(
  { kubernetes, namespace }: Pick<World, 'kubernetes' | 'namespace'>,
  { adminIp, replaces, candidate, candidateUntil }: AdminOverride,
): Promise<void> {
  const data = {
    adminIp: adminIp ?? null,
    replaces: adminIp === undefined ? null : (replaces ?? ''),
    candidate: candidate ?? null,
    candidateUntil: candidateUntil === undefined ? null : new Date(candidateUntil).toISOString(),
  };
  const key = `${namespace}/${ADMIN_ACCESS_CONFIG_MAP}`;
  try {
    await kubernetes.patch(CONFIG_MAPS, key, { data });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const metadata = { name: ADMIN_ACCESS_CONFIG_MAP, namespace };
    await kubernetes.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
    await kubernetes.patch(CONFIG_MAPS, key, { data });
  }
}
