import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server, type Socket as Connection } from 'node:net';
import {
  decode,
  encode,
  streamEncode,
  TRUNCATED_RESPONSE,
  type DecodedPacket,
  type Packet,
} from 'dns-packet';
import { CannotListen } from '../listen.ts';
import { replyTo, type Zones } from './answer.ts';

/** A name server that listens. */
export interface DnsServer {
  /** The same for UDP and TCP. */
  readonly port: number;
  close(): Promise<void>;
}

/** What a client takes by UDP that does not say otherwise (RFC 1035, 4.2.1); more goes by TCP. */
const UDP_BYTES = 512;
/** A connection that asks nothing for so long is closed, ms. */
const IDLE_MS = 5_000;
const MOST_CONNECTIONS = 64;

/**
 * Answers for the account's domains as DigitalOcean's name servers do, from one moment to the next. Rejects with
 * CannotListen when the port cannot be had.
 *
 * @param port 0 takes any.
 */
export async function startDns(host: string, port: number, zones: () => Zones): Promise<DnsServer> {
  const tcp = createServer(connection => serve(connection, zones));
  tcp.maxConnections = MOST_CONNECTIONS;
  await listening(
    `${host}:${port}`,
    new Promise<void>((resolve, reject) => {
      tcp.once('error', reject).listen(port, host, resolve);
    }),
  );
  const { port: taken } = tcp.address() as { port: number };
  const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', (message, { address, port: sender }) => {
    const reply = answered(message, zones);
    if (reply !== undefined) udp.send(fitted(reply), sender, address);
  });
  try {
    await listening(
      `${host}:${taken}`,
      new Promise<void>((resolve, reject) => {
        udp.once('error', reject).bind(taken, host, resolve);
      }),
    );
  } catch (error) {
    tcp.close();
    throw error;
  }
  // What cannot be sent is asked for again.
  udp.on('error', () => undefined);
  return { port: taken, close: () => closeBoth(tcp, udp) };
}

async function listening(where: string, begun: Promise<void>): Promise<void> {
  try {
    await begun;
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'it is taken' : (error as Error).message;
    throw new CannotListen(`DNS cannot be answered on ${where}: ${why}; choose another port.`, {
      cause: error,
    });
  }
}

/** What is no query gets no answer. */
function answered(message: Buffer, zones: () => Zones): Packet | undefined {
  const query = readQuery(message);
  return query && replyTo(query, zones());
}

function readQuery(message: Buffer): DecodedPacket | undefined {
  try {
    const packet = decode(message);
    return packet.type === 'query' ? packet : undefined;
  } catch {
    return undefined;
  }
}

function fitted(reply: Packet): Buffer {
  const whole = encode(reply);
  if (whole.length <= UDP_BYTES) return whole;
  const { answers: _answers, ...head } = reply;
  return encode({ ...head, flags: (reply.flags ?? 0) | TRUNCATED_RESPONSE });
}

function serve(connection: Connection, zones: () => Zones): void {
  let received = Buffer.alloc(0);
  connection.setTimeout(IDLE_MS, () => connection.destroy());
  connection.on('error', () => connection.destroy());
  connection.on('data', chunk => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const length = 2 + received.readUInt16BE(0);
      const message = received.subarray(2, length);
      received = received.subarray(length);
      const query = readQuery(message);
      if (query === undefined) return void connection.destroy();
      connection.write(streamEncode(replyTo(query, zones())));
    }
  });
}

async function closeBoth(tcp: Server, udp: Socket): Promise<void> {
  await Promise.all([
    new Promise<void>(resolve => void tcp.close(() => resolve())),
    new Promise<void>(resolve => void udp.close(resolve)),
  ]);
}
