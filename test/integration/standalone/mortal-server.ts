import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A standalone API in a process of its own. */
export interface MortalServer {
  readonly pid: number;
  readonly kubeconfig: string;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

/** Resolves when it is ready; on any free port unless one is given. */
export async function startMortalServer(stateDir: string, port = 0): Promise<MortalServer> {
  const env = { ...process.env, STANDALONE_STATE_DIR: stateDir, STANDALONE_PORT: String(port) };
  const child = fork(new URL('./server-process.ts', import.meta.url), { env });
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
