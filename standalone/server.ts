import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { loadCrds } from '../crds/schema.ts';
import { startBackground, type Background } from './background.ts';
import { addFixedObjects } from './fixed-objects.ts';
import { createHandler } from './handler.ts';
import { loadIdentity, newIdentity, writeKubeconfig, type Identity } from './identity.ts';
import { DEFAULT_LIMITS, limitConnections, timeoutsFor, type Limits } from './limits.ts';
import { BUILT_IN_KINDS } from './built-in-kinds.ts';
import { CUSTOM, toKind } from './kinds.ts';
import { Resources } from './resources.ts';
import { Snapshot } from './snapshot.ts';
import { Store } from './store.ts';
import { WatchHub } from './watch.ts';

/** How a standalone API is to be started. */
export interface StandaloneOptions {
  /** Where everything is kept; made when it is not there. */
  stateDir: string;
  /** An IPv4 address of this machine to listen on; 127.0.0.1 by default. 0.0.0.0 is all of them. */
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
    const { address = LOOPBACK } = options;
    const isEverywhere = address === ALL_ADDRESSES;
    const identity = loadIdentity(stateDir, now(), isEverywhere ? ownAddresses() : [address]);
    const api = createApi(store, now);
    const served = await serve(api, identity, { ...options, address });
    const stopBackground = startBackground(api);
    const { port } = served;
    const url = `https://${isEverywhere ? LOOPBACK : address}:${port}`;
    const kubeconfig = writeKubeconfig(stateDir, url, identity);
    const close = async (): Promise<void> => {
      stopBackground();
      await served.close();
    };
    return { url, port, kubeconfig, token: identity.token, close };
  } catch (error) {
    store.close();
    throw error;
  }
}

/** A standalone API that only shows what is stored. */
export interface StandaloneView {
  url: string;
  token: string;
  /** The certificate, PEM, of the authority that its own is signed by. */
  authority: string;
  /** Nothing was stored there yet. */
  isEmpty: boolean;
  close(): Promise<void>;
}

/**
 * Serves what is stored in that directory at this moment, whoever else has it open: it takes no lock, writes nothing
 * and refuses every write. Rejects with an Error of one sentence when what is stored is damaged.
 */
export async function viewStandalone(
  stateDir: string,
  now: () => number = Date.now,
): Promise<StandaloneView> {
  const snapshot = new Snapshot(stateDir, now());
  const api = createApi(new Store(stateDir, now(), undefined, snapshot), now);
  snapshot.seal();
  const identity = newIdentity(now(), [LOOPBACK]);
  const served = await serve(api, identity, { address: LOOPBACK, port: 0 });
  const url = `https://${LOOPBACK}:${served.port}`;
  const { token, tls } = identity;
  const close = (): Promise<void> => served.close();
  return { url, token, authority: tls.authority, isEmpty: snapshot.isEmpty, close };
}

function createApi(store: Store, now: () => number): Background {
  const crds = loadCrds();
  const kinds = [...BUILT_IN_KINDS, ...crds.map(({ spec }) => toKind(spec, CUSTOM))];
  const resources = new Resources(store, kinds, now);
  addFixedObjects(store, resources, crds);
  return { store, resources, watches: new WatchHub(store), kinds, now };
}

/** Answers for that API until it is closed, which closes the store, too. */
async function serve(
  { store, resources, watches, kinds, now }: Background,
  identity: Identity,
  options: Omit<StandaloneOptions, 'stateDir' | 'now'> & { address: string },
): Promise<{ port: number; close(): Promise<void> }> {
  const { authority: ca, server: own } = identity.tls;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  // Who shows no certificate may still have the token, so TLS itself turns nobody away.
  const tls = { cert: own.certificate, key: own.key, ca, requestCert: true, rejectUnauthorized: false };
  const server = createServer({ ...tls, ...timeoutsFor(limits) });
  const admit = limitConnections(server, limits);
  const api = { store, resources, watches, mostWatches: limits.watches, now };
  server.on('request', createHandler(api, kinds, identity, admit));
  const port = await listen(server, options.address, options);
  const close = async (): Promise<void> => {
    watches.close();
    const closed = once(server, 'close');
    server.close().closeAllConnections();
    await closed;
    store.close();
  };
  return { port, close };
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
  { port: first, allowNextPort = false }: Pick<StandaloneOptions, 'port' | 'allowNextPort'>,
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
