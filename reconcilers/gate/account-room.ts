import type { Clock } from '../../clients/clock.ts';
import type { ServerInformer } from '../../clients/digitalocean/server-informer.ts';
import type { Reader } from '../../clients/kubernetes/client.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { ObjectKey } from '../../crds/meta.ts';

/** Whether the account has room for another droplet, as far as is known: what has none is not asked for. */
export interface AccountRoom {
  /**
   * Why another one is not available now; undefined when it may be. Who was refused itself has a pause of its own, and
   * tries for all.
   */
  shortage(asker: ObjectKey): string | undefined;
  /** DigitalOcean has refused one for want of room, though the fleet alone does not take it all. */
  refused(asker: ObjectKey): void;
  /** There was room. */
  granted(): void;
}

export interface AccountRoomOptions {
  /** The most droplets that the account may have; undefined while that is not known. */
  limit: () => number | undefined;
  servers: Pick<ServerInformer, 'list' | 'get'>;
  droplets: Pick<Reader<Droplet>, 'list'>;
  clock: Pick<Clock, 'monotonic'>;
  /** For how long a refusal is believed of the others, ms: one of them then tries again for all. */
  refusedMs: number;
}

/** Room, until something else is known. */
export function createAccountRoom({
  limit,
  servers,
  droplets,
  clock,
  refusedMs,
}: AccountRoomOptions): AccountRoom {
  let full: { asker: ObjectKey; own: number; at: number } | undefined;

  /** Those that are listed, and those that were asked for since. */
  function own(): number {
    const unlisted = droplets
      .list()
      .filter(
        ({ status }) => status?.server?.id !== undefined && servers.get(status.server?.id) === undefined,
      );
    return servers.list().length + unlisted.length;
  }

  return {
    refused: asker => void (full = { asker, own: own(), at: clock.monotonic() }),
    granted: () => void (full = undefined),
    shortage(asker) {
      const most = limit();
      const isFull = full !== undefined && full.asker !== asker && clock.monotonic() - full.at < refusedMs;
      // A fleet that is to have no more than that cannot exceed it, but by servers that were replaced and are kept.
      const mayExceed =
        most !== undefined && Math.max(droplets.list().length - 1, servers.list().length) >= most;
      if (!isFull && !mayExceed) return undefined;
      const has = own();
      if (most !== undefined && has >= most)
        return `the account may have ${most} droplets, and this fleet has them all`;
      if (isFull && has >= full!.own)
        return `the account may have ${most ?? 'no more'} droplets; this fleet has ${has}, others the rest`;
      return undefined;
    },
  };
}
