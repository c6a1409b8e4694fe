import { sleep, type Clock } from '../../clients/clock.ts';
import { describeError } from '../../clients/log/describe-error.ts';
import type { Logger } from '../../clients/log.ts';
import { fingerprintOfLine } from '../../clients/ssh/fingerprint.ts';
import type { HiddenText } from '../../clients/ssh/ssh.ts';
import type { FleetKey } from '../../reconcilers/ssh-key/key-ring.ts';

/** How often the key is read again, ms. What is connected stays so, whatever key hosts let in by then. */
export const KEY_MS = 60_000;

/** The fleet's SSH key for a process that goes on while another takes its place. */
export interface CurrentKey {
  /** As it was read last. */
  readonly privateKey: HiddenText;
  /** Reads it again and again until the signal aborts; never rejects. */
  follow(signal: AbortSignal): Promise<void>;
}

/** @param read rejects where the key is gone or not the fleet's: what was read before stays. */
export async function createCurrentKey(
  read: () => Promise<FleetKey>,
  { clock, log }: { clock: Clock; log: Logger },
): Promise<CurrentKey> {
  let current = await read();
  let problem: string | undefined;

  async function readAgain(): Promise<void> {
    try {
      const next = await read();
      if (next.publicKey !== current.publicKey)
        log.info(`uses the fleet's new SSH key ${fingerprintOfLine(next.publicKey)}`);
      current = next;
      problem = undefined;
    } catch (error) {
      const message = describeError(error);
      if (message !== problem) log.warn(`goes on with the SSH key it has: ${message}`);
      problem = message;
    }
  }

  return {
    get privateKey() {
      return current.privateKey;
    },
    async follow(signal) {
      while (!signal.aborted) {
        await sleep(clock, KEY_MS, signal).catch(() => undefined);
        if (!signal.aborted) await readAgain();
      }
    },
  };
}
