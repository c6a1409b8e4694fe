import { sleep, systemClock } from '../../clients/clock.ts';
import { printable } from '../../clients/log/printable.ts';
import type { SshHost } from '../../clients/ssh/ssh.ts';
import { findCondition } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { readBuildLog } from '../../reconcilers/build/commands.ts';
import { attemptAt } from '../../reconcilers/service/image-supply.ts';
import { withMasterHost } from './master-host.ts';
import type { KubernetesWorld } from './world.ts';

/** A build of a release, that of several services when they are made of the same files. */
interface FollowedBuild {
  key: string;
  attempt: string;
  /** Of the ServiceDeployments. */
  names: string[];
  /** Begins its lines. */
  prefix: string;
}

/** What builds say, as it comes. */
export interface BuildLog {
  /** Must get the services whenever they change: what is built is read no more. */
  seen(services: readonly ServiceDeployment[]): void;
  /** Reads the rest, and ends. */
  end(): Promise<void>;
}

/** Where the builds are, and of what. */
export interface BuildPlace {
  master: Droplet;
  sshPort: number;
  /** Git's id of the files. */
  tree: string;
}

const READ_AGAIN_MS = 500;
/** The end of a command waits for the last lines no longer than this. */
const LAST_READ_MS = 3_000;

/**
 * Follows the builds of services that were written. It is a courtesy: whoever cannot reach the master by SSH, as in
 * somebody else's cluster, deploys without it.
 */
export function followBuilds(
  world: KubernetesWorld,
  { master, sshPort, tree }: BuildPlace,
  written: readonly ServiceDeployment[],
  write: (text: string) => void,
): BuildLog {
  const builds = buildsOf(written, tree);
  const done = new AbortController();
  const stop = new AbortController();
  const built = new Set<string>();
  const follow = (host: SshHost): Promise<unknown> =>
    Promise.all(
      builds.map(build => followBuild(host, build, { write, done: done.signal, stop: stop.signal, built })),
    );
  const followed =
    builds.length === 0 ? undefined : withMasterHost(world, sshPort, master, follow).catch(() => undefined);
  return {
    seen(services) {
      for (const { metadata, status } of services)
        if (isCurrent(metadata, status) && findCondition(status?.conditions, 'Built')?.status === 'True')
          built.add(metadata.name);
    },
    async end() {
      done.abort();
      const cancel = systemClock.after(LAST_READ_MS, () => stop.abort());
      await followed;
      cancel();
    },
  };
}

const isCurrent = (
  { generation }: ServiceDeployment['metadata'],
  status: ServiceDeployment['status'],
): boolean => status?.observedGeneration === generation;

function buildsOf(written: readonly ServiceDeployment[], tree: string): FollowedBuild[] {
  const own = written.filter(({ spec }) => spec.image === undefined && spec.version !== undefined);
  const byKey = Map.groupBy(own, service => attemptAt(service, service.spec.version!, tree).key);
  return [...byKey].map(([key, services]) => ({
    key,
    attempt: attemptAt(services[0]!, services[0]!.spec.version!, tree).attempt,
    names: services.map(({ metadata }) => metadata.name),
    prefix: byKey.size === 1 ? 'build' : `build ${services.map(({ spec }) => spec.service).join(', ')}`,
  }));
}

interface Following {
  write: (text: string) => void;
  /** What comes after its abort is read once more. */
  done: AbortSignal;
  /** Whatever is read is given up. */
  stop: AbortSignal;
  /** The names of services that are built. */
  built: ReadonlySet<string>;
}

async function followBuild(
  host: SshHost,
  build: FollowedBuild,
  { write, done, stop, built }: Following,
): Promise<void> {
  const text = new TextDecoder();
  let offset = 0;
  let rest = '';
  for (;;) {
    const isLast = done.aborted || build.names.every(name => built.has(name));
    const { stdoutBytes } = await host.run(readBuildLog(build, offset), { timeoutMs: 10_000, signal: stop });
    offset += stdoutBytes.length;
    const lines = (rest + text.decode(stdoutBytes, { stream: true })).split('\n');
    rest = lines.pop()!;
    if (lines.length > 0) write(lines.map(line => `${build.prefix} | ${printable(line)}\n`).join(''));
    if (isLast && stdoutBytes.length === 0) break;
    if (stdoutBytes.length === 0) await sleep(systemClock, READ_AGAIN_MS, done).catch(() => undefined);
  }
  if (rest !== '') write(`${build.prefix} | ${printable(rest)}\n`);
}
