import { expect } from 'chai';
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readJournal } from '../../../sandbox/account/records/journal.ts';

const SANDBOX = fileURLToPath(import.meta.resolve('./full-sandbox.ts'));
/** Blocks of 512 bytes: room for a dozen tags. */
const BLOCKS = 2;
/** Bytes of a file system of its own. */
const ROOM = 256 * 1024;
/** Bytes that are left where a line is to be half written. */
const REST = 8 * 1024;

interface Started {
  readonly url: string;
  readonly sshPort?: number;
  readonly refused?: string;
}

/** A sandbox in a process of its own. */
interface Confined {
  readonly child: ChildProcess;
  readonly started: Started;
  readonly send: (method: string, path: string, body?: unknown) => Promise<{ status: number; body: Reply }>;
}

type Reply = any; // oxlint-disable-line typescript/no-explicit-any -- tests reach into replies of every shape

/** Runs a sandbox below a shell command that keeps it in bounds; `"$0" "$@"` is the sandbox. */
async function startBelow(command: string, args: readonly string[], way: readonly string[] = []) {
  const shell = [...way, 'sh', '-c', command, process.execPath, SANDBOX, ...args];
  const child = spawn(shell[0]!, shell.slice(1), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [started] = (await once(child, 'message')) as [Started];
  const send: Confined['send'] = async (method, path, body) => {
    const response = await fetch(`${started.url}${path}`, {
      method,
      headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  return { child, started, send } satisfies Confined;
}

/** Makes tags until one is refused; returns those that were confirmed. */
async function fillWithTags({ send }: Confined): Promise<string[]> {
  const confirmed: string[] = [];
  for (;;) {
    const name = `tag-${confirmed.length}`;
    const { status, body } = await send('POST', '/v2/tags', { name });
    if (status !== 201) {
      expect(status).to.equal(500);
      expect(body.message).to.include('state.jsonl').and.include('make room');
      return confirmed;
    }
    confirmed.push(name);
  }
}

const tagNames = async ({ send }: Confined): Promise<string[]> =>
  (await send('GET', '/v2/tags?per_page=200')).body.tags.map((tag: { name: string }) => tag.name);

const tagsIn = async (file: string): Promise<string[]> =>
  (await readJournal(file)).filter(([collection]) => collection === 'tags').map(([, id]) => id);

describe('the sandbox, when its state file cannot grow', () => {
  let directory: string;
  let file: string;
  let sandbox: Confined;

  beforeEach(async function () {
    if (process.platform !== 'linux') return this.skip();
    directory = mkdtempSync(join(tmpdir(), 'sandbox-'));
    file = join(directory, 'state.jsonl');
    // The kernel writes as much as the limit allows, even half a line, and then refuses.
    sandbox = await startBelow(`trap '' XFSZ; ulimit -S -f ${BLOCKS}; exec "$0" "$@"`, [directory]);
  });
  afterEach(() => {
    sandbox?.child.kill('SIGKILL');
    if (directory) rmSync(directory, { recursive: true });
  });

  it('refuses, and loses nothing that it confirmed', async () => {
    const confirmed = await fillWithTags(sandbox);
    expect(readFileSync(file, 'utf8')).not.to.match(/\n$/);
    expect(confirmed.length).to.be.greaterThan(0);
    expect(await tagsIn(file)).to.deep.equal(confirmed);
  });

  it('shows nothing that it might lose', async () => {
    await fillWithTags(sandbox);
    expect((await sandbox.send('GET', '/v2/tags')).status).to.equal(500);
  });

  it('works on when there is room again, with its memory equal to the file', async () => {
    const confirmed = await fillWithTags(sandbox);
    await sandbox.send('POST', '/v2/tags', { name: 'while-full' });
    execFileSync('prlimit', ['--pid', String(sandbox.child.pid), '--fsize=unlimited:']);
    expect((await sandbox.send('POST', '/v2/tags', { name: 'after' })).status).to.equal(201);
    const shown = await tagNames(sandbox);
    expect(shown).to.include.members([...confirmed, 'after']);
    sandbox.child.kill('SIGKILL');
    await once(sandbox.child, 'exit');
    expect(await tagsIn(file)).to.deep.equal(shown);
  });
});

describe('the sandbox, on a file system of its own that is full', () => {
  let directory: string;
  let sandbox: Confined;

  beforeEach(function () {
    if (process.platform !== 'linux') return this.skip();
    directory = mkdtempSync(join(tmpdir(), 'sandbox-'));
  });
  afterEach(() => {
    sandbox?.child.kill('SIGKILL');
    if (directory) rmSync(directory, { recursive: true });
  });

  /** Its folder, which only it sees as it is, and from outside. */
  const seen = (...path: string[]): string => join(`/proc/${sandbox.child.pid}/root${directory}`, ...path);

  async function start(args: readonly string[] = [], beforehand = ':'): Promise<void> {
    const mount = `mount -t tmpfs -o size=${ROOM} tmpfs ${directory}`;
    sandbox = await startBelow(
      `${mount} && ${beforehand}; exec "$0" "$@"`,
      [directory, ...args],
      ['unshare', '--map-root-user', '--mount'],
    );
  }

  /** Takes all the room that is left, but for so many bytes. */
  function fill(rest = 0): void {
    expect(() => writeFileSync(seen('filler'), Buffer.alloc(2 * ROOM))).to.throw('ENOSPC');
    const { length } = readFileSync(seen('filler'));
    truncateSync(seen('filler'), length - rest);
  }
  const makeRoom = (): void => rmSync(seen('filler'));

  it('answers 500 only until there is room again, and then has all that it confirmed', async () => {
    await start();
    fill();
    const confirmed = await fillWithTags(sandbox);
    expect((await sandbox.send('GET', '/v2/tags')).status).to.equal(500);
    expect(await tagsIn(seen('state.jsonl'))).to.deep.equal(confirmed);
    makeRoom();
    expect((await sandbox.send('POST', '/v2/tags', { name: 'after' })).status).to.equal(201);
    const shown = await tagNames(sandbox);
    expect(shown).to.include.members([...confirmed, 'after']);
    expect(await tagsIn(seen('state.jsonl'))).to.deep.equal(shown);
  });

  it('does not start, and says what is to be done', async () => {
    await start([], `cat /dev/zero >${directory}/filler 2>/dev/null`);
    expect(sandbox.started.refused).to.match(/^StateFileError: .*state\.jsonl.*ENOSPC.*make room/);
  });

  it('keeps the files of emulated hosts whole', async () => {
    await start(['hosts']);
    const key = join(directory, 'key');
    await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const publicKey = readFileSync(`${key}.pub`, 'utf8').trim();
    const { ssh_key } = (
      await sandbox.send('POST', '/v2/account/keys', { name: 'test', public_key: publicKey })
    ).body;
    const droplet = {
      name: 'web1',
      region: 'nyc3',
      size: 's-1vcpu-1gb',
      image: 'debian-13-x64',
      ssh_keys: [ssh_key.id],
    };
    const { id } = (await sandbox.send('POST', '/v2/droplets', droplet)).body.droplet;
    let address: string | undefined;
    while (address === undefined) {
      const { networks } = (await sandbox.send('GET', `/v2/droplets/${id}`)).body.droplet;
      address = networks.v4.find((network: { type: string }) => network.type === 'public')?.ip_address;
    }
    const ssh = (command: string) => runBySsh(key, sandbox.started.sshPort!, address, command);

    expect(await ssh('echo before >/root/before')).to.equal(true);
    fill(REST);
    const large = 'x'.repeat(3 * REST);
    expect(await ssh(`echo ${large} >/root/large`)).to.equal(false);
    makeRoom();
    expect(await ssh('echo after >/root/after')).to.equal(true);

    // The next life, over a copy.
    const copy = mkdtempSync(join(tmpdir(), 'sandbox-'));
    cpSync(seen(), copy, { recursive: true });
    rmSync(join(copy, 'state.jsonl.lock'));
    sandbox.child.kill('SIGKILL');
    await once(sandbox.child, 'exit');
    sandbox = await startBelow('exec "$0" "$@"', [copy, 'hosts']);
    while ((await sandbox.send('GET', '/sandbox/hosts')).body.hosts[0].state !== 'ready');
    expect(
      await ssh(`grep -q before /root/before && grep -q after /root/after && grep -qx ${large} /root/large`),
    ).to.equal(true);
    rmSync(copy, { recursive: true });
  });
});

const execute = promisify(execFile);

/** Whether the command succeeds on the host at that address. */
function runBySsh(key: string, port: number, address: string, command: string): Promise<boolean> {
  const options = ['BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null'];
  const given = options.flatMap(option => ['-o', option]);
  return execute('ssh', [
    '-F/dev/null',
    '-i',
    key,
    '-p',
    String(port),
    ...given,
    `root@${address}`,
    command,
  ]).then(
    () => true,
    () => false,
  );
}
