import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A standalone API in a process of its own. */
export interface MortalServer {
  readonly pid: number;
  readonly kubeconfig: string;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

/** Resolves when it is ready; on any free port unless one is given, with those options of Node. */
export async function startMortalServer(
  stateDir: string,
  port = 0,
  execArgv: readonly string[] = [],
): Promise<MortalServer> {
  const env = { ...process.env, STANDALONE_STATE_DIR: stateDir, STANDALONE_PORT: String(port) };
  const child = fork(new URL('./server-process.ts', import.meta.url), { env, execArgv: [...execArgv] });
  const ended = once(child, 'exit');
  const [kubeconfig] = (await Promise.race([
    once(child, 'message'),
    ended.then(([code]) => Promise.reject(new Error(`the server ended with ${String(code)}`))),
  ])) as [string];
  return {
    pid: child.pid!,
    kubeconfig,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
