import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { backUp, restore } from '../../../standalone/backup.ts';
import { startStandalone, type StandaloneServer } from '../../../standalone/server.ts';
import { rejection } from '../../fakes/rejection.ts';
import { ApiClient } from './api-client.ts';
import { configMap, configMapsIn } from './things.ts';

const path = configMapsIn('default');
/** Gives a process file systems of its own, without being root. */
const UNSHARE = 'unshare';
const OWN_MOUNTS = ['--user', '--map-root-user', '--mount'];

/** What the function throws. */
const thrown = (work: () => unknown): Promise<Error> => rejection((async () => work())());

describe('A backup of the standalone API', () => {
  let folder: string;
  let stateDir: string;
  let file: string;
  let server: StandaloneServer | undefined;
  let api: ApiClient;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dropfleet-backup-'));
    stateDir = join(folder, 'state');
    file = join(folder, 'backup.db');
  });
  afterEach(async () => {
    await stop();
    rmSync(folder, { recursive: true });
  });

  const start = async (): Promise<void> => {
    server = await startStandalone({ stateDir, port: 0 });
    api = new ApiClient(server.kubeconfig);
  };
  const stop = async (): Promise<void> => {
    if (server === undefined) return;
    api.close();
    await server.close();
    server = undefined;
  };
  const names = async (): Promise<string[]> =>
    (await api.get(path)).body.items!.map(item => item.metadata.name);
  /** A backup that holds `kept`, of a state that goes on to hold `later` too. */
  const prepare = async (): Promise<void> => {
    await start();
    await api.post(path, configMap('kept'));
    await backUp(stateDir, file);
    await api.post(path, configMap('later'));
    await stop();
  };

  it('is made while the server takes writes, readable by the owner only, and leaves nothing else behind', async () => {
    await start();
    const writing = Promise.all(Array.from({ length: 50 }, (_, i) => api.post(path, configMap(`c${i}`))));
    await api.post(path, configMap('kept'));
    await backUp(stateDir, file);
    await writing;
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(readdirSync(folder)).to.have.members(['state', 'backup.db']);
    await stop();
    restore(stateDir, file, Date.now());
    await start();
    expect(await names()).to.include('kept');
  });

  it('is made of a server that does not run', async () => {
    await prepare();
    const second = join(folder, 'second.db');
    await backUp(stateDir, second);
    restore(join(folder, 'elsewhere'), second, Date.now());
    stateDir = join(folder, 'elsewhere');
    await start();
    expect(await names()).to.deep.equal(['kept', 'later']);
  });

  it('overwrites no file, and is not made of nothing', async () => {
    await prepare();
    const before = readFileSync(file);
    expect((await rejection(backUp(stateDir, file))).message).to.equal(
      `${file} is there already: name a file that is not.`,
    );
    expect(readFileSync(file).equals(before)).to.equal(true);
    const nothing = await rejection(backUp(folder, join(folder, 'other.db')));
    expect(nothing.message).to.contain('does not exist: there is nothing to back up');
    const nowhere = await rejection(backUp(stateDir, join(folder, 'none', 'other.db')));
    expect(nowhere.message).to.match(/other\.db cannot be written: ENOENT/);
  });

  it('that the disk has no room for is refused in one sentence, and nothing is left of it', async function () {
    if (spawnSync(UNSHARE, [...OWN_MOUNTS, 'true']).status !== 0) this.skip();
    await prepare();
    const backup = new URL('../../../standalone/backup.ts', import.meta.url).href;
    const target = join(folder, 'full', 'backup.db');
    mkdirSync(join(folder, 'full'));
    const script = `(await import('${backup}')).backUp('${stateDir}', '${target}').catch(e => console.log(e.message))`;
    const shell = `mount -t tmpfs -o size=16k none "${folder}/full" && "${process.execPath}" --input-type=module -e "${script}" && ls "${folder}/full"`;
    const { stdout } = spawnSync(UNSHARE, [...OWN_MOUNTS, 'sh', '-c', shell], { encoding: 'utf8' });
    expect(stdout).to.equal(`${target} cannot be written: database or disk is full.\n`);
  });

  it('brings back what there was, and keeps what was there until then', async () => {
    await prepare();
    const kept = restore(stateDir, file, Date.now())!;
    await start();
    expect(await names()).to.deep.equal(['kept']);
    await stop();
    stateDir = kept;
    await start();
    expect(await names()).to.deep.equal(['kept', 'later']);
  });

  it('makes clients list again that saw what came after it', async () => {
    await prepare();
    await start();
    const seen = (await api.get(path)).body.metadata.resourceVersion;
    await stop();
    restore(stateDir, file, Date.now());
    await start();
    await api.post(path, configMap('anew'));
    const watch = await api.watch(`${path}?watch=true&resourceVersion=${seen}`);
    expect((await watch.next())!.object).to.include({ code: 410 });
    watch.close();
  });

  it('is not restored while a server runs', async () => {
    await prepare();
    await start();
    const { message } = await thrown(() => restore(stateDir, file, Date.now()));
    expect(message).to.contain(`is in use by another dropfleet (pid ${process.pid})`);
    expect(await names()).to.deep.equal(['kept', 'later']);
  });

  it('is restored over a database that is damaged, which is kept too', async () => {
    await prepare();
    writeFileSync(join(stateDir, 'standalone.db'), 'nonsense '.repeat(1000));
    const kept = restore(stateDir, file, Date.now())!;
    expect(readFileSync(join(kept, 'standalone.db'), 'utf8')).to.contain('nonsense');
    await start();
    expect(await names()).to.deep.equal(['kept']);
  });

  const refused: [string, RegExp, (file: string) => void][] = [
    ['empty', /is no backup of a standalone API/, file => writeFileSync(file, '')],
    ['text', /is no backup of a standalone API/, file => writeFileSync(file, 'a: b\n'.repeat(1000))],
    [
      'the database of another program',
      /is no backup of a standalone API/,
      file => {
        rmSync(file);
        const other = new DatabaseSync(file);
        other.exec('CREATE TABLE cookies (taste TEXT)');
        other.close();
      },
    ],
    [
      'cut off',
      /is damaged: it was not restored/,
      file => writeFileSync(file, readFileSync(file).subarray(0, 5000)),
    ],
    [
      'damaged in its middle',
      /is damaged: it was not restored/,
      file => writeFileSync(file, readFileSync(file).fill(0xff, 4096 * 2)),
    ],
    [
      'of a newer dropfleet',
      /was written by a newer dropfleet/,
      file => {
        const newer = new DatabaseSync(file);
        newer.exec('PRAGMA user_version = 999');
        newer.close();
      },
    ],
    ['not there', /cannot be restored: ENOENT/, file => rmSync(file)],
  ];
  for (const [what, text, spoil] of refused) {
    it(`that is ${what} is refused in one sentence, and nothing changes`, async () => {
      await prepare();
      spoil(file);
      const before = readFileSync(join(stateDir, 'standalone.db'));
      const { message } = await thrown(() => restore(stateDir, file, Date.now()));
      expect(message).to.match(text).and.not.contain('\n');
      expect(message.startsWith(file)).to.equal(true);
      expect(readFileSync(join(stateDir, 'standalone.db')).equals(before)).to.equal(true);
      expect(readdirSync(stateDir).filter(name => /restor/.test(name))).to.deep.equal([]);
    });
  }
});

