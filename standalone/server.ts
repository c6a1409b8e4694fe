import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { loadCrds } from '../crds/schema.ts';
import { startBackground } from './background.ts';
import { addFixedObjects } from './fixed-objects.ts';
import { createHandler } from './handler.ts';
import { loadIdentity, writeKubeconfig } from './identity.ts';
import { DEFAULT_LIMITS, limitConnections, timeoutsFor, type Limits } from './limits.ts';
import { BUILT_IN_KINDS } from './built-in-kinds.ts';
import { CUSTOM, toKind } from './kinds.ts';
import { Resources } from './resources.ts';
import { Store } from './store.ts';
import { WatchHub } from './watch.ts';

/** How a standalone API is to be started. */
export interface StandaloneOptions {
  /** Where everything is kept; made when it is not there. */
  stateDir: string;
  /** An IPv4 address of this machine to listen on; 127.0.0.1 unless told otherwise. 0.0.0.0 is all of them. */
  address?: string;
  /** 0 takes any free one. */
  port: number;
  /** Whether to step over a port that is taken, up to twenty times. */
  allowNextPort?: boolean;
  limits?: Partial<Limits>;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/** A standalone API that runs. */
export interface StandaloneServer {
  url: string;
  port: number;
  /** The path of a kubeconfig that leads here. */
  kubeconfig: string;
  token: string;
  /** Ends all watches and connections; everything acknowledged is on the disk already. */
  close(): Promise<void>;
}

/** The address or port cannot be had; the message is for a person. */
class CannotListen extends Error {
  override readonly name = 'CannotListen';
}

const MOST_PORTS_TRIED = 20;
const LOOPBACK = '127.0.0.1';
const ALL_ADDRESSES = '0.0.0.0';

/**
 * Starts a Kubernetes API for the fixed set of kinds. Rejects with an Error of one sentence when the port is taken, or
 * the state directory is in use or damaged.
 */
export async function startStandalone(options: StandaloneOptions): Promise<StandaloneServer> {
  const { stateDir, now = Date.now } = options;
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const store = new Store(stateDir, now());
  try {
    return await serve(options, store, now);
  } catch (error) {
    store.close();
    throw error;
  }
}

async function serve(options: StandaloneOptions, store: Store, now: () => number): Promise<StandaloneServer> {
  const { stateDir, address = LOOPBACK } = options;
  const isEverywhere = address === ALL_ADDRESSES;
  const identity = loadIdentity(stateDir, now(), isEverywhere ? ownAddresses() : [address]);
  const crds = loadCrds();
  const kinds = [...BUILT_IN_KINDS, ...crds.map(({ spec }) => toKind(spec, CUSTOM))];
  const resources = new Resources(store, kinds, now);
  addFixedObjects(store, resources, crds);
  const watches = new WatchHub(store);
  const { authority: ca, server: own } = identity.tls;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  // Who shows no certificate may still have the token, so TLS itself turns nobody away.
  const tls = { cert: own.certificate, key: own.key, ca, requestCert: true, rejectUnauthorized: false };
  const server = createServer({ ...tls, ...timeoutsFor(limits) });
  const admit = limitConnections(server, limits);
  const api = { store, resources, watches, mostWatches: limits.watches, now };
  server.on('request', createHandler(api, kinds, identity, admit));
  const port = await listen(server, address, options);
  const stopBackground = startBackground({ store, resources, watches, kinds, now });
  const url = `https://${isEverywhere ? LOOPBACK : address}:${port}`;
  const kubeconfig = writeKubeconfig(stateDir, url, identity);
  const close = async (): Promise<void> => {
    stopBackground();
    watches.close();
    const closed = once(server, 'close');
    server.close().closeAllConnections();
    await closed;
    store.close();
  };
  return { url, port, kubeconfig, token: identity.token, close };
}

const ownAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap(addresses => addresses ?? [])
    .filter(({ family }) => family === 'IPv4')
    .map(({ address }) => address);

/** The port, which may be a later one than was wished for. */
async function listen(
  server: Server,
  address: string,
  { port: first, allowNextPort = false }: StandaloneOptions,
): Promise<number> {
  const last = allowNextPort ? first + MOST_PORTS_TRIED - 1 : first;
  for (let port = first; ; port++) {
    try {
      await once(server.listen(port, address), 'listening');
      return (server.address() as AddressInfo).port;
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (isTaken && port < last) continue;
      const why = isTaken
        ? `Port ${port} on ${address} is taken: stop what listens there, or choose another port.`
        : `${address} cannot be listened on (${(error as Error).message}): choose an address of this machine.`;
      throw new CannotListen(why, { cause: error });
    }
  }
}
