import { expect } from 'chai';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApiClient } from './api-client.ts';
import { configMap, configMapsIn } from './things.ts';

const path = configMapsIn('default');
/** Gives a process file systems of its own, without being root. */
const UNSHARE = 'unshare';
const serverProcess = fileURLToPath(new URL('./server-process.ts', import.meta.url));

// The state directory is a file system of 4 MB that only the server's process sees.
describe('The standalone API on a full disk', () => {
  let child: ChildProcess | undefined;
  let folder: string;
  let seen: string;
  let api: ApiClient;

  before(async function () {
    if (spawnSync(UNSHARE, ['--user', '--map-root-user', '--mount', 'true']).status !== 0) this.skip();
    folder = mkdtempSync(join(tmpdir(), 'dropfleet-full-'));
    const mount = `mount -t tmpfs -o size=4m none "${folder}" && exec "${process.execPath}" "${serverProcess}"`;
    child = spawn(UNSHARE, ['--user', '--map-root-user', '--mount', 'sh', '-c', mount], {
      env: { ...process.env, STANDALONE_STATE_DIR: folder },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [kubeconfig] = (await once(child, 'message')) as [string];
    seen = `/proc/${child.pid}/root${folder}`;
    api = new ApiClient(`/proc/${child.pid}/root${kubeconfig}`);
  });
  after(async () => {
    if (child === undefined) return;
    api.close();
    child.kill('SIGKILL');
    await once(child, 'exit');
    rmdirSync(folder);
  });

  it('refuses writes in one sentence, answers reads, and goes on once there is room', async () => {
    await api.post(path, configMap('kept', { key: 'before' }));
    const { bavail, bsize } = statfsSync(seen);
    writeFileSync(join(seen, 'ballast'), Buffer.alloc(bavail * bsize));
    const large = configMap('kept', { key: 'x'.repeat(500_000) });
    const { status, body } = await api.put(`${path}/kept`, large);
    expect(status).to.equal(507);
    expect(body.message).to.equal('Nothing was stored, because the disk is full; make room and try again.');
    const read = await api.get(`${path}/kept`);
    expect(read.body.data).to.deep.equal({ key: 'before' });
    rmSync(join(seen, 'ballast'));
    const again = await api.put(`${path}/kept`, large);
    expect(again.status).to.equal(200);
    const watch = await api.watch(`${path}?watch=true&resourceVersion=${read.body.metadata.resourceVersion}`);
    expect((await watch.next())!.object.metadata.resourceVersion).to.equal(
      again.body.metadata.resourceVersion,
    );
    watch.close();
  });
});
