import { containersAt } from './containers/app.ts';
import { DAEMON_FILE } from './containers/daemon-settings.ts';
import { switchDaemon } from './containers/power.ts';
import { startRegistry } from './containers/registry/server.ts';
import { isFileError } from './files/file-error.ts';
import type { Host, Listener } from './host.ts';
import { log } from './machine.ts';
import { startNginx, type Nginx } from './nginx/server.ts';
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

/** The one that runs on a machine. */
const nginxes = new WeakMap<Host, Nginx>();

/** One configuration takes the place of another between two requests, and none is lost. */
const nginx: Daemon = (host, what) => {
  const before = nginxes.get(host);
  const after = what === 'stop' ? undefined : startNginx(host.machine);
  for (const port of after?.ports ?? [])
    if (!before?.ports.includes(port) && isTaken(host, port))
      throw new NginxConfigError(`bind() to 0.0.0.0:${port} failed (98: Address already in use)`);
  for (const port of before?.ports ?? []) doorsOf(host, port).delete(port);
  for (const port of after?.ports ?? []) doorsOf(host, port).set(port, stream => after!.accept(port, stream));
  if (after === undefined) nginxes.delete(host);
  else nginxes.set(host, after);
  before?.retire();
  return true;
};

/** Only the port of the web is open to whoever asks from outside the emulated network. */
const doorsOf = ({ listeners, inside }: Host, port: number): Map<number, Listener> =>
  port === HTTP_PORT ? listeners : inside;

const isTaken = ({ machine, inside }: Host, port: number): boolean =>
  inside.has(port) || containersAt(machine, '0.0.0.0', port).length > 0;

/** dockerd refuses to start with settings that it cannot read. */
const docker: Daemon = ({ machine }, what) => {
  try {
    switchDaemon(machine, what);
    return true;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const text = `unable to configure the Docker daemon with file ${DAEMON_FILE}: ${error.message}`;
    log(machine, 'docker', text);
    return false;
  }
};

/** Listens for the other machines only. */
const registry: Daemon = ({ machine, inside }, what) => {
  if (what === 'reload') return true;
  for (const [port, listener] of inside) if (registries.has(listener)) inside.delete(port);
  if (what === 'stop') return true;
  const { accept, port } = startRegistry(machine);
  registries.add(accept);
  inside.set(port, accept);
  return true;
};

/** Those of all machines. */
const registries = new WeakSet<Listener>();

const DAEMONS: Readonly<Record<string, Daemon>> = { ssh, nginx, docker, 'docker-registry': registry };

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
