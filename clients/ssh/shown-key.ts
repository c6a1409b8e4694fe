import type { Clock } from '../clock.ts';
import { openConnection } from './connection.ts';
import { isHostKeyMismatch } from './errors.ts';
import type { HostAccess } from './ssh.ts';

/** Accepted of no host, as no key has it for its fingerprint. */
const NONE = 'SHA256:none';

/**
 * The fingerprint of the SSH host key that answers on an address, for a person to say whether it is right: nobody has
 * vouched for it. The host is told nothing, not even a user's name. Rejects with HostUnreachable.
 */
export async function shownHostKey(
  place: Pick<HostAccess, 'address' | 'port' | 'privateKey'>,
  clock: Clock,
): Promise<string> {
  try {
    const connection = await openConnection({ ...place, user: 'nobody', hostKeys: [NONE] }, clock);
    connection.end();
  } catch (error) {
    if (isHostKeyMismatch(error) && error.shown !== undefined) return error.shown;
    throw error;
  }
  throw new Error('a host key that is accepted of nobody was accepted');
}
