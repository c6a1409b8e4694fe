import { Duplex } from 'node:stream';
import { CommandAborted, HostUnreachable } from '../../clients/ssh/errors.ts';
import type { SshHost, SshPool } from '../../clients/ssh/ssh.ts';

/** Servers that one gets into by SSH, and from there on to others; a test may change anything of it. */
export interface FakeVantages extends SshPool {
  /** Private addresses of servers that have died. */
  readonly dead: Set<string>;
  /** Private addresses of servers that SSH does not get into from outside. */
  readonly closed: Set<string>;
  /** Ways that nothing passes, as `from to` of private addresses, one direction each. */
  readonly cuts: Set<string>;
  /** Every connection that was asked for, as `from to port`. */
  readonly asked: string[];
}

/** @param addresses the private address of each server, by its public one. */
export function fakeVantages(addresses: ReadonlyMap<string, string>): FakeVantages {
  const [dead, closed, cuts] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const asked: string[] = [];
  const isAlive = (address: string): boolean =>
    [...addresses.values()].includes(address) && !dead.has(address);

  function answers(from: string, to: string): boolean {
    if (!isAlive(from) || closed.has(from)) return false;
    return to === '127.0.0.1' || (isAlive(to) && !cuts.has(`${from} ${to}`));
  }

  function forward(from: string, to: string, port: number, signal: AbortSignal | undefined): Promise<Duplex> {
    asked.push(`${from} ${to} ${port}`);
    if (answers(from, to)) return Promise.resolve(Duplex.from([Buffer.from('SSH-2.0')]));
    return new Promise((_resolve, reject) => {
      const stop = (): void => reject(new CommandAborted('stopped'));
      if (signal?.aborted) stop();
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  const unexpected = (): Promise<never> =>
    Promise.reject(new Error('a monitor opens channels and nothing else'));
  return {
    dead,
    closed,
    cuts,
    asked,
    host({ address }): SshHost {
      const from = addresses.get(address);
      if (from === undefined) throw new HostUnreachable(`there is no server at ${address}`);
      return {
        run: unexpected,
        succeed: unexpected,
        writeFile: unexpected,
        hostKey: unexpected,
        forward: (to, port, { signal } = {}) => forward(from, to, port, signal),
      };
    },
    close: () => undefined,
  };
}
