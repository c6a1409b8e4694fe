import { isFileError } from './files/file-error.ts';
import type { Host } from './host.ts';
import { log } from './machine.ts';
import { startNginx } from './nginx/server.ts';
import { NginxConfigError } from './nginx/syntax.ts';
import { unitSetting } from './services.ts';
import { execute } from './shell/execute.ts';
import { collectOutput } from './shell/streams.ts';
import { startSshd } from './ssh/sshd.ts';

/** What daemons need that their machine does not have. */
export interface DaemonContext {
  readonly sshPort: number;
  /** Resolves when everything the machine did so far outlives this process. */
  readonly settled: () => Promise<void>;
}

type Daemon = (host: Host, what: 'start' | 'stop' | 'reload', context: DaemonContext) => boolean;

const HTTP_PORT = 80;

const ssh: Daemon = (host, what, { sshPort, settled }) => {
  if (what === 'stop') return host.listeners.delete(sshPort);
  const { machine } = host;
  // Connections that are there live on, also with another host key.
  host.listeners.set(sshPort, startSshd({ machine, signal: host.signal(), port: sshPort, settled }).accept);
  return true;
};

const nginx: Daemon = (host, what) => {
  if (what === 'stop') return host.listeners.delete(HTTP_PORT);
  host.listeners.set(HTTP_PORT, startNginx(host.machine).accept);
  return true;
};

/** dockerd refuses to start with settings that it cannot read. */
const docker: Daemon = ({ machine }, what) => {
  const path = '/etc/docker/daemon.json';
  if (what === 'stop' || machine.files.find(path) === undefined) return true;
  try {
    JSON.parse(Buffer.from(machine.files.read(path)).toString());
    return true;
  } catch (error) {
    log(
      machine,
      'docker',
      `unable to configure the Docker daemon with file ${path}: ${(error as Error).message}`,
    );
    return false;
  }
};

const DAEMONS: Readonly<Record<string, Daemon>> = { ssh, nginx, docker };

/** Starts, stops or reloads what a service stands for; whether it could. Most services only have a state. */
export async function serve(
  host: Host,
  name: string,
  what: 'start' | 'stop' | 'reload',
  context: DaemonContext,
): Promise<boolean> {
  const command = unitSetting(host.machine, name, 'ExecStart');
  if (command !== undefined) return what !== 'start' || runUnit(host, name, command);
  try {
    const works = DAEMONS[name]?.(host, what, context) ?? true;
    await host.listen();
    return what === 'stop' || works;
  } catch (error) {
    if (
      !isFileError(error) &&
      !(error instanceof NginxConfigError) &&
      !(error instanceof Error && error.message.startsWith('sshd:'))
    )
      throw error;
    log(host.machine, name, error.message);
    return false;
  }
}

/** A unit of the administrator's: one that ends is run, one that does not is only a state. */
async function runUnit(host: Host, name: string, command: string): Promise<boolean> {
  const { machine } = host;
  if (unitSetting(machine, name, 'Type') !== 'oneshot') return true;
  const process = machine.login('root', host.signal())!;
  const output = collectOutput();
  const args = ['/bin/sh', '-c', command];
  const status = await execute({ ...process, args, cwd: '/', output, error: output }, name);
  for (const line of output.bytes().toString().split('\n')) if (line !== '') log(machine, name, line);
  return status === 0;
}
