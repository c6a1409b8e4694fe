import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Git as a person without settings of his own has it. */
export const gitEnv = (): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
});

/** A folder that is gone after the test. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'dropfleet-git-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A working tree with a repository, for tests to commit to. */
export interface WorkingTree {
  path: string;
  git(...args: string[]): string;
  write(files: Record<string, string>): void;
  /** Writes the files and commits everything; answers the commit. */
  commit(files: Record<string, string>, message?: string): string;
}

export function createWorkingTree(path: string, ...initArgs: string[]): WorkingTree {
  mkdirSync(path, { recursive: true });
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'];
  const git = (...args: string[]): string =>
    execFileSync('git', [...identity, '-c', 'protocol.file.allow=always', ...args], {
      cwd: path,
      env: gitEnv(),
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    }).trim();
  const write = (files: Record<string, string>): void => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), text);
    }
  };
  git('init', '--quiet', '--initial-branch=main', ...initArgs);
  return {
    path,
    git,
    write,
    commit(files, message = 'Change') {
      write(files);
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '--message', message);
      return git('rev-parse', 'HEAD');
    },
  };
}

/** The names and texts of the files in a tar. */
export async function filesOf(archive: AsyncIterable<Uint8Array>): Promise<Record<string, string>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) chunks.push(chunk);
  const folder = temporaryFolder();
  try {
    execFileSync('tar', ['-x', '-C', folder.path], { input: Buffer.concat(chunks) });
    const names = execFileSync('find', ['.', '-type', 'f', '-printf', '%P\n'], {
      cwd: folder.path,
      encoding: 'utf8',
    });
    const read = (name: string): string =>
      execFileSync('cat', [join(folder.path, name)], { encoding: 'utf8' });
    return Object.fromEntries(
      names
        .split('\n')
        .filter(Boolean)
        .sort()
        .map(name => [name, read(name)]),
    );
  } finally {
    folder.remove();
  }
}
