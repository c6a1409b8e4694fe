import type { Duplex } from 'node:stream';
import ssh2, {
  type AuthContext,
  type Connection,
  type PublicKeyAuthContext,
  type TcpipRequestInfo,
} from 'ssh2';
import { isReadableKey } from '../host-keys.ts';
import type { Machine } from '../model.ts';
import { findUser } from '../users.ts';
import { serveSession } from './session.ts';
import { readSshdConfig } from './sshd-config.ts';

/** Who opened a connection, as the machine sees it. */
export interface Origin {
  readonly address: string;
  readonly port: number;
}

export interface SshdContext {
  readonly machine: Machine;
  /** Aborted when the machine ends. */
  readonly signal: AbortSignal;
  readonly port: number;
  readonly settled: () => Promise<void>;
}

/** The SSH server of one machine. */
export interface Sshd {
  readonly accept: (stream: Duplex, origin: Origin) => void;
}

/** sshd's own limit of sessions in one connection. */
const MAX_SESSIONS = 10;
/** ssh2 cannot be told to send no keepalive, as sshd does; this is as good. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * Reads host keys and configuration as they are now, as sshd does when it starts. Throws when there is no
 * host key that can be used, as sshd does too.
 */
export function startSshd(context: SshdContext): Sshd {
  const { files } = context.machine;
  const config = readSshdConfig(files);
  const hostKeys = config.hostKeyFiles
    .filter(path => files.find(path)?.type === 'file')
    .map(path => Buffer.from(files.read(path)))
    .filter(isReadableKey);
  const origins = new WeakMap<Duplex, Origin>();
  // Made when first needed: of a thousand machines few are spoken to at once.
  let server: ssh2.Server | undefined;
  const start = (): ssh2.Server =>
    new ssh2.Server(
      { hostKeys, ident: 'dropfleet_emulated_host', keepaliveInterval: NEVER_MS },
      connection => {
        const stream = (connection as unknown as { _sock: Duplex })._sock;
        serveConnection(connection, context, config.permitRootLogin, origins.get(stream)!);
      },
    );
  if (hostKeys.length === 0) throw new Error('sshd: no hostkeys available -- exiting.');
  return {
    accept: (stream, origin) => {
      origins.set(stream, origin);
      server ??= start();
      server.injectSocket(stream as never);
    },
  };
}

function serveConnection(
  connection: Connection,
  context: SshdContext,
  permitRootLogin: boolean,
  origin: Origin,
): void {
  const { machine } = context;
  let user = '';
  let sessions = 0;
  // A connection that breaks is over; there is nobody to tell.
  connection.on('error', () => connection.end());
  connection.on('authentication', attempt => {
    user = attempt.username;
    const isAllowed = (user !== 'root' || permitRootLogin) && mayLogIn(machine, attempt);
    if (isAllowed) attempt.accept();
    else attempt.reject(['publickey']);
  });
  connection.on('session', (accept, reject) => {
    if (sessions >= MAX_SESSIONS) return reject();
    sessions += 1;
    const session = accept();
    session.once('close', () => void (sessions -= 1));
    const server = `${machine.spec.addresses.public} ${context.port}`;
    serveSession(session, {
      machine,
      user,
      signal: context.signal,
      connection: `${origin.address} ${origin.port} ${server}`,
      settled: context.settled,
    });
  });
  connection.on('tcpip', (accept, reject, wanted) => {
    const refuse = (why: string): void => saying(connection, why, reject);
    void forward(context, accept, refuse, wanted);
  });
  connection.on('request', (_accept, reject) => reject?.());
}

/** Whether the key is in the user's authorized_keys, and the signature, where there is one, is the key's. */
function mayLogIn(machine: Machine, attempt: AuthContext): boolean {
  if (attempt.method !== 'publickey') return false;
  const user = findUser(machine.files, attempt.username);
  const path = `${user?.home ?? ''}/.ssh/authorized_keys`;
  if (user === undefined || machine.files.find(path)?.type !== 'file') return false;
  const wanted = attempt.key.data.toString('base64');
  const lines = Buffer.from(machine.files.read(path)).toString().split('\n');
  // A key with a command of its own may not run any other; no such command is emulated.
  const isKnown = lines.some(line => !/^#|\bcommand=/.test(line) && line.split(/\s+/).includes(wanted));
  return isKnown && isSigned(attempt);
}

function isSigned(attempt: PublicKeyAuthContext): boolean {
  // Without a signature the client only asks whether it is worth making one.
  if (attempt.signature === undefined || attempt.blob === undefined) return true;
  const parsed = ssh2.utils.parseKey(
    Buffer.from(`${attempt.key.algo} ${attempt.key.data.toString('base64')}`),
  );
  if (parsed instanceof Error) return false;
  const key = Array.isArray(parsed) ? parsed[0]! : parsed;
  return key.verify(attempt.blob, attempt.signature, attempt.hashAlgo) === true;
}

async function forward(
  context: SshdContext,
  accept: () => Duplex | undefined,
  refuse: (why: string) => void,
  { destIP, destPort }: TcpipRequestInfo,
): Promise<void> {
  try {
    const far = await context.machine.connect(destIP, destPort, context.signal);
    const near = accept();
    if (near === undefined) return void far.destroy();
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy()).once('close', () => far.destroy());
    far.on('error', () => near.destroy()).once('close', () => near.destroy());
  } catch (error) {
    refuse((error as Error).message);
  }
}

interface Protocol {
  channelOpenFail(recipient: number, reason: number, description: string): void;
}

/** sshd says what the C library said of the attempt; ssh2's server has no way to, so its packet is given the words. */
function saying(connection: Connection, why: string, reject: () => void): void {
  const { _protocol: protocol } = connection as unknown as { _protocol: Protocol };
  const send = protocol.channelOpenFail.bind(protocol);
  protocol.channelOpenFail = (recipient, reason) => send(recipient, reason, why);
  try {
    reject();
  } finally {
    protocol.channelOpenFail = send;
  }
}
