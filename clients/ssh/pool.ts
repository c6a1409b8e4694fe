import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { unreachable } from './failures.ts';
import { createHost } from './host.ts';
import { shareConnection, type SharedConnection } from './shared-connection.ts';
import type { HostAccess, SshPool } from './ssh.ts';

/** What a pool is given. */
export interface PoolOptions {
  clock: Clock;
  /** 0 up to but not including 1: spreads attempts to connect again. */
  random: () => number;
}

/** A pool that is connected to nothing yet. */
export function createSshPool({ clock, random }: PoolOptions): SshPool {
  const connections = new Map<string, SharedConnection>();
  let isClosed = false;

  /** Looked up for each use, so that nothing stays of a host that is not used any more. */
  function connectionTo(access: HostAccess, identity: string): SharedConnection {
    if (isClosed) throw unreachable(access, 'dropfleet is stopping');
    const existing = connections.get(identity);
    if (existing !== undefined) return existing;
    for (const [other, connection] of connections) if (connection.isForgettable()) connections.delete(other);
    const shared = shareConnection(access, clock, random);
    connections.set(identity, shared);
    return shared;
  }

  return {
    host(access) {
      const identity = identityOf(access);
      return createHost(access, () => connectionTo(access, identity), clock);
    },
    close() {
      isClosed = true;
      for (const connection of connections.values()) connection.end();
      connections.clear();
    },
  };
}

/**
 * Another key or another pin is another connection: one that was made under the old ones proves nothing about
 * the new.
 */
function identityOf({ address, port, user, privateKey, hostKeys }: HostAccess): string {
  const parts = [address, port, user, privateKey.reveal(), ...hostKeys.toSorted()];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}
