import type { Clock } from '../../clients/clock.ts';
import type { ConfigMap } from '../../clients/kubernetes/kinds.ts';
import { overrideOf, sshSources, type AdminSettings } from './sources.ts';

/** Whom SSH lets in, as far as that is known. */
export type AdminAccess =
  | { isKnown: true; sources: readonly string[] }
  /** Says why not, and what to do, in a sentence. */
  | { isKnown: false; problem: string };

/** What it takes to know whom SSH lets in. */
export interface AdminAccessOptions {
  settings: AdminSettings;
  /** The address that droplets see this operator under; rejects with a sentence that says what to do. */
  operatorAddress: (signal: AbortSignal) => Promise<string>;
  /** What `dropfleet update-ip` wrote. */
  override: () => ConfigMap | undefined;
  clock: Pick<Clock, 'now' | 'monotonic'>;
  /** How long the operator's address is believed, in milliseconds. */
  maxAgeMs: number;
  /** How soon to ask again after that failed. */
  retryMs: number;
}

/** DigitalOcean takes no more addresses in one rule. */
const MOST_SOURCES = 1_000;

/**
 * Finds out whom SSH lets in. The operator's own address is always among them, so that no firewall can lock it
 * out; while it has never been known, nobody is said to be let in, and firewalls stay as they are. Once known it
 * is kept when it cannot be found out again.
 */
export function createAdminAccess(
  options: AdminAccessOptions,
): (signal: AbortSignal) => Promise<AdminAccess> {
  const { settings, override, clock, maxAgeMs, retryMs } = options;
  let address: string | undefined;
  let nextAskAt = -Infinity;
  let problem = '';
  let underway: Promise<void> | undefined;

  async function ask(signal: AbortSignal): Promise<void> {
    try {
      address = await options.operatorAddress(signal);
      nextAskAt = clock.monotonic() + maxAgeMs;
    } catch (error) {
      signal.throwIfAborted();
      problem = error instanceof Error ? error.message : String(error);
      nextAskAt = clock.monotonic() + retryMs;
    } finally {
      underway = undefined;
    }
  }

  return async signal => {
    if (clock.monotonic() >= nextAskAt) await (underway ??= ask(signal));
    if (address === undefined) return { isKnown: false, problem };
    const sources = sshSources(settings, overrideOf(override()), address, clock.now());
    if (sources.length <= MOST_SOURCES) return { isKnown: true, sources };
    return {
      isKnown: false,
      problem: `ADDITIONAL_IPS has too many addresses: a firewall takes ${MOST_SOURCES} in all; write networks instead`,
    };
  };
}
