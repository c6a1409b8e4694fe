import { execute, type Executors } from '../executors.ts';
import {
  activateConfiguration,
  observeLoadBalancer,
  pruneConfigurations,
  stageConfiguration,
  tryConfiguration,
  verifyConfiguration,
} from './commands.ts';
import { ConfigurationRefused, isLoadBalancerError, LoadBalancerError } from './errors.ts';
import { parseFacts, type LoadBalancerFacts } from './facts.ts';
import type { Layout } from './layout.ts';
import { isServing, type LoadBalancerStep } from './plan.ts';
import type { ConfigurationFile } from './render.ts';
import { REFUSED } from './scripts.ts';
import { toTar } from './tar.ts';

/** Longer than the command's own patience, when each of its questions hangs for a second. */
const VERIFY_TIMEOUT_MS = 180_000;

/** What a command did. */
interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A host that commands can be run on; clients/ssh's is one. */
export interface Host {
  run(
    argv: readonly string[],
    options: { stdin?: string | Uint8Array; timeoutMs?: number; signal: AbortSignal },
  ): Promise<CommandResult>;
}

/** The master that is worked on. */
export interface Master {
  readonly host: Host;
  readonly layout: Layout;
  readonly signal: AbortSignal;
}

/** Reads the master's facts, in one round trip. */
export async function observe({ host, layout, signal }: Master): Promise<LoadBalancerFacts> {
  const { stdout, stderr } = await host.run(observeLoadBalancer(layout), { signal });
  const facts = parseFacts(stdout);
  if (facts === undefined)
    throw new LoadBalancerError('NotObserved', withDetail('cannot probe nginx', stderr));
  return facts;
}

/** How each step is done. Each may be cut off anywhere and done again. */
const executors: Executors<LoadBalancerStep, [master: Master, files: readonly ConfigurationFile[]]> = {
  async stage({ directory }, { host, layout, signal }, files) {
    const options = { stdin: toTar(files), signal };
    const { code, stderr } = await host.run(stageConfiguration(layout, directory), options);
    if (code === REFUSED) throw new ConfigurationRefused(complaintOf(stderr));
    if (code !== 0)
      throw new LoadBalancerError('NotWritten', withDetail('cannot write the configuration', stderr));
  },
  async activate({ directory }, { host, layout, signal }) {
    const { code, stderr } = await host.run(activateConfiguration(layout, directory), { signal });
    if (code !== 0) throw new LoadBalancerError('NotReloaded', withDetail('nginx reload failed', stderr));
  },
  async verify({ directory }, { host, layout, signal }) {
    const options = { timeoutMs: VERIFY_TIMEOUT_MS, signal };
    const { code, stdout, stderr } = await host.run(verifyConfiguration(layout, directory), options);
    if (code === 0) return;
    const instead = stdout.trim() === '' ? 'nothing answers' : 'another program answers';
    const doing = `nginx is not running the new configuration: ${instead} at ${layout.url}`;
    throw new LoadBalancerError('NotTaken', withDetail(doing, stderr));
  },
  async prune({ keep }, { host, layout, signal }) {
    // What stays is in nobody's way; the next change tries again.
    await host.run(pruneConfigurations(layout, ...keep), { signal });
  },
};

/**
 * Carries the steps out. When nginx does not take the new generation, the one that served before is put back, and
 * the error says so.
 */
export async function apply(
  steps: readonly LoadBalancerStep[],
  files: readonly ConfigurationFile[],
  facts: LoadBalancerFacts,
  master: Master,
): Promise<void> {
  let isSwitched = false;
  try {
    for (const step of steps) {
      isSwitched ||= step.type === 'activate';
      await execute(executors, step, master, files);
    }
  } catch (error) {
    const isReplaced = isSwitched && steps.some(({ type }) => type === 'stage');
    if (!isReplaced || !isServing(facts) || !isLoadBalancerError(error)) throw error;
    throw new LoadBalancerError(error.reason, `${error.message}; ${await restore(facts, master)}`);
  }
}

/** Puts the generation that served before back; answers how that went. */
async function restore({ current, running }: LoadBalancerFacts, master: Master): Promise<string> {
  try {
    await executors.activate({ type: 'activate', directory: current }, master, []);
    await executors.verify({ type: 'verify', directory: running }, master, []);
    return 'previous configuration restored';
  } catch (error) {
    if (!isLoadBalancerError(error)) throw error;
    return `failed to restore the previous configuration: ${error.message}`;
  }
}

/** What nginx says to that staged folder with another main file; undefined when it takes it. */
export async function tryMain(
  directory: string,
  main: string,
  { host, layout, signal }: Master,
): Promise<string | undefined> {
  const { code, stderr } = await host.run(tryConfiguration(layout, directory), { stdin: main, signal });
  if (code === 0) return undefined;
  if (code === REFUSED) return complaintOf(stderr);
  throw new LoadBalancerError('NotWritten', withDetail('cannot write the configuration', stderr));
}

/** nginx's own words, without what stands before and after them. */
function complaintOf(stderr: string): string {
  const line = stderr.split('\n').find(one => one.includes('[emerg]'));
  return line === undefined ? lastLine(stderr) : line.replace(/^.*\[emerg\] (\d+#\d+: )?/, '').trim();
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

/** A sentence with what the host said. */
function withDetail(sentence: string, stderr: string): string {
  const detail = complaintOf(stderr).slice(0, 500);
  return detail === '' ? sentence : `${sentence} (${detail})`;
}
