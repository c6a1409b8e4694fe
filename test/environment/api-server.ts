import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep, systemClock } from '../../clients/clock.ts';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isAlreadyExists, isForbidden, isNotFound, isUnreachable } from '../../clients/kubernetes/errors.ts';
import { createKubernetesClient } from '../../clients/kubernetes/http-client.ts';
import {
  DROPLETS,
  NAMESPACES,
  PROJECTS,
  SERVICE_DEPLOYMENTS,
  type ResourceKind,
} from '../../clients/kubernetes/kinds.ts';
import { loadConnection, type Connection } from '../../clients/kubernetes/kubeconfig.ts';
import type { KubernetesObject } from '../../crds/meta.ts';
import { loadCrds } from '../../crds/schema.ts';
import { cleanUp } from './clean-up.ts';
import { CONTROLLER_MANAGER, startRealApiServer } from './real-api-server.ts';

/** An API server that serves dropfleet's kinds, shared by all suites of a run. */
export interface ApiServer {
  readonly name: 'standalone' | 'real';
  /** Path of a kubeconfig whose user may do anything. */
  readonly kubeconfig: string;
  connection(): Connection;
  /** One client for all; nobody closes it. */
  client(): KubernetesClient;
  /** Makes a namespace that nobody else uses; its name. */
  namespace(): Promise<string>;
  /** Removes such a namespace before everything ends. That it failed is told, and fails nothing. */
  release(namespace: string): Promise<void>;
}

/** A server of whoever started it. */
export type Stoppable = { server: ApiServer; stop(): Promise<void> };

/** A server that ends is noticed at once; one that only begins slowly, on a busy machine, is no failure. */
const READY_WITHIN_MS = 300_000;
/** Whatever tests ask for by this client is about something else than how soon the answer comes. */
const CALL_TIMEOUT_MS = 60_000;
const STOPPED_WITHIN_MS = 90_000;

/**
 * Runs the suite once against the standalone API and once against a real API server: the one of $KUBECONFIG,
 * else one that is started from $KUBEBUILDER_ASSETS. With neither, the second is skipped, or fails when CI
 * is `true`. To be called outside of any `describe`.
 */
export function describeOnApiServers(title: string, suite: (server: () => ApiServer) => void): void {
  describeOn(`${title}, on the standalone API`, standalone, suite);
  describeOnRealApiServer(title, suite);
}

/** The same on a real API server alone: for what the standalone API leaves out on purpose. */
export function describeOnRealApiServer(title: string, suite: (server: () => ApiServer) => void): void {
  const { KUBECONFIG, KUBEBUILDER_ASSETS, CI } = process.env;
  const onReal = `${title}, on a real API server`;
  if (KUBECONFIG || KUBEBUILDER_ASSETS) return describeOn(onReal, real, suite);
  const missing = 'neither KUBECONFIG nor KUBEBUILDER_ASSETS is set';
  if (CI !== 'true')
    return void describe.skip(`${onReal} (${missing})`, () => suite(() => unavailable(missing)));
  describe(onReal, () => it('has a server to run on', () => void unavailable(missing)));
}

/**
 * The same for what a Kubernetes of today does, CEL and field validation among it: on the server that is started from
 * $KUBEBUILDER_ASSETS_CURRENT, and on the standalone API unless it leaves that out.
 */
export function describeOnCurrentApiServer(
  title: string,
  suite: (server: () => ApiServer) => void,
  { isOnStandalone = true } = {},
): void {
  if (isOnStandalone) describeOn(`${title}, on the standalone API`, standalone, suite);
  const { KUBEBUILDER_ASSETS_CURRENT, CI } = process.env;
  const onCurrent = `${title}, on a current API server`;
  if (KUBEBUILDER_ASSETS_CURRENT) return describeOn(onCurrent, current, suite);
  const missing = 'KUBEBUILDER_ASSETS_CURRENT is not set';
  if (CI !== 'true')
    return void describe.skip(`${onCurrent} (${missing})`, () => suite(() => unavailable(missing)));
  describe(onCurrent, () => it('has a server to run on', () => void unavailable(missing)));
}

/** The same for what takes a cluster's controllers too. Skipped where those of $KUBEBUILDER_ASSETS are missing. */
export function describeOnClusters(title: string, suite: (server: () => ApiServer) => void): void {
  const { KUBECONFIG, KUBEBUILDER_ASSETS: assets } = process.env;
  if (KUBECONFIG || !assets || existsSync(join(assets, CONTROLLER_MANAGER)))
    return describeOnApiServers(title, suite);
  describeOn(`${title}, on the standalone API`, standalone, suite);
  const missing = `${assets} has no ${CONTROLLER_MANAGER}`;
  describe.skip(`${title}, on a real API server (${missing})`, () => suite(() => unavailable(missing)));
}

/**
 * Runs the suite on the standalone API alone: for what cannot hold on the real servers that tests can have.
 * `reason` says why, and stands in the title for whoever compares the two.
 */
export function describeOnStandalone(
  title: string,
  reason: string,
  suite: (server: () => ApiServer) => void,
): void {
  describeOn(`${title}, on the standalone API alone (${reason})`, standalone, suite);
}

