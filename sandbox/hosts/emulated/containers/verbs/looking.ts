import { EngineError } from '../engine-error.ts';
import type { Engine } from '../engine.ts';
import { findImage } from '../images.ts';
import type { Container } from '../model.ts';
import { shownId, shownName } from '../reference.ts';
import { containerView, imageView } from '../views.ts';
import { each, findContainer, formatted, optionsOf, say, type Verb } from './call.ts';
import { filterOf, hasLabel } from './filters.ts';
import { volumeView } from './volumes.ts';

export const inspect: Verb = async call => {
  const { engine } = call;
  const options = optionsOf(call, ['f=|format=', 's|size', 'type=', 't=']);
  const format = options.value('f');
  const type = options.value('type') ?? options.value('t') ?? 'all';
  const found: object[] = [];
  const status = await each(call, options.operands, async name => {
    const view = viewOf(engine, name, type);
    if (format === undefined) found.push(view);
    else await say(call, formatted(format, view));
  });
  if (format === undefined) await say(call, JSON.stringify(found, null, 4));
  else if (status !== 0 && engine.kind === 'docker' && options.operands.length === 1) await say(call, '');
  return status;
};

function viewOf(engine: Engine, name: string, type: string): object {
  const { containers, volumes } = engine.state();
  const container = type === 'image' ? undefined : findContainer(containers, name);
  if (container !== undefined) return containerView(engine, container);
  const image = type === 'container' ? undefined : findImage(engine, name);
  if (image !== undefined) return imageView(engine, image);
  if (type !== 'image' && type !== 'container' && volumes[name] !== undefined)
    return volumeView(engine, name);
  if (engine.kind === 'podman')
    throw new EngineError(type === 'container' ? `no such container ${name}` : `no such object: "${name}"`, {
      status: 125,
    });
  const what = type === 'all' ? 'object' : type;
  throw new EngineError(`Error: No such ${what}: ${name}`, { isClients: true });
}

const PS_OPTIONS = [
  'a|all',
  'q|quiet',
  'no-trunc',
  'f=|filter=',
  'format=',
  'n=|last=',
  'l|latest',
  's|size',
  'noheading',
];

/** `ps`, `container ls`. */
export const ps: Verb = async call => {
  const options = optionsOf(call, PS_OPTIONS);
  const { engine } = call;
  const filters = options.values('f').map(filterOf);
  const showsAll = options.has('a') || filters.some(([name]) => name === 'status' || name === 'exited');
  const found = engine
    .state()
    .containers.filter(
      container => showsAll || ['running', 'paused', 'restarting'].includes(container.status),
    )
    .filter(container => fits(engine, container, filters))
    .toReversed();
  const isWhole = options.has('no-trunc');
  const format = options.value('format');
  if (options.has('q')) {
    for (const { id } of found) await say(call, isWhole ? id : id.slice(0, 12));
    return 0;
  }
  if (format === undefined)
    await say(call, 'CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES');
  for (const container of found) {
    const row = rowOf(engine, container, isWhole);
    const line = ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names']
      .map(key => row[key])
      .join('   ');
    const labelOf = (_: unknown, name: unknown): string => container.config.Labels[String(name)] ?? '';
    await say(
      call,
      format === undefined
        ? line
        : formatted(format.replace(/^table /, ''), row, engine.kind === 'docker' ? { Label: labelOf } : {}),
    );
  }
  return 0;
};

/** Of several filters of one name, one must fit; labels must all. */
function fits(
  engine: Engine,
  container: Container,
  filters: readonly (readonly [string, string])[],
): boolean {
  const names = new Set(filters.map(([name]) => name));
  return [...names].every(name => {
    const values = filters.filter(([other]) => other === name).map(([, value]) => value);
    const fit = (value: string): boolean => fitsOne(engine, container, name, value);
    return name === 'label' ? values.every(fit) : values.some(fit);
  });
}

function fitsOne(engine: Engine, container: Container, name: string, value: string): boolean {
  if (name === 'label') return hasLabel(container.config.Labels, value);
  if (name === 'name')
    return (
      new RegExp(value).test(engine.kind === 'docker' ? `/${container.name}` : container.name) ||
      new RegExp(value).test(container.name)
    );
  if (name === 'status') return container.status === value;
  if (name === 'id') return container.id.startsWith(value);
  if (name === 'exited') return container.status === 'exited' && container.exitCode === Number(value);
  if (name === 'ancestor') return findImage(engine, value)?.id === container.image;
  if (name === 'volume')
    return container.config.mounts.some(({ source, target }) => source === value || target === value);
  throw new EngineError(`invalid filter '${name}'`);
}

function rowOf(engine: Engine, container: Container, isWhole: boolean): Record<string, unknown> {
  const { id, name, imageName, image, config, created, status } = container;
  const labels = config.Labels;
  const command = [...config.Entrypoint, ...config.Cmd].join(' ');
  return {
    ID: isWhole ? id : id.slice(0, 12),
    Names: name,
    Image: shownName(engine.kind, imageName),
    ImageID: shownId(engine.kind, image),
    Command: engine.kind === 'docker' ? `"${command}"` : command,
    CreatedAt: new Date(created).toISOString().slice(0, 19).replace('T', ' '),
    RunningFor: `${ageText(engine.now() - created)} ago`,
    State: status,
    Status: statusText(engine, container),
    Ports: config.publications.map(({ address, port, target }) => `${address}:${port}->${target}`).join(', '),
    Labels:
      engine.kind === 'docker'
        ? Object.entries(labels)
            .map(([key, value]) => `${key}=${value}`)
            .join(',')
        : labels,
    Mounts: config.mounts.map(({ source }) => source).join(','),
    Networks: config.network,
  };
}

function statusText({ now }: Engine, { status, exitCode, startedAt, finishedAt }: Container): string {
  if (status === 'created') return 'Created';
  if (status === 'running' || status === 'paused')
    return `Up ${ageText(now() - startedAt)}${status === 'paused' ? ' (Paused)' : ''}`;
  const what = status === 'exited' ? 'Exited' : 'Restarting';
  return `${what} (${exitCode}) ${ageText(now() - finishedAt)} ago`;
}

function ageText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds < 60) return `${seconds} second${seconds === 1 ? '' : 's'}`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return minutes === 1 ? 'About a minute' : `${minutes} minutes`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? (hours === 1 ? 'About an hour' : `${hours} hours`) : `${Math.floor(hours / 24)} days`;
}
