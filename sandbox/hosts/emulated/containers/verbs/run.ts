import { makeFolders } from '../../files/folders.ts';
import { sleep } from '../../clock.ts';
import type { Process } from '../../model.ts';
import { containersAt } from '../app.ts';
import { EngineError, refusal } from '../engine-error.ts';
import { hasAddress, missingDevice, startContainer, type Engine } from '../engine.ts';
import { readLog } from '../logs.ts';
import type { Container } from '../model.ts';
import { candidates } from '../reference.ts';
import { findImage } from '../images.ts';
import { pullImage } from '../pull.ts';
import { containerNamed, each, optionsOf, say, type Call, type Verb } from './call.ts';
import { createVolume } from './volumes.ts';
import { configOf, RUN_OPTIONS } from './run-options.ts';

/** `run`: made, started, and waited for unless it is to be left alone. */
export const run: Verb = async call => {
  const options = optionsOf(call, RUN_OPTIONS, true);
  const container = await asRun(call.engine, () => makeContainer(call));
  const running = await asRun(call.engine, () => startPublished(call.engine, container));
  if (options.has('d')) {
    await say(call, container.id);
    return 0;
  }
  const status = await waitFor(call.engine, running, call.process, text => say(call, text));
  return status ?? 143;
};

export const create: Verb = async call => {
  await say(call, (await makeContainer(call)).id);
  return 0;
};

/** What goes wrong before the container's own program is run has a status of its own. */
async function asRun<T>({ kind }: Engine, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const prefix =
      kind === 'podman' ? '' : error.isClients ? 'docker: ' : 'docker: Error response from daemon: ';
    const status = error.status === 126 ? 126 : 125;
    throw new EngineError(`${prefix}${error.message}`, { status, isClients: true });
  }
}

async function makeContainer(call: Call): Promise<Container> {
  const { engine, process } = call;
  const options = optionsOf(call, RUN_OPTIONS, true);
  const [imageName = '', ...command] = options.operands;
  if (imageName === '')
    throw new EngineError('"docker run" requires at least 1 argument.', { isClients: true });
  const image = await imageFor(
    call,
    imageName,
    options.value('pull'),
    options.value('tls-verify') === 'false',
  );
  const config = configOf(engine, process, options, image, command);
  const id = Array.from({ length: 64 }, () => Math.floor(engine.machine.random() * 16).toString(16)).join('');
  const name = options.value('name') ?? `emulated_${id.slice(0, 8)}`;
  takeName(engine, name, options.has('replace'));
  for (const { type, source } of config.mounts)
    if (type === 'volume' && engine.state().volumes[source] === undefined) createVolume(engine, source, {});
    else if (type === 'bind') checkFolder(engine, source);
  const container: Container = {
    id,
    name,
    image: image.id,
    imageName: candidates(engine.kind, imageName).find(full => image.tags.includes(full)) ?? imageName,
    config,
    created: engine.now(),
    status: 'created',
    exitCode: 0,
    startedAt: 0,
    finishedAt: 0,
    next: undefined,
    restartCount: 0,
    wasStopped: false,
    resumes: false,
    pid: 0,
  };
  engine.put(container);
  return container;
}

async function imageFor(
  { engine, process }: Call,
  name: string,
  policy: string | undefined,
  isTrusted: boolean,
): Promise<ReturnType<typeof findImage> & {}> {
  const found = findImage(engine, name);
  if (found !== undefined && policy !== 'always') return found;
  if (policy === 'never')
    throw refusal(engine.kind, { docker: `No such image: ${name}`, podman: `${name}: image not known` });
  if (engine.kind === 'docker')
    await process.error.write(Buffer.from(`Unable to find image '${name}' locally\n`));
  return pullImage(engine, name, { signal: process.signal, isTrusted });
}

function takeName(engine: Engine, name: string, replaces: boolean): void {
  const holder = engine.state().containers.find(container => container.name === name);
  if (holder === undefined) return;
  if (replaces) return engine.drop(holder.id);
  throw refusal(engine.kind, {
    docker: `Conflict. The container name "/${name}" is already in use by container "${holder.id}". You have to remove (or rename) that container to be able to reuse that name.`,
    podman: `creating container storage: the container name "${name}" is already in use by ${holder.id}. You have to remove that container to be able to reuse that name: that name is already in use, or use --replace to instruct Podman to do so.`,
  });
}

