import { mkdir, mkdtemp, readdir, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { isMissingFile } from '../../config/files.ts';

/** What `ssh` is told by files, for it takes neither a key nor a host key in any other way. */
export interface SshFiles {
  identity: string;
  knownHosts: string;
}

const NAMES: Record<keyof SshFiles, string> = { identity: 'identity', knownHosts: 'known_hosts' };

/** The process that made it, and what makes the name unique; names once had the latter alone. */
const OWN_FOLDER = /^ssh-(?:(\d+)-)?\w{6}$/;

/** Has those files in a folder of their own for as long as `use` takes. */
export async function withSshFiles<R>(
  folder: string,
  content: Record<keyof SshFiles, string>,
  use: (files: SshFiles) => Promise<R>,
): Promise<R> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await sweepSshFiles(folder);
  const own = await mkdtemp(join(folder, `ssh-${process.pid}-`));
  try {
    const files = { identity: join(own, NAMES.identity), knownHosts: join(own, NAMES.knownHosts) };
    await writeFile(files.identity, content.identity, { mode: 0o600 });
    await writeFile(files.knownHosts, content.knownHosts, { mode: 0o600 });
    return await use(files);
  } finally {
    await clear(own);
  }
}

/** Removes what commands left there that were killed. */
export async function sweepSshFiles(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const match = OWN_FOLDER.exec(name);
    const path = join(folder, name);
    if (match !== null && !(await isInUse(path, Number(match[1] ?? 0)))) await clear(path);
  }
}

/** Whether the process that made it is still there; before the machine started it was another one. */
async function isInUse(path: string, pid: number): Promise<boolean> {
  const startedAt = Date.now() - uptime() * 1_000;
  const made = await stat(path).catch(() => undefined);
  return pid > 0 && made !== undefined && made.mtimeMs > startedAt && isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Removes the files and then the folder, unless it holds anything else: then it is none of ours. */
async function clear(path: string): Promise<void> {
  const names = await readdir(path).catch(() => undefined);
  if (names === undefined || names.some(name => !Object.values(NAMES).includes(name))) return;
  for (const name of names) await rm(join(path, name), { force: true });
  await rmdir(path).catch((error: unknown) => {
    if (!isMissingFile(error)) throw error;
  });
}
