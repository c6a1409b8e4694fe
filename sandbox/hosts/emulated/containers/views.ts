// What `inspect` shows: the fields that the engines share, by docker's names.

import type { Engine } from './engine.ts';
import { GoTime } from './templates/go-time.ts';
import type { Container, ContainerConfig, EngineKind, Image, ImageConfig, Publication } from './model.ts';
import { shownId, shownName } from './reference.ts';

const NEVER = '0001-01-01T00:00:00Z';

/** As docker writes times; containers' times have no skew, those of people's clocks have. */
export const timeText = ({ machine }: Engine, at: number): string =>
  at === 0 ? NEVER : new Date(at + machine.clockSkew).toISOString().replace(/(\.\d{3})Z$/, '$1000000Z');

/** docker keeps times as text, podman as times. */
const timeView = (engine: Engine, at: number): string | GoTime =>
  engine.kind === 'docker' ? timeText(engine, at) : new GoTime(timeText(engine, at));

const objectOf = (keys: readonly string[]): Record<string, object> =>
  Object.fromEntries(keys.map(key => [key, {}]));
const orNull = <T>(list: readonly T[]): readonly T[] | null => (list.length === 0 ? null : list);

/** Go writes a map in the order of its keys. */
const sorted = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));

const configView = ({
  Env,
  Cmd,
  Entrypoint,
  Labels,
  ExposedPorts,
  User,
  WorkingDir,
}: ImageConfig): object => ({
  Env,
  Cmd: orNull(Cmd),
  Entrypoint: orNull(Entrypoint),
  Labels: sorted(Labels),
  ExposedPorts: objectOf(ExposedPorts.toSorted()),
  User,
  WorkingDir,
});

export function imageView(engine: Engine, { id, tags, digests, size, created, config }: Image): object {
  return {
    Id: shownId(engine.kind, id),
    RepoTags: tags.map(tag => shownName(engine.kind, tag)),
    RepoDigests: digests.map(digest => shownName(engine.kind, digest)),
    Created: timeText(engine, created),
    Size: size,
    VirtualSize: size,
    Architecture: 'amd64',
    Os: 'linux',
    Author: '',
    Labels: config.Labels,
    Config: configView(config),
  };
}

/** By the port in the container. */
export function bindings(
  publications: readonly Publication[],
): Record<string, { HostIp: string; HostPort: string }[]> {
  const found: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { address, port, target } of publications)
    (found[target] ??= []).push({ HostIp: address === '0.0.0.0' ? '' : address, HostPort: String(port) });
  return found;
}

/** The address in the engine's own network. */
export const addressOf = ({ id }: Container): string =>
  `172.17.${Number.parseInt(id.slice(0, 2), 16)}.${2 + (Number.parseInt(id.slice(2, 4), 16) % 250)}`;

export function containerView(engine: Engine, container: Container): object {
  const { id, name, image, imageName, config, created, restartCount } = container;
  const isDocker = engine.kind === 'docker';
  const [Path = '', ...Args] = [...config.Entrypoint, ...config.Cmd];
  return {
    Id: id,
    Created: timeText(engine, created),
    Path,
    Args,
    State: stateView(engine, container),
    Image: shownId(engine.kind, image),
    ...(isDocker ? {} : { ImageName: shownName(engine.kind, imageName) }),
    Name: isDocker ? `/${name}` : name,
    RestartCount: restartCount,
    Driver: isDocker ? 'overlay2' : 'overlay',
    Platform: 'linux',
    HostConfig: hostConfigView(config),
    Mounts: mountViews(engine, config),
    Config: {
      Hostname: id.slice(0, 12),
      Image: shownName(engine.kind, imageName),
      StopTimeout: config.stopSeconds,
      ...configView(config),
    },
    NetworkSettings: networkView(container),
  };
}

function stateView(engine: Engine, { status, exitCode, startedAt, finishedAt, pid }: Container): object {
  return {
    Status: status,
    Running: ['running', 'paused', 'restarting'].includes(status),
    Paused: status === 'paused',
    Restarting: status === 'restarting',
    OOMKilled: false,
    Dead: false,
    Pid: pid,
    ExitCode: exitCode,
    Error: '',
    StartedAt: timeView(engine, startedAt),
    FinishedAt: timeView(engine, finishedAt),
  };
}

const hostConfigView = (config: ContainerConfig): object => ({
  Binds: orNull(
    config.mounts.map(({ source, target, isReadOnly }) => `${source}:${target}${isReadOnly ? ':ro' : ''}`),
  ),
  NetworkMode: config.network,
  PortBindings: bindings(config.publications),
  RestartPolicy: { Name: config.restart.name, MaximumRetryCount: config.restart.retries },
  AutoRemove: config.removesItself,
  ExtraHosts: orNull(config.extraHosts),
  Memory: config.memory,
  NanoCpus: config.nanoCpus,
  LogConfig: { Type: 'json-file', Config: config.logOptions },
});

const mountViews = ({ kind }: Engine, { mounts }: ContainerConfig): object[] =>
  mounts.map(({ type, source, target, isReadOnly }) => ({
    Type: type,
    ...(type === 'volume' ? { Name: source } : {}),
    Source: type === 'volume' ? volumePath(kind, source) : source,
    Destination: target,
    RW: !isReadOnly,
  }));

export const volumePath = (kind: EngineKind, name: string): string =>
  `${kind === 'docker' ? '/var/lib/docker' : '/var/lib/containers/storage'}/volumes/${name}/_data`;

function networkView(container: Container): object {
  const { config, status } = container;
  const isRunning = status === 'running';
  const IPAddress = isRunning && config.network !== 'host' ? addressOf(container) : '';
  const Ports: Record<string, unknown> = Object.fromEntries(config.ExposedPorts.map(port => [port, null]));
  return {
    IPAddress,
    Ports: isRunning ? { ...Ports, ...bindings(config.publications) } : {},
    Networks: { [config.network]: { IPAddress, Aliases: null } },
  };
}
