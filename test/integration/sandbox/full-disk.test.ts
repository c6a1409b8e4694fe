import { expect } from 'chai';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJournal } from '../../../sandbox/journal.ts';

const SANDBOX = fileURLToPath(import.meta.resolve('./full-sandbox.ts'));
/** Blocks of 512 bytes: room for a dozen tags. */
const BLOCKS = 2;

describe('the sandbox, when its state file cannot grow', () => {
  let directory: string;
  let file: string;
  let child: ChildProcess;
  let url: string;

  beforeEach(async function () {
    if (process.platform !== 'linux') return this.skip();
    directory = mkdtempSync(join(tmpdir(), 'sandbox-'));
    file = join(directory, 'state.jsonl');
    // The kernel writes as much as the limit allows, even half a line, and then refuses, as on a full disk.
    child = spawn(
      'sh',
      ['-c', `trap '' XFSZ; ulimit -S -f ${BLOCKS}; exec "$0" "$@"`, process.execPath, SANDBOX, file],
      { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
    );
    [url] = (await once(child, 'message')) as [string];
  });
  afterEach(() => {
    child?.kill('SIGKILL');
    if (directory) rmSync(directory, { recursive: true });
  });

  const send = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  const createTag = (name: string) => send('POST', '/v2/tags', { name });
  const tagNames = async (): Promise<string[]> =>
    (await send('GET', '/v2/tags?per_page=200')).body.tags.map((tag: { name: string }) => tag.name);

  /** Makes tags until one is refused; returns those that were confirmed. */
  async function fill(): Promise<string[]> {
    const confirmed: string[] = [];
    for (;;) {
      const name = `tag-${confirmed.length}`;
      const { status, body } = await createTag(name);
      if (status !== 201) {
        expect(status).to.equal(500);
        expect(body.message).to.include(file).and.include('make room');
        return confirmed;
      }
      confirmed.push(name);
    }
  }

  it('refuses, and loses nothing that it confirmed', async () => {
    const confirmed = await fill();
    expect(readFileSync(file, 'utf8')).not.to.match(/\n$/);
    const kept = (await readJournal(file))
      .filter(([collection]) => collection === 'tags')
      .map(([, id]) => id);
    expect(confirmed.length).to.be.greaterThan(0);
    expect(kept).to.deep.equal(confirmed);
  });

  it('shows nothing that it might lose', async () => {
    await fill();
    expect((await send('GET', '/v2/tags')).status).to.equal(500);
  });

  it('works on when there is room again, with its memory equal to the file', async () => {
    const confirmed = await fill();
    await createTag('while-full');
    execFileSync('prlimit', ['--pid', String(child.pid), '--fsize=unlimited:']);
    expect((await createTag('after')).status).to.equal(201);
    const shown = await tagNames();
    expect(shown).to.include.members([...confirmed, 'after']);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const kept = (await readJournal(file))
      .filter(([collection]) => collection === 'tags')
      .map(([, id]) => id);
    expect(kept).to.deep.equal(shown);
  });
});
