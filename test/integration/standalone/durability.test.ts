import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { startStandalone, type StandaloneServer } from '../../../standalone/server.ts';
import { rejection } from '../../fakes/rejection.ts';
import { ApiClient } from './api-client.ts';
import { startMortalServer, type MortalServer } from './mortal-server.ts';
import { configMap, configMapsIn } from './things.ts';

const path = configMapsIn('default');

describe('The state of the standalone API', () => {
  let stateDir: string;
  const children: MortalServer[] = [];
  const servers: StandaloneServer[] = [];

  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'dropfleet-durability-'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await child.kill();
    for (const server of servers.splice(0)) await server.close();
    rmSync(stateDir, { recursive: true, force: true });
  });

  const start = async (): Promise<StandaloneServer> => {
    const server = await startStandalone({ stateDir, port: 0 });
    servers.push(server);
    return server;
  };
  const stop = async (server: StandaloneServer): Promise<void> => {
    servers.splice(servers.indexOf(server), 1);
    await server.close();
  };
  const startChild = async (): Promise<MortalServer> => {
    const child = await startMortalServer(stateDir);
    children.push(child);
    return child;
  };

  it('lets a watch resume over a restart', async () => {
    const first = await start();
    const before = new ApiClient(first.kubeconfig);
    const { body: one } = await before.post(path, configMap('one'));
    await before.patch(`${path}/one`, { data: { key: 'two' } });
    await before.delete(`${path}/one`);
    before.close();
    await stop(first);
    const after = new ApiClient((await start()).kubeconfig);
    const watch = await after.watch(`${path}?watch=true&resourceVersion=${one.metadata.resourceVersion}`);
    const events = [await watch.next(), await watch.next()];
    expect(events.map(event => [event!.type, event!.object.data])).to.deep.equal([
      ['MODIFIED', { key: 'two' }],
      ['DELETED', { key: 'two' }],
    ]);
    watch.close();
    after.close();
  });

  it('keeps the token and the certificate over a restart', async () => {
    const first = await start();
    const identity = [first.token, readFileSync(join(stateDir, 'tls.crt'), 'utf8')];
    await stop(first);
    const second = await start();
    expect([second.token, readFileSync(join(stateDir, 'tls.crt'), 'utf8')]).to.deep.equal(identity);
  });

  it('is not shared by two servers, and the refusal names the first', async () => {
    const child = await startChild();
    const { message } = await rejection(start());
    expect(message).to.contain(`standalone.db is in use by another dropfleet (pid ${child.pid})`);
  });

  it('is taken over from a server that was killed', async () => {
    await (await startChild()).kill();
    expect((await start()).url).to.match(/^https:\/\/127\.0\.0\.1:\d+$/);
  });

  it('is refused when it is damaged, and left as it is', async () => {
    const file = join(stateDir, 'standalone.db');
    writeFileSync(file, 'no database at all, but long enough to be looked at as one. '.repeat(100));
    const before = readFileSync(file);
    const { message } = await rejection(start());
    expect(message).to.contain(`${file} is damaged: restore a backup with`);
    expect(readFileSync(file).equals(before)).to.equal(true);
  });

  it('is refused when pages in its middle are damaged', async () => {
    const first = await start();
    const api = new ApiClient(first.kubeconfig);
    for (let i = 0; i < 50; i++) await api.post(path, configMap(`c${i}`, { text: 'x'.repeat(2000) }));
    api.close();
    await stop(first);
    const file = join(stateDir, 'standalone.db');
    const bytes = readFileSync(file);
    bytes.fill(0xff, 4096 * 3, 4096 * 12);
    writeFileSync(file, bytes);
    expect((await rejection(start())).message).to.contain('is damaged');
  });

  it('is refused when an object in it is no JSON', async () => {
    await stop(await start());
    const database = new DatabaseSync(join(stateDir, 'standalone.db'));
    database.exec(`UPDATE objects SET body = '{"half'`);
    database.close();
    expect((await rejection(start())).message).to.contain('standalone.db is damaged');
  });

  it('is refused when a newer dropfleet wrote it', async () => {
    await stop(await start());
    const database = new DatabaseSync(join(stateDir, 'standalone.db'));
    database.exec('PRAGMA user_version = 999');
    database.close();
    expect((await rejection(start())).message).to.contain('standalone.db was written by a newer dropfleet');
  });

  it('is refused when it is a database of something else', async () => {
    const database = new DatabaseSync(join(stateDir, 'standalone.db'));
    database.exec('CREATE TABLE cookies (taste TEXT)');
    database.close();
    expect((await rejection(start())).message).to.contain('is not a dropfleet database');
  });

  it('steps over a taken port when allowed to, and says so when not', async () => {
    const first = await start();
    const otherDir = mkdtempSync(join(tmpdir(), 'dropfleet-durability-'));
    const { port } = first;
    const { message } = await rejection(startStandalone({ stateDir: otherDir, port }));
    expect(message).to.contain(`Port ${port} on 127.0.0.1 is taken`);
    const second = await startStandalone({ stateDir: otherDir, port, allowNextPort: true });
    servers.push(second);
    expect(second.port).to.be.above(port);
    expect(readFileSync(second.kubeconfig, 'utf8')).to.contain(`https://127.0.0.1:${second.port}`);
    await stop(second);
    rmSync(otherDir, { recursive: true });
  });
});
