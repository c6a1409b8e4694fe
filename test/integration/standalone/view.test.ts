import { expect } from 'chai';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../clients/clock.ts';
import { createKubernetesClient } from '../../../clients/kubernetes/http-client.ts';
import { connectionTo, loadConnection } from '../../../clients/kubernetes/kubeconfig.ts';
import { CONFIG_MAPS, NAMESPACES, type ConfigMap } from '../../../clients/kubernetes/kinds.ts';
import { startStandalone, viewStandalone, type StandaloneServer } from '../../../standalone/server.ts';
import { rejection } from '../../fakes/rejection.ts';

const settings = (value: string): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'default' },
  data: { value },
});

type HttpKubernetesClient = ReturnType<typeof createKubernetesClient>;

describe('A view of what the standalone API has stored', () => {
  let folder: string;
  let server: StandaloneServer;
  let owner: HttpKubernetesClient;

  /** Looks at the directory by a view of its own. */
  const read = async <R>(use: (client: HttpKubernetesClient) => Promise<R>): Promise<R> => {
    const view = await viewStandalone(folder);
    const connection = await connectionTo(view.url, view.authority, view.token, 'a view');
    const client = createKubernetesClient(connection, { clock: systemClock });
    try {
      return await use(client);
    } finally {
      await client.close();
      await view.close();
    }
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dropfleet-view-'));
    server = await startStandalone({ stateDir: folder, port: 0 });
    owner = createKubernetesClient(await loadConnection({ kubeconfig: server.kubeconfig, env: {} }), {
      clock: systemClock,
    });
  });
  after(async () => {
    await owner.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('has the last write of a server that runs, which may be in the log of writes alone', async () => {
    await owner.create(CONFIG_MAPS, settings('old'));
    await owner.patch(CONFIG_MAPS, 'default/settings', { data: { value: 'new' } });
    const { data, uid } = await read(async client => ({
      data: (await client.get(CONFIG_MAPS, 'default/settings')).data,
      uid: (await client.get(NAMESPACES, 'kube-system')).metadata.uid,
    }));
    expect(data).to.deep.equal({ value: 'new' });
    expect(uid).to.equal((await owner.get(NAMESPACES, 'kube-system')).metadata.uid);
  });

  it('refuses every write, and the server does not notice it', async () => {
    const refusals = await read(async client => [
      await rejection(
        client.create(CONFIG_MAPS, { ...settings('x'), metadata: { name: 'x', namespace: 'default' } }),
      ),
      await rejection(client.patch(CONFIG_MAPS, 'default/settings', { data: { value: 'lost' } })),
      await rejection(client.delete(CONFIG_MAPS, 'default/settings')),
    ]);
    for (const { message } of refusals) expect(message).to.contain('only shows what is stored');
    await owner.patch(CONFIG_MAPS, 'default/settings', { data: { value: 'newer' } });
    expect((await owner.get(CONFIG_MAPS, 'default/settings')).data).to.deep.equal({ value: 'newer' });
  });

  it('is empty where nothing was ever stored, and makes no folder there', async () => {
    const nowhere = join(folder, 'nowhere');
    const view = await viewStandalone(nowhere);
    await view.close();
    expect(view.isEmpty).to.equal(true);
    expect(await readdir(folder)).to.not.include('nowhere');
  });

  it('is refused in a sentence where what is stored is damaged', async () => {
    const damaged = await mkdtemp(join(folder, 'damaged-'));
    await writeFile(join(damaged, 'standalone.db'), 'no database');
    expect((await rejection(viewStandalone(damaged))).message).to.match(/standalone\.db is damaged: restore/);
  });
});
