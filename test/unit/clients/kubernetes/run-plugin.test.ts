import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { PluginFailure, runPlugin } from '../../../../clients/kubernetes/run-plugin.ts';
import { rejection } from '../../../fakes/rejection.ts';

const PATIENCE_MS = 60_000;

describe('A credential plugin', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'plugin-'))));
  afterEach(() => rm(folder, { recursive: true }));

  const { signal: never } = new AbortController();
  const run = (script: string, limitMs = PATIENCE_MS, signal: AbortSignal = never): Promise<string> =>
    runPlugin({ command: 'sh', args: ['-c', script, 'sh', folder], env: process.env }, limitMs, signal);
  const complaint = async (running: Promise<string>): Promise<string> => {
    const error = await rejection(running);
    expect(error).to.be.instanceOf(PluginFailure);
    return error.message;
  };

  /** Starts a process of its own, writes down its id, and waits for it. */
  const SLOW = 'sleep 1000 & echo $! > "$1/child.new"; mv "$1/child.new" "$1/child"; wait';
  const childOf = async (): Promise<number> => {
    const changes = watch(folder);
    while (!existsSync(join(folder, 'child'))) await once(changes, 'change');
    changes.close();
    return Number(await readFile(join(folder, 'child'), 'utf8'));
  };
  /** Waits until nobody has that id: the system ends and buries it when it likes. */
  const ended = async (pid: number): Promise<void> => {
    while (await isAlive(pid)) await new Promise(setImmediate);
  };

  it('gives what it prints', async () => {
    expect(await run('echo done')).to.equal('done\n');
  });

  it('is stopped with all that it started when it takes too long, and said so', async () => {
    const running = complaint(run(SLOW, 2_000));
    const child = await childOf();
    expect(await running).to.match(/^gave no answer within 2 s, and was stopped: run it by hand/);
    await ended(child);
  });

  it('is stopped with all that it started when nobody waits for it any more', async () => {
    const stop = new AbortController();
    const running = rejection(run(SLOW, PATIENCE_MS, stop.signal));
    const child = await childOf();
    stop.abort(new Error('enough'));
    expect((await running).message).to.equal('enough');
    await ended(child);
  });

  it('is quoted with the end of what it complained about, in a line that no terminal obeys', async () => {
    const script = "printf '%01000d' 1 >&2; printf '\\033[2Jno\\nway' >&2; echo hunter2; exit 3";
    const message = await complaint(run(script));
    expect(message).to.match(/^failed with exit code 3: 0+1\\u001b\[2Jno\\nway$/);
    expect(message.length).to.be.below(400);
  });

  it('is stopped when it prints without an end', async () => {
    expect(await complaint(run('yes'))).to.equal('printed more than 1024 KiB');
  });

  it('is told from one that is not there, and from one that may not be run', async () => {
    const command = (name: string) => runPlugin({ command: name, args: [], env: {} }, PATIENCE_MS, never);
    expect(await complaint(command('/no/such/plugin'))).to.equal('is not installed');
    expect(await complaint(command('/etc/passwd'))).to.equal('may not be run: is it executable?');
  });
});

/** A zombie has ended. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}
