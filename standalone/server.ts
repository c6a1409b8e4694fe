import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { loadCrds } from '../crds/schema.ts';
import { startBackground } from './background.ts';
import { compileCodecs } from './codec.ts';
import { addFixedObjects, ensureNamespaces } from './fixed-objects.ts';
import { createHandler } from './handler.ts';
import { loadIdentity, writeKubeconfig, type Identity } from './identity.ts';
import { BUILT_IN_KINDS, kindOfCrd } from './kinds.ts';
import { Resources } from './resources.ts';
import { Store } from './store.ts';
import { WatchHub } from './watch.ts';

/** How a standalone API is to be started. */
export interface StandaloneOptions {
  /** Where everything is kept; made when it is not there. */
  stateDir: string;
  /** On 127.0.0.1. 0 takes any free one. */
  port: number;
  /** Whether to step over a port that is taken, up to twenty times. */
  allowNextPort?: boolean;
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

const MOST_PORTS_TRIED = 20;

/**
 * Starts a Kubernetes API for the fixed set of kinds, on the loopback interface. Rejects with an Error of
 * one sentence when the port is taken, or the state directory is in use or damaged.
 */
export async function startStandalone(options: StandaloneOptions): Promise<StandaloneServer> {
  const { stateDir, now = Date.now } = options;
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const store = Store.open(stateDir, now());
  try {
    return await serve(options, store, loadIdentity(stateDir, now()), now);
  } catch (error) {
    store.close();
    throw error;
  }
}

async function serve(
  options: StandaloneOptions,
  store: Store,
  identity: Identity,
  now: () => number,
): Promise<StandaloneServer> {
  const crds = loadCrds();
  const kinds = [...BUILT_IN_KINDS, ...crds.map(kindOfCrd)];
  const resources = new Resources(store, compileCodecs(kinds), now);
  addFixedObjects(store, crds);
  ensureNamespaces(store, resources);
  const watches = new WatchHub(store, now);
  const handler = createHandler({ store, resources, watches, now }, kinds, identity.token);
  const server = createServer({ cert: identity.tls.certificate, key: identity.tls.key }, handler);
  // Longer than clients keep idle connections, so that it is they who close.
  server.keepAliveTimeout = 120_000;
  const port = await listen(server, options.port, options.allowNextPort === true ? MOST_PORTS_TRIED : 1);
  const stopBackground = startBackground({ store, resources, watches, kinds, now });
  const url = `https://127.0.0.1:${port}`;
  return {
    url,
    port,
    kubeconfig: writeKubeconfig(options.stateDir, url, identity),
    token: identity.token,
    close: async () => {
      stopBackground();
      watches.close();
      await closeServer(server);
      store.close();
    },
  };
}

async function listen(server: Server, first: number, tries: number): Promise<number> {
  for (let port = first; ; port++) {
    try {
      return await listenOn(server, port);
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!isTaken) throw error;
      if (port + 1 >= first + tries) {
        throw new Error(
          `Port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another port.`,
          {
            cause: error,
          },
        );
      }
    }
  }
}

function listenOn(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