/** docker makes a folder that is missing, podman does not. */
function checkFolder({ kind, machine: { files } }: Engine, path: string): void {
  if (files.find(path) !== undefined) return;
  if (kind === 'podman') throw new EngineError(`statfs ${path}: no such file or directory`, { status: 125 });
  makeFolders(files, path);
}

/** Starts a container, when its ports are free. Throws EngineError. */
export function startPublished(engine: Engine, container: Container): Container {
  for (const { address, port } of container.config.publications) {
    const holders = containersAt(engine.machine, address, port).filter(({ id }) => id !== container.id);
    if (holders.length > 0 || engine.machine.listensOn(port))
      throw portTaken(engine, container, address, port);
    if (!hasAddress(engine, address)) throw noSuchAddress(engine, container, address, port);
  }
  const missing = missingDevice(engine, container);
  if (missing !== undefined) throw noDevice(engine, missing);
  return startContainer(engine, container);
}

const noDevice = ({ kind }: Engine, { name, device }: { name: string; device: string }): EngineError => {
  const why = `failed to mount local volume: mount ${device}: no such file or directory`;
  return refusal(kind, {
    docker: `error while mounting volume '${name}': ${why}`,
    podman: `mounting volume ${name}: ${why}`,
  });
};

const portTaken = ({ kind }: Engine, { name, id }: Container, address: string, port: number): EngineError =>
  refusal(
    kind,
    {
      docker: `driver failed programming external connectivity on endpoint ${name} (${id}): Bind for ${address}:${port} failed: port is already allocated`,
      podman: `cannot listen on the TCP port: listen tcp4 ${address}:${port}: bind: address already in use`,
    },
    { podman: 126 },
  );

const noSuchAddress = (
  { kind }: Engine,
  { name, id }: Container,
  address: string,
  port: number,
): EngineError =>
  refusal(
    kind,
    {
      docker: `driver failed programming external connectivity on endpoint ${name} (${id}): failed to bind port ${address}:${port}/tcp: cannot assign requested address`,
      podman: `cannot listen on the TCP port: listen tcp4 ${address}:${port}: bind: cannot assign requested address`,
    },
    { podman: 126 },
  );

/** How often one who waits looks again. */
const LOOK_MS = 250;

/** The exit code, once a container has ended; undefined when nobody waits any longer. Its lines are shown meanwhile. */
export async function waitFor(
  { state, machine, now }: Engine,
  container: Container,
  { signal }: Process,
  show: (text: string) => Promise<void> = async () => undefined,
): Promise<number | undefined> {
  const { id } = container;
  let shown = 0;
  for (let last = container; ;) {
    const lines = readLog(machine, id);
    for (const { text } of lines.slice(shown)) await show(text);
    shown = lines.length;
    if (last.status === 'exited' || last.status === 'created') return last.exitCode;
    const pause = last.next === undefined ? LOOK_MS : Math.min(LOOK_MS, Math.max(0, last.next.at - now()));
    if (pause > 0 && !(await sleep(machine.clock, pause, signal))) return undefined;
    // One that removes itself is gone when it has ended: what it ended with was known before.
    const ended = last.next;
    const current = state().containers.find(other => other.id === id);
    if (current === undefined) return ended?.exitCode ?? 0;
    last = current;
  }
}

export const start: Verb = call => {
  const options = optionsOf(call, ['a|attach', 'i|interactive', 'all', 'f=|filter=']);
  return each(call, options.operands, async name => {
    const container = containerNamed(call.engine, name);
    if (container.status === 'paused')
      throw refusal(call.engine.kind, {
        docker: 'cannot start a paused container, try unpause instead',
        podman: `unable to start container "${container.id}": container ${container.id} must be in Created or Stopped state to be started: container state improper`,
      });
    if (container.status !== 'running') startPublished(call.engine, container);
    await say(call, name);
  });
};

export const wait: Verb = call =>
  each(call, optionsOf(call, ['condition=', 'i=|interval=']).operands, async name => {
    const container = containerNamed(call.engine, name);
    const status = await waitFor(call.engine, container, call.process);
    if (status !== undefined) await say(call, String(status));
  });
