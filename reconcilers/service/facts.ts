/** A container of dropfleet's, as its host has it. */
export interface Container {
  /** The ServiceDeployment's name and uid. */
  service: string;
  uid: string;
  /** A task is a release command's. */
  kind: 'service' | 'task';
  release: string;
  version: string;
  /** The port on the host's private address; undefined for one that takes no connections. */
  port?: number;
  /** The engine's word: running, exited, restarting, created, ... */
  state: string;
  exitCode: number;
  /** How often the engine has started it again. */
  restarts: number;
  /** The id of its image, with `sha256:`. */
  image: string;
  name: string;
}

/**
 * Reads what scripts/containers.sh printed.
 *
 * @returns undefined when it is not there, or not whole.
 */
export function parseContainers(output: string): readonly Container[] | undefined {
  const lines = output.trimEnd().split('\n');
  if (lines.pop() !== 'end') return undefined;
  const containers = lines.filter(line => line !== '').map(parseContainer);
  return containers.every(container => container !== undefined) ? containers : undefined;
}

const FIELDS = 11;

function parseContainer(line: string): Container | undefined {
  const fields = line.split('\t');
  if (fields.length !== FIELDS) return undefined;
  const [
    service = '',
    uid = '',
    kind,
    release = '',
    version = '',
    port = '',
    state = '',
    exitCode,
    restarts,
  ] = fields;
  const [image = '', name = ''] = fields.slice(9);
  return {
    service,
    uid,
    kind: kind === 'task' ? 'task' : 'service',
    release,
    version,
    ...(/^\d+$/.test(port) && { port: Number(port) }),
    // One that is held for a snapshot runs on in a moment.
    state: state === 'paused' ? 'running' : state,
    exitCode: Number(exitCode),
    restarts: Number(restarts),
    // podman leaves the algorithm out, and docker begins names with a slash.
    image: image.startsWith('sha256:') ? image : `sha256:${image}`,
    name: name.replace(/^\//, ''),
  };
}