function unavailable(why: string): never {
  throw new Error(`there is no real API server to test on: ${why}`);
}

interface Shared {
  start(): Promise<Stoppable>;
  running?: Promise<Stoppable> | undefined;
}

const standalone: Shared = { start: startStandalone };
const real: Shared = { start: startReal };
const current: Shared = { start: () => startFrom(process.env['KUBEBUILDER_ASSETS_CURRENT']!) };

function describeOn(title: string, shared: Shared, suite: (server: () => ApiServer) => void): void {
  let server: ApiServer | undefined;
  describe(title, () => {
    before(async function () {
      this.timeout(READY_WITHIN_MS + 5_000);
      server = (await (shared.running ??= shared.start())).server;
    });
    suite(() => server!);
  });
  // Belongs to the root suite, so it runs when everything has.
  after(async function () {
    this.timeout(STOPPED_WITHIN_MS + 5_000);
    const { running } = shared;
    shared.running = undefined;
    // A server that did not start has been complained about already.
    const started = await running?.catch(() => undefined);
    if (started === undefined) return;
    await cleanUp('an API server', [started.server.kubeconfig], () => started.stop(), {
      withinMs: STOPPED_WITHIN_MS,
    });
  });
}

/** For what is no test. */
export async function startStandalone(): Promise<Stoppable> {
  const { startStandalone: start } = await import('../../standalone/server.ts');
  const stateDir = await mkdtemp(join(tmpdir(), 'dropfleet-standalone-'));
  const running = await start({ stateDir, port: 0 });
  return open('standalone', running.kubeconfig, async () => {
    await running.close();
    await rm(stateDir, { recursive: true, force: true });
  });
}

async function startReal(): Promise<Stoppable> {
  const { KUBECONFIG, KUBEBUILDER_ASSETS } = process.env;
  if (KUBECONFIG) {
    // A cluster that was there before gets to keep nothing of ours; the others are thrown away as they are.
    const opened = await open('real', KUBECONFIG, removeNamespaces);
    await installCrds(opened.server.client());
    return opened;
  }
  return await startFrom(KUBEBUILDER_ASSETS!);
}

async function startFrom(assets: string): Promise<Stoppable> {
  const started = await startRealApiServer(assets);
  try {
    const opened = await open('real', started.kubeconfig, () => started.close());
    await Promise.race([installCrds(opened.server.client()), started.crashed]);
    await started.startControllers();
    return opened;
  } catch (error) {
    await started.close();
    throw error;
  }
}

async function open(
  name: ApiServer['name'],
  kubeconfig: string,
  stop: (server: ApiServer, namespaces: readonly string[]) => Promise<void>,
): Promise<Stoppable> {
  const connection = await loadConnection({ env: { ...process.env, KUBECONFIG: kubeconfig } });
  const client = createKubernetesClient(connection, { clock: systemClock, callTimeoutMs: CALL_TIMEOUT_MS });
  const made = new Set<string>();
  const server: ApiServer = {
    name,
    kubeconfig,
    connection: () => connection,
    client: () => client,
    async namespace() {
      const namespace = `test-${randomBytes(5).toString('hex')}`;
      const metadata = { name: namespace };
      await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata });
      made.add(namespace);
      return namespace;
    },
    async release(namespace) {
      made.delete(namespace);
      await removeNamespaces(server, [namespace]);
    },
  };
  return {
    server,
    async stop() {
      await stop(server, [...made]);
      await client.close();
    },
  };
}

const removeNamespaces = (server: ApiServer, namespaces: readonly string[]): Promise<void> =>
  cleanUp(`namespaces at ${server.connection().server}`, namespaces, (namespace, signal) =>
    server.client().delete(NAMESPACES, namespace, { signal }),
  );

const CRDS: ResourceKind = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

/** Waits for the server, gives it our kinds, and waits until it serves them. */
async function installCrds(client: KubernetesClient): Promise<void> {
  // RBAC's own roles are made after the server answers, so even an admin is refused at first.
  await untilDone(() => client.get(NAMESPACES, 'default'), [isUnreachable, isForbidden, isNotFound]);
  for (const crd of loadCrds()) await createUnlessThere(client, crd);
  for (const kind of [PROJECTS, DROPLETS, SERVICE_DEPLOYMENTS]) {
    await untilDone(() => client.list<KubernetesObject>(kind), [isNotFound]);
  }
}

async function createUnlessThere(client: KubernetesClient, crd: KubernetesObject): Promise<void> {
  try {
    await client.create(CRDS, crd);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

/** Tries until it works; a failure that none of the predicates expects is thrown. */
async function untilDone(
  work: () => Promise<unknown>,
  expected: ((error: unknown) => boolean)[],
): Promise<void> {
  const deadline = systemClock.monotonic() + READY_WITHIN_MS;
  for (;;) {
    try {
      return void (await work());
    } catch (error) {
      const isExpected = expected.some(predicate => predicate(error));
      if (!isExpected || systemClock.monotonic() > deadline) throw error;
      await sleep(systemClock, 100);
    }
  }
}
