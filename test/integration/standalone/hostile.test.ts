import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from './api-client.ts';
import { HOSTILE, PATCHED } from './hostile-bodies.ts';
import { startMortalServer, type MortalServer } from './mortal-server.ts';
import { configMapsIn } from './things.ts';

const LIMIT = 3 * 1024 * 1024;
const path = configMapsIn('default');

describe('The standalone API, with 400 MB of heap,', () => {
  let stateDir: string;
  let server: MortalServer;
  let api: ApiClient;

  before(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'dropfleet-hostile-'));
    server = await startMortalServer(stateDir, 0, ['--max-old-space-size=400']);
    api = new ApiClient(server.kubeconfig);
  });
  beforeEach(() => api.post(path, PATCHED));
  afterEach(async () => {
    await api.patch(`${path}/patched`, { metadata: { finalizers: null } });
    for (const name of ['patched', 'generated']) await api.delete(`${path}/${name}`);
  });
  after(async () => {
    api.close();
    await server.kill();
    rmSync(stateDir, { recursive: true });
  });

  for (const { what, method, path, type, body, status } of HOSTILE) {
    it(`answers 3 MB of ${what} with ${status}`, async () => {
      const answer = await api.send(method, path, body(LIMIT * 0.95), { type });
      expect(answer.status, answer.text.slice(0, 1000)).to.equal(status);
      expect((await api.get('/readyz')).status).to.equal(200);
    });
  }

  it('tells who sends more than it takes so, however he sends it', async () => {
    for (const bytes of [LIMIT + 1, 20 * LIMIT]) {
      const { status, body } = await api.post(path, ' '.repeat(bytes));
      expect(status).to.equal(413);
      expect(body).to.include({ kind: 'Status', reason: 'RequestEntityTooLarge' });
      expect(body.message).to.equal('Request entity too large: limit is 3145728');
    }
    expect((await api.post(path, ' '.repeat(LIMIT))).status).to.equal(400);
  });

  it('lets no object grow beyond what a body may have', async () => {
    const add = (letter: string): Promise<{ status: number }> => {
      const finalizers = Array.from({ length: 170_000 }, (_, i) => `${letter}/${i}`);
      return api.patch(
        `${path}/patched`,
        { metadata: { finalizers } },
        { type: 'application/strategic-merge-patch+json' },
      );
    };
    expect((await add('a')).status).to.equal(200);
    expect((await add('b')).status).to.equal(413);
    expect((await api.get(`${path}/patched`)).body.metadata.finalizers).to.have.length(170_000);
  });
});
