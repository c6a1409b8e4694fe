import type { Clock } from '../clock.ts';
import type { Cloud, CloudFirewall } from './cloud.ts';

/**
 * The fleet's firewalls as last listed, with what this process did to them since. One list serves all who look:
 * firewalls change by hand only, and rarely.
 */
export interface FirewallList {
  /**
   * Whether there was no list yet, and there need be none: nothing is in doubt, and what this process itself made
   * is younger than so many ms.
   */
  isUntouched(maxAgeMs: number): boolean;
  /** Lists them unless the last list began less than so many ms ago; callers share it. Rejects when it fails. */
  refresh(maxAgeMs: number): Promise<void>;
  /** What is known is in doubt: the next refresh lists again, whatever its age. */
  doubt(): void;
  /** In the order of their creation. */
  list(): readonly CloudFirewall[];
  /** The cloud said that this firewall is so now. */
  put(firewall: CloudFirewall): void;
  /** The cloud said that it is gone. */
  drop(id: string): void;
}

/** A list that holds nothing until it is refreshed; it keeps the firewalls whose name begins with `prefix`. */
export function createFirewallList(
  cloud: Pick<Cloud, 'listFirewalls'>,
  prefix: string,
  clock: Pick<Clock, 'monotonic'>,
): FirewallList {
  let firewalls = new Map<string, CloudFirewall>();
  let listedAt: number | undefined;
  let firstPutAt: number | undefined;
  let isInDoubt = false;
  let underway: Promise<void> | undefined;
  /** What was done while a list was under way: that list may or may not show it. */
  let doneMeanwhile: (() => void)[] = [];

  async function listNow(): Promise<void> {
    const startedAt = clock.monotonic();
    doneMeanwhile = [];
    isInDoubt = false;
    try {
      const listed = await cloud.listFirewalls();
      const ours = listed.filter(({ name }) => name.startsWith(prefix));
      firewalls = new Map(ours.map(firewall => [firewall.id, firewall]));
      for (const change of doneMeanwhile) change();
      listedAt = startedAt;
    } catch (error) {
      isInDoubt = true;
      throw error;
    } finally {
      underway = undefined;
    }
  }

  function change(carryOut: () => void): void {
    carryOut();
    if (underway !== undefined) doneMeanwhile.push(carryOut);
  }

  return {
    isUntouched: maxAgeMs =>
      listedAt === undefined && !isInDoubt && clock.monotonic() - (firstPutAt ?? Infinity) < maxAgeMs,
    async refresh(maxAgeMs) {
      const isFresh = listedAt !== undefined && clock.monotonic() - listedAt < maxAgeMs;
      if (isFresh && !isInDoubt) return;
      underway ??= listNow();
      await underway;
    },
    doubt: () => void (isInDoubt = true),
    list: () => [...firewalls.values()].sort((a, b) => a.createdAt.localeCompare(b.createdAt)),
    put(firewall) {
      firstPutAt ??= clock.monotonic();
      change(() => firewalls.set(firewall.id, firewall));
    },
    drop: id => change(() => firewalls.delete(id)),
  };
}
