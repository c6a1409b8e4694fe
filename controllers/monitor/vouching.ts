import type { Clock } from '../../clients/clock.ts';
import type { Reader } from '../../clients/kubernetes/client.ts';
import type { Lease } from '../../clients/kubernetes/kinds.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import type { Hosts } from '../../reconcilers/context.ts';
import { readVote } from '../../reconcilers/health/vote.ts';
import { vouchLease, vouchName } from '../../reconcilers/health/vouch.ts';
import { hostOf } from '../../reconcilers/host/access.ts';
import type { Prober } from '../../reconcilers/monitor/probe.ts';
import type { LeaseWriter } from '../../reconcilers/health/lease-writer.ts';

/** What it takes to vouch for a server. */
export interface VouchingParts {
  /** The name of the monitor whose word it is. */
  readonly monitor: string;
  readonly namespace: string;
  readonly hosts: Pick<Hosts, 'ssh' | 'port' | 'privateKey'>;
  readonly clock: Clock;
  readonly droplets: Pick<Reader<Droplet>, 'get'>;
  readonly leases: Pick<Reader<Lease>, 'get' | 'list'>;
  readonly writer: LeaseWriter;
}

/** Speaks up for servers that others vote against. */
export interface Vouching {
  /**
   * Asks those of these servers that there are votes against, and says so of each that answers; takes back the word
   * for those that nobody votes against any more. Nothing is waited for.
   */
  renew(vantages: ReadonlyMap<ObjectKey, Prober>, signal: AbortSignal): void;
}

/** Keeps nothing in mind: what is accused is read from the votes. */
export function createVouching(parts: VouchingParts): Vouching {
  const { namespace, leases, droplets, writer } = parts;
  return {
    renew(vantages, signal) {
      const accused = new Set(leases.list().flatMap(lease => readVote(lease)?.dropletID ?? []));
      for (const [key, prober] of vantages) {
        const droplet = droplets.get(key);
        const id = droplet?.status?.server?.id;
        if (droplet === undefined || id === undefined) continue;
        const metadata = { name: vouchName({ dropletID: id }), namespace };
        if (accused.has(id)) void vouch(parts, droplet, id, prober, signal);
        else if (leases.get(keyOf({ metadata })) !== undefined) void writer.remove({ metadata });
      }
    },
  };
}

async function vouch(
  { monitor, namespace, hosts, clock, writer }: VouchingParts,
  droplet: Droplet,
  dropletID: number,
  prober: Prober,
  signal: AbortSignal,
): Promise<void> {
  const host = hostOf(hosts, droplet);
  if (host === undefined) return;
  const isThere = await prober.isConnected(host, [], signal).catch(() => false);
  if (!isThere || signal.aborted) return;
  const { project } = droplet.spec;
  const word = { target: keyOf(droplet), project, dropletID, monitor, renewedAt: clock.now() };
  await writer.write(vouchLease(word, namespace, droplet));
}
