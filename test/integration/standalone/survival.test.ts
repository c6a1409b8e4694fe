import * as k8s from '@kubernetes/client-node';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Informer } from '../../../clients/kubernetes/client.ts';
import { createKubernetesClient } from '../../../clients/kubernetes/http-client.ts';
import { createInformer } from '../../../clients/kubernetes/informer.ts';
import { CONFIG_MAPS } from '../../../clients/kubernetes/kinds.ts';
import { loadConnection } from '../../../clients/kubernetes/kubeconfig.ts';
import type { KubernetesObject } from '../../../crds/meta.ts';
import { fastClock } from '../../e2e/crash-campaign/fast-clock.ts';
import { fakeLogger } from '../../fakes/logger.ts';
import { ApiClient } from './api-client.ts';
import { startMortalServer, type MortalServer } from './mortal-server.ts';
import { configMap, configMapsIn } from './things.ts';

const ROUNDS = 20;
const WRITERS = 10;
/** Ten writers that each write this often make 500 writes a second. */
const PERIOD_MS = 20;
/** After how many writes of a round the server is killed. */
const SEED = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);
const LIVES = fc.sample(fc.integer({ min: 50, max: 200 }), { seed: SEED, numRuns: ROUNDS });
const path = configMapsIn('default');

/** What is known of one object: its resourceVersion and value, or that it is not there. */
type State = { version: string; value: string } | 'absent';

/** Creates, changes and deletes objects of its own, and remembers what the server said it has done. */
class Writer {
  readonly known = new Map<string, State>();
  /** The write that was not answered, if there is one: nobody knows yet whether it was done. */
  doubt: { name: string; value: string | undefined } | undefined;
  readonly #prefix: string;
  readonly #api: ApiClient;
  #count = 0;

  constructor(prefix: string, api: ApiClient) {
    this.#prefix = prefix;
    this.#api = api;
  }

  /** False when the server did not answer. */
  async write(): Promise<boolean> {
    const count = this.#count++;
    const name = `${this.#prefix}-${count % 7}`;
    const isThere = (this.known.get(name) ?? 'absent') !== 'absent';
    const value = isThere && count % 5 === 0 ? undefined : String(count);
    try {
      this.known.set(name, await this.#send(name, value, isThere));
      return true;
    } catch {
      this.doubt = { name, value };
      return false;
    }
  }

  async #send(name: string, value: string | undefined, isThere: boolean): Promise<State> {
    const one = `${path}/${name}`;
    if (value === undefined) {
      expect((await this.#api.delete(one)).status).to.equal(200);
      return 'absent';
    }
    const data = { value };
    const { status, body } = isThere
      ? await this.#api.patch(one, { data })
      : await this.#api.post(path, configMap(name, data));
    expect(status).to.equal(isThere ? 200 : 201);
    return { version: body.metadata.resourceVersion, value };
  }

  /** What the server holds must be what it acknowledged, and may be what it did not. */
  settle(held: ReadonlyMap<string, State>): void {
    for (const [name, state] of this.known) {
      const found = held.get(name) ?? 'absent';
      if (this.doubt?.name !== name) expect(found, name).to.deep.equal(state);
    }
    if (this.doubt === undefined) return;
    const { name, value } = this.doubt;
    const before = this.known.get(name) ?? 'absent';
    const found = held.get(name) ?? 'absent';
    const isDone = value === undefined ? found === 'absent' : found !== 'absent' && found.value === value;
    if (!isDone) expect(found, `${name}, written without an answer`).to.deep.equal(before);
    this.known.set(name, found);
    this.doubt = undefined;
  }
}

const statesOf = (objects: readonly object[]): Map<string, State> =>
  new Map(
    (objects as { metadata: { name: string; resourceVersion: string }; data: { value: string } }[]).map(
      ({ metadata, data }) => [metadata.name, { version: metadata.resourceVersion, value: data.value }],
    ),
  );

/** Caches a kind by @kubernetes/client-node's informer, which is started again whenever it gives up. */
function startTheirs(kubeconfig: string): k8s.Informer<k8s.V1ConfigMap> & k8s.ObjectCache<k8s.V1ConfigMap> {
  const config = new k8s.KubeConfig();
  config.loadFromFile(kubeconfig);
  const core = config.makeApiClient(k8s.CoreV1Api);
  const informer = k8s.makeInformer(config, path, () =>
    core.listNamespacedConfigMap({ namespace: 'default' }),
  );
  informer.on('error', () => void setTimeout(() => void informer.start(), 20));
  void informer.start();
  return informer;
}

describe('A kill -9 of the standalone API under 500 writes a second', () => {
  let stateDir: string;
  let server: MortalServer;
  let api: ApiClient;
  let ours: Informer<KubernetesObject>;
  let theirs: ReturnType<typeof startTheirs>;
  const stop = new AbortController();
  const closers: (() => Promise<void>)[] = [];

  before(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'dropfleet-survival-'));
    server = await startMortalServer(stateDir);
    api = new ApiClient(server.kubeconfig);
    const connection = await loadConnection({ env: { KUBECONFIG: server.kubeconfig } });
    // The reflector's backoff, of seconds, is over in moments.
    const clock = fastClock(20, Date.now());
    const client = createKubernetesClient(connection, { clock, callTimeoutMs: 200_000 });
    closers.push(() => client.close());
    const selection = { namespace: 'default' };
    ours = createInformer<KubernetesObject>(client, CONFIG_MAPS, {
      selection,
      clock,
      random: Math.random,
      log: fakeLogger(),
    });
    ours.start(stop.signal);
    theirs = startTheirs(server.kubeconfig);
  });
  after(async () => {
    stop.abort(new Error('the test is over'));
    await theirs.stop();
    for (const close of closers) await close();
    api.close();
    await server.kill();
    rmSync(stateDir, { recursive: true });
  });

  /** Resolves when both caches know of that write. */
  const bothSeen = async (version: string): Promise<void> => {
    const theirsSeen = new Promise<void>(resolve => {
      const check = (): void => {
        if (theirs.get('marker', 'default')?.metadata?.resourceVersion !== version) return;
        theirs.off('change', check);
        resolve();
      };
      theirs.on('change', check);
      check();
    });
    await Promise.all([ours.caughtUp('default/marker', version, 1e9), theirsSeen]);
  };

  it(`loses no acknowledged write, and leaves both kinds of caches equal to the server, in each of ${ROUNDS} rounds (seed ${SEED})`, async () => {
    const port = Number(
      new URL((await loadConnection({ env: { KUBECONFIG: server.kubeconfig } })).server).port,
    );
    const writers = Array.from({ length: WRITERS }, (_, i) => new Writer(`w${i}`, api));
    for (const [round, writes] of LIVES.entries()) {
      let left = writes;
      let death: Promise<void> | undefined;
      const work = async (writer: Writer): Promise<void> => {
        for (;;) {
          const due = pause(PERIOD_MS);
          if (!(await writer.write())) return;
          if (--left === 0) death = server.kill();
          await due;
        }
      };
      await Promise.all(writers.map(work));
      await death;
      server = await startMortalServer(stateDir, port);
      const held = statesOf((await api.get(path)).body.items!);
      for (const writer of writers) writer.settle(held);
      const marker = configMap('marker', { value: String(round) });
      const { body } = await (round === 0 ? api.post(path, marker) : api.put(`${path}/marker`, marker));
      await bothSeen(body.metadata.resourceVersion);
      const now = statesOf((await api.get(path)).body.items!);
      expect(statesOf(ours.list())).to.deep.equal(now);
      expect(statesOf(theirs.list())).to.deep.equal(now);
    }
  });
});