describe('A database of an older dropfleet', () => {
  let stateDir: string;
  beforeEach(() => (stateDir = mkdtempSync(join(tmpdir(), 'dropfleet-migration-'))));
  afterEach(() => rmSync(stateDir, { recursive: true }));

  it('of schema version 1 goes on with all objects, and lets watches resume', async () => {
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'old',
        namespace: 'default',
        uid: '11111111-1111-4111-8111-111111111111',
        creationTimestamp: '2026-01-01T00:00:00Z',
      },
      data: { a: '1' },
    };
    const at = (version: number, a: string): string =>
      JSON.stringify({
        ...object,
        metadata: { ...object.metadata, resourceVersion: String(version) },
        data: { a },
      });
    const old = new DatabaseSync(join(stateDir, 'standalone.db'));
    old.exec(`
      CREATE TABLE objects (kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key))
        WITHOUT ROWID;
      CREATE TABLE journal (version INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, type TEXT NOT NULL,
        previous TEXT);
      CREATE TABLE floors (kind TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
      PRAGMA application_id = 1685221232;
      PRAGMA user_version = 1;
      INSERT INTO floors VALUES ('', 1000);`);
    const journal = old.prepare('INSERT INTO journal VALUES (?, ?, ?, ?, ?)');
    journal.run(1001, 'configmaps', 'default\0old', 'ADDED', null);
    journal.run(1002, 'configmaps', 'default\0old', 'MODIFIED', at(1001, '1'));
    old.prepare('INSERT INTO objects VALUES (?, ?, ?)').run('configmaps', 'default\0old', at(1002, '2'));
    old.close();

    const server = await startStandalone({ stateDir, port: 0 });
    const api = new ApiClient(server.kubeconfig);
    expect((await api.get(`${path}/old`)).body.data).to.deep.equal({ a: '2' });
    const watch = await api.watch(`${path}?watch=true&resourceVersion=1001`);
    const { type, object: seen } = (await watch.next())!;
    expect([type, seen.data]).to.deep.equal(['MODIFIED', { a: '2' }]);
    watch.close();
    expect((await api.patch(`${path}/old`, { data: { a: '3' } })).status).to.equal(200);
    api.close();
    await server.close();
    const migrated = new DatabaseSync(join(stateDir, 'standalone.db'), { readOnly: true });
    expect(migrated.prepare('PRAGMA user_version').get()).to.deep.equal({ user_version: 2 });
    migrated.close();
  });
});
