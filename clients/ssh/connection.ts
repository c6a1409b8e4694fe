import { connect as connectSocket, type Socket } from 'node:net';
import type { Client, ClientChannel } from 'ssh2';
import type { Clock } from '../clock.ts';
import type { SshError } from './errors.ts';
import { keyMismatch, keyUnknown, loginRefused, lost, unreachable } from './failures.ts';
import { fingerprintOf, publicKeyLine } from './fingerprint.ts';
import type { HostAccess } from './ssh.ts';
import { watchForSilence } from './silence.ts';

/** From the first packet to the end of the login; a small droplet that installs packages is slow. */
const CONNECT_TIMEOUT_MS = 15_000;
/** How often a connection that is otherwise still is given a reason to answer. */
const KEEPALIVE_MS = 5_000;

/** No channel was opened, so that nothing was started; never seen outside of this room. */
export class ChannelRefused extends Error {
  override readonly name = 'ChannelRefused';
  /** Whether the host said so; else the connection had ended before it was asked. */
  readonly isByHost: boolean;
  /** The host's reason code, as RFC 4254 numbers them. */
  readonly code: number | undefined;

  constructor(message: string, isByHost: boolean, code?: number) {
    super(message);
    this.isByHost = isByHost;
    this.code = code;
  }
}

export const isChannelRefused = (error: unknown): error is ChannelRefused => error instanceof ChannelRefused;

/** A logged-in connection to the right host. */
export interface Connection {
  /** The host's verified public key: type and base64. */
  readonly hostKey: string;
  /** Starts a command; rejects with ChannelRefused when nothing was started, with ConnectionLost when that is not known. */
  exec(line: string): Promise<ClientChannel>;
  /** A TCP connection from the host; rejects likewise. */
  forward(address: string, port: number): Promise<ClientChannel>;
  /** Calls the handler when it has ended, for whatever reason. */
  onClose(handler: () => void): void;
  end(): void;
}

/**
 * Connects and logs in. Before the host has proved that it has one of the expected keys it is told nothing but
 * the protocol's version and algorithms.
 *
 * @param signal ends an attempt that nobody waits for any more; a connection that was made is not its business.
 */
export async function openConnection(
  access: HostAccess,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Connection> {
  if (access.hostKeys.length === 0) throw keyUnknown(access);
  // ssh2 takes 50 ms to load.
  const { default: ssh2 } = await import('ssh2');
  if (signal?.aborted) throw unreachable(access, 'dropfleet is stopping');
  const client = new ssh2.Client();
  const socket = connectSocket({ host: access.address, port: access.port, noDelay: true });
  const stopWatching = watchForSilence(socket, clock, () => socket.destroy());
  client.once('close', stopWatching);
  // What comes after the connection was made ends it, and that is enough.
  client.on('error', () => socket.destroy());
  const giveUp = (): void => void socket.destroy();
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    const hostKey = await logIn(client, socket, access, clock);
    return connectionOver(client, socket, access, hostKey);
  } catch (error) {
    stopWatching();
    socket.destroy();
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

function logIn(client: Client, socket: Socket, access: HostAccess, clock: Clock): Promise<string> {
  return new Promise((resolve, reject) => {
    let hostKey = '';
    let mismatch: SshError | undefined;
    const giveUp = (error: Error): void => {
      cancelTimeout();
      reject(error);
    };
    const cancelTimeout = clock.after(CONNECT_TIMEOUT_MS, () =>
      giveUp(unreachable(access, `no login within ${CONNECT_TIMEOUT_MS / 1_000} s`)),
    );
    client.once('ready', () => {
      cancelTimeout();
      resolve(hostKey);
    });
    client.on('error', error => giveUp(mismatch ?? explain(access, error)));
    client.once('close', () => giveUp(mismatch ?? unreachable(access, 'the connection was closed')));
    const verify = (key: Buffer): boolean => {
      const shown = fingerprintOf(key);
      hostKey = publicKeyLine(key);
      if (access.hostKeys.includes(shown)) return true;
      mismatch = keyMismatch(access, shown);
      return false;
    };
    try {
      client.connect({
        sock: socket,
        username: access.user,
        privateKey: access.privateKey.reveal(),
        authHandler: ['publickey'],
        hostVerifier: verify,
        readyTimeout: 0,
        keepaliveInterval: KEEPALIVE_MS,
        // ssh2 counts only answers to its own questions; `watchForSilence` counts any sign of life.
        keepaliveCountMax: Number.MAX_SAFE_INTEGER,
      });
    } catch {
      giveUp(unreachable(access, 'the private key is not one that OpenSSH would read'));
    }
  });
}

/** ssh2's and the network's errors, told apart by ssh2's `level`. */
function explain(access: HostAccess, error: Error & { level?: string; code?: string }): SshError {
  if (error.level === 'client-authentication') return loginRefused(access, access.user);
  return unreachable(access, error.message || (error.code ?? 'no reason given'));
}

function connectionOver(client: Client, socket: Socket, access: HostAccess, hostKey: string): Connection {
  return {
    hostKey,
    exec: line => openChannel(access, done => client.exec(line, done)),
    forward: (address, port) =>
      openChannel(access, done => client.forwardOut('127.0.0.1', 0, address, port, done)),
    onClose: handler => void client.once('close', handler),
    end() {
      client.end();
      // A dead peer would not take its leave.
      socket.destroy();
    },
  };
}

const refusedBy = ({ message, reason }: { message: string; reason?: unknown }): ChannelRefused =>
  new ChannelRefused(message, true, typeof reason === 'number' ? reason : undefined);

type Done = (error: Error | undefined, channel: ClientChannel) => void;

function openChannel(access: HostAccess, ask: (done: Done) => void): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    try {
      ask((error: (Error & { reason?: unknown }) | undefined, channel) => {
        if (error === undefined) resolve(channel);
        else if (error.reason !== undefined) reject(refusedBy(error));
        else reject(lost(access, 'the start of a command'));
      });
    } catch {
      reject(new ChannelRefused('the connection has ended', false));
    }
  });
}
