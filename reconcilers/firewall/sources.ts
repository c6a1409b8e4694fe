import type { ConfigMap } from '../../clients/kubernetes/kinds.ts';
import { canonicalNetwork } from '../../config/network.ts';

/** What the operator was started with. */
export interface AdminSettings {
  /** ADMIN_IP; the operator's own address when absent. */
  adminIp?: string;
  /** ADDITIONAL_IPS. */
  additionalIps: readonly string[];
}

/**
 * What `dropfleet update-ip` has done since the operator was started, from a ConfigMap: that is how a change
 * reaches an operator wherever it runs, without a restart.
 */
export interface AdminOverride {
  /** The new ADMIN_IP. */
  adminIp?: string;
  /** The ADMIN_IP that it took the place of: empty when there was none, `*` for whatever there is. */
  replaces?: string;
  /** An address that is being proved: let in besides, until then. */
  candidate?: string;
  /** Wall time, ms. */
  candidateUntil?: number;
}

/** Reads the ConfigMap; nothing of it holds when there is none. */
export function overrideOf(configMap: ConfigMap | undefined): AdminOverride {
  const { adminIp, replaces, candidate, candidateUntil } = configMap?.data ?? {};
  const until = Date.parse(candidateUntil ?? '');
  return {
    ...(adminIp && { adminIp, replaces: replaces ?? '' }),
    ...(candidate && !Number.isNaN(until) && { candidate, candidateUntil: until }),
  };
}

/**
 * The ADMIN_IP that holds. The override's does only as long as the operator's own is one that it replaced: whoever
 * has edited .env and restarted since then is right.
 */
export function effectiveAdminIp({ adminIp }: Pick<AdminSettings, 'adminIp'>, override: AdminOverride) {
  const isReplaced = ['*', adminIp ?? ''].includes(override.replaces ?? '-');
  return override.adminIp !== undefined && isReplaced ? override.adminIp : adminIp;
}

/** Whom SSH lets in, sorted: the admin, others, the operator itself, and who is being proved. */
export function sshSources(
  settings: AdminSettings,
  override: AdminOverride,
  operatorAddress: string,
  now: number,
): string[] {
  const { candidate, candidateUntil = 0 } = override;
  const sources = [
    effectiveAdminIp(settings, override) ?? operatorAddress,
    ...settings.additionalIps,
    operatorAddress,
    ...(candidate !== undefined && now < candidateUntil ? [candidate] : []),
  ];
  return [...new Set(sources.map(canonicalNetwork))].sort();
}
