import type { Options } from '../../commands/options.ts';
import { isFileError } from '../../files/file-error.ts';
import type { Process } from '../../model.ts';
import { absolutePath } from '../../shell/process.ts';
import { EngineError } from '../engine-error.ts';
import type { Engine } from '../engine.ts';
import { withVariables } from '../build/build.ts';
import type { ContainerConfig, Image, Mount, Publication, RestartPolicy } from '../model.ts';
import { pairs } from './call.ts';

/** Those of `run` and `create`. Many only have an effect on real machines. */
export const RUN_OPTIONS = [
  'd|detach', 'name=', 'l=|label=', 'env-file=', 'e=|env=', 'p=|publish=', 'restart=', 'm=|memory=', 'memory-swap=',
  'memory-reservation=', 'cpus=', 'c=|cpu-shares=', 'v=|volume=', 'mount=', 'stop-timeout=', 'stop-signal=', 'log-opt=',
  'log-driver=', 'network=|net=', 'network-alias=', 'add-host=', 'u=|user=', 'entrypoint=', 'rm', 'i|interactive',
  't|tty', 'w=|workdir=', 'h=|hostname=', 'pull=', 'pids-limit=', 'cap-drop=', 'cap-add=', 'security-opt=', 'read-only',
  'tmpfs=', 'init', 'ulimit=', 'no-healthcheck', 'q|quiet', 'replace', 'tls-verify=', 'cgroup-parent=', 'expose=',
  'oom-score-adj=', 'shm-size=', 'dns=', 'cidfile=', 'sdnotify=', 'health-cmd=', 'health-interval=', 'cgroups=',
]; // prettier-ignore

/** What a container is made with, by the options, its image, and the command behind it. Throws EngineError. */
export function configOf(
  engine: Engine,
  process: Process,
  options: Options,
  image: Image,
  command: readonly string[],
): ContainerConfig {
  const { config } = image;
  const entrypoint = options.value('entrypoint');
  const Labels = { ...config.Labels, ...pairs(options.values('l')) };
  const network = options.value('network') ?? 'bridge';
  const Env = withVariables(config.Env, environmentOf(process, options));
  const published = options.values('p').map(text => publicationOf(engine, text));
  const restart = restartOf(options.value('restart') ?? 'no');
  return {
    Env,
    Cmd: command.length > 0 || entrypoint !== undefined ? command : config.Cmd,
    Entrypoint: entrypoint === undefined ? config.Entrypoint : entrypoint === '' ? [] : [entrypoint],
    Labels,
    ExposedPorts: [...new Set([...config.ExposedPorts, ...published.map(({ target }) => target)])],
    User: options.value('u') ?? config.User,
    WorkingDir: options.value('w') ?? config.WorkingDir,
    isTask: isTask(
      Labels['dropfleet.kind'],
      command.length > 0 && published.length === 0 && restart.name === 'no',
    ),
    removesItself: options.has('rm'),
    publications: network === 'host' ? hostPorts(Env, config.ExposedPorts) : published,
    restart,
    mounts: [...options.values('v').map(volumeMount), ...options.values('mount').map(longMount)],
    memory: sizeOf(options.value('m') ?? '0'),
    nanoCpus: Number(options.value('cpus') ?? 0) * 1e9,
    stopSeconds: Number(options.value('stop-timeout') ?? 10),
    network,
    extraHosts: options.values('add-host'),
    logOptions: pairs(options.values('log-opt')),
  };
}

/** A label says it; else a command without a port is one that ends. */
const isTask = (kind: string | undefined, looksSo: boolean): boolean =>
  kind === undefined ? looksSo : kind === 'task';

/** A container in the machine's own network listens where its variables or image say. */
function hostPorts(env: readonly string[], exposed: readonly string[]): Publication[] {
  const port = env.findLast(line => line.startsWith('PORT='))?.slice('PORT='.length);
  const targets = port === undefined ? exposed : [`${port}/tcp`];
  return targets.map(target => ({ address: '0.0.0.0', port: Number.parseInt(target, 10), target }));
}

function environmentOf(process: Process, options: Options): Record<string, string> {
  const lines = [
    ...options.values('env-file').flatMap(path => fileLines(process, path)),
    ...options.values('e'),
  ];
  const known = lines.filter(line => line.includes('=') || process.env[line] !== undefined);
  return pairs(known.map(line => (line.includes('=') ? line : `${line}=${process.env[line] ?? ''}`)));
}

/** Every line as it is: nothing in it is quoted. */
function fileLines(process: Process, path: string): string[] {
  try {
    const text = Buffer.from(process.files.read(absolutePath(process, path))).toString();
    return text.split('\n').filter(line => line.trim() !== '' && !line.startsWith('#'));
  } catch (error) {
    if (!isFileError(error)) throw error;
    throw new EngineError(`open ${path}: ${error.message.toLowerCase()}`, { isClients: true, status: 125 });
  }
}

/** `IP:HOST:CONTAINER`, `HOST:CONTAINER` or `CONTAINER`, each with `/tcp` or not. */
function publicationOf({ machine }: Engine, text: string): Publication {
  const [, address = '0.0.0.0', host = '', target = '', protocol = 'tcp'] =
    /^(?:(?:\[?([\d.]+)\]?:)?(\d*):)?(\d+)(?:\/(tcp|udp))?$/.exec(text) ?? [];
  if (target === '')
    throw new EngineError(`invalid containerPort: ${text}`, { isClients: true, status: 125 });
  const port = host === '' ? 32_768 + Math.floor(machine.random() * 28_000) : Number(host);
  if (port > 65_535 || Number(target) > 65_535)
    throw new EngineError(`invalid hostPort: ${host}`, { isClients: true, status: 125 });
  return { address, port, target: `${target}/${protocol}` };
}

function restartOf(text: string): RestartPolicy {
  const [name = '', retries = '0'] = text.split(':');
  if (name !== 'no' && name !== 'always' && name !== 'on-failure' && name !== 'unless-stopped')
    throw new EngineError(
      `invalid restart policy: unknown policy '${text}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
      { status: 125 },
    );
  return { name, retries: Number(retries) };
}

function volumeMount(text: string): Mount {
  const [source = '', target = source, flags = ''] = text.split(':');
  return mountOf(source, target, flags.split(',').includes('ro'));
}

function longMount(text: string): Mount {
  const fields = pairs(text.split(','));
  const source = fields['source'] ?? fields['src'] ?? '';
  return mountOf(
    source,
    fields['target'] ?? fields['dst'] ?? fields['destination'] ?? '',
    'readonly' in fields || 'ro' in fields,
  );
}

const mountOf = (source: string, target: string, isReadOnly: boolean): Mount => ({
  type: source.startsWith('/') ? 'bind' : 'volume',
  source,
  target,
  isReadOnly,
});

/** `512m`, `1g`, `1073741824`. */
export function sizeOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([bkmg]?)b?$/i.exec(text);
  if (match === null) throw new EngineError(`invalid size: '${text}'`, { isClients: true, status: 125 });
  return Number(match[1]) * 1024 ** 'bkmg'.indexOf(match[2]!.toLowerCase() || 'b');
}
