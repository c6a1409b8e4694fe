import { humanSize } from '../../commands/sizes.ts';
import { sizeOf } from '../../files/inode.ts';
import type { Engine } from '../engine.ts';
import { unusedImages } from '../images.ts';
import { volumePath } from '../views.ts';
import { formatted, optionsOf, say, type Call, type Verb } from './call.ts';
import { filterOf, hasLabel } from './filters.ts';
import { imagePrune } from './images.ts';

export const versionOf = ({ machine, kind }: Engine): string => {
  const name = kind === 'podman' ? 'podman' : 'docker.io';
  return (machine.system.packages[name] ?? '').replace(/^\d+:|[-+].*$/g, '');
};

export const version: Verb = async call => {
  const { engine } = call;
  const Version = versionOf(engine);
  const part = {
    Version,
    ApiVersion: engine.kind === 'docker' ? '1.45' : Version,
    Os: 'linux',
    Arch: 'amd64',
    OsArch: 'linux/amd64',
  };
  const format = optionsOf(call, ['f=|format=']).value('f');
  const plain =
    engine.kind === 'docker'
      ? `Client:\n Version:           ${Version}\n\nServer:\n Engine:\n  Version:          ${Version}`
      : `Client:        Podman Engine\nVersion:       ${Version}\nAPI Version:   ${Version}\nOS/Arch:       linux/amd64`;
  await say(call, format === undefined ? plain : formatted(format, { Client: part, Server: part, ...part }));
  return 0;
};

export const info: Verb = async call => {
  const { engine } = call;
  const facts = engine.kind === 'docker' ? dockerFacts(engine) : podmanFacts(engine);
  const format = optionsOf(call, ['f=|format=']).value('f');
  if (format !== undefined) await say(call, formatted(format, facts));
  else
    for (const [name, value] of Object.entries(facts)) await say(call, `${name}: ${JSON.stringify(value)}`);
  return 0;
};

function countsOf({ state }: Engine): {
  Containers: number;
  ContainersRunning: number;
  ContainersStopped: number;
  Images: number;
} {
  const { containers, images } = state();
  const running = containers.filter(({ status }) => status === 'running').length;
  return {
    Containers: containers.length,
    ContainersRunning: running,
    ContainersStopped: containers.length - running,
    Images: images.length,
  };
}

const dockerFacts = (engine: Engine): Record<string, unknown> => ({
  ...countsOf(engine),
  ServerVersion: versionOf(engine),
  Driver: 'overlay2',
  DockerRootDir: '/var/lib/docker',
  LiveRestoreEnabled: engine.state().settings.isLiveRestore,
  LoggingDriver: 'json-file',
  CgroupDriver: 'systemd',
  CgroupVersion: '2',
  OSType: 'linux',
  OperatingSystem: 'Debian GNU/Linux 13 (trixie)',
  Architecture: 'x86_64',
  NCPU: engine.machine.spec.vcpus,
  MemTotal: engine.machine.spec.memory * 2 ** 20,
  Name: engine.machine.spec.name,
  RegistryConfig: { InsecureRegistries: engine.state().settings.insecureRegistries },
});

const podmanFacts = (engine: Engine): Record<string, unknown> => ({
  Host: {
    Arch: 'amd64',
    CPUs: engine.machine.spec.vcpus,
    MemTotal: engine.machine.spec.memory * 2 ** 20,
    CgroupManager: 'systemd',
    CgroupsVersion: 'v2',
    Hostname: engine.machine.spec.name,
  },
  Store: {
    GraphRoot: '/var/lib/containers/storage',
    GraphDriverName: 'overlay',
    ContainerStore: countsOf(engine),
    ImageStore: { Number: engine.state().images.length },
  },
  Version: { Version: versionOf(engine) },
});

/** `system df`. */
const df: Verb = async call => {
  const { engine } = call;
  const options = optionsOf(call, ['v|verbose', 'format=']);
  const { images, containers, volumes } = engine.state();
  const unused = unusedImages(engine, true, () => true);
  const total = (list: readonly { size: number }[]): number => list.reduce((sum, { size }) => sum + size, 0);
  const volumeBytes = Object.keys(volumes).reduce((sum, name) => {
    const folder = engine.machine.files.find(volumePath(engine.kind, name));
    return sum + (folder === undefined ? 0 : sizeOf(folder));
  }, 0);
  const active = containers.filter(({ status }) => status === 'running').length;
  const rows = [
    {
      Type: 'Images',
      TotalCount: images.length,
      Active: images.length - unused.length,
      Size: total(images),
      free: total(unused),
    },
    { Type: 'Containers', TotalCount: containers.length, Active: active, Size: 0, free: 0 },
    { Type: 'Local Volumes', TotalCount: Object.keys(volumes).length, Active: 0, Size: volumeBytes, free: 0 },
    { Type: 'Build Cache', TotalCount: 0, Active: 0, Size: 0, free: 0 },
  ];
  const format = options.value('format');
  if (format === undefined) await say(call, 'TYPE            TOTAL     ACTIVE    SIZE      RECLAIMABLE');
  for (const { free, Size, ...row } of rows) {
    const view = {
      ...row,
      Total: row.TotalCount,
      Size: `${humanSize(Size)}B`,
      Reclaimable: `${humanSize(free)}B`,
    };
    await say(
      call,
      format === undefined
        ? [view.Type.padEnd(15), view.Total, view.Active, view.Size, view.Reclaimable].join(' ')
        : formatted(format, view),
    );
  }
  return 0;
};

/** `container prune`: what does not run. */
export const containerPrune: Verb = async call => {
  const { engine } = call;
  const filters = optionsOf(call, ['f|force', 'filter=', 'a|all', 'volumes', 'external'])
    .values('filter')
    .map(filterOf);
  const gone = engine
    .state()
    .containers.filter(({ status }) => status === 'exited' || status === 'created')
    .filter(({ config }) =>
      filters.every(([name, value]) => name !== 'label' || hasLabel(config.Labels, value)),
    )
    .filter(({ config }) =>
      filters.every(([name, value]) => name !== 'label!' || !hasLabel(config.Labels, value)),
    );
  for (const { id } of gone) {
    engine.drop(id);
    await say(call, id);
  }
  return 0;
};

/** `system prune`: containers that do not run, then images that nothing uses. Volumes only when asked for. */
const prune: Verb = async call => {
  await containerPrune(call);
  return imagePrune({ ...call, args: call.args.filter(argument => argument !== '--volumes') });
};

export const SYSTEM_VERBS: Readonly<Record<string, Verb>> = { df, prune, info };

/** `builder prune`: an emulated build keeps nothing to build faster with. */
const builderPrune: Verb = async call => {
  optionsOf(call, ['a|all', 'f|force', 'filter=', 'keep-storage=', 'reserved-space=', 'max-used-space=']);
  // podman's cache is its images without a name.
  return call.engine.kind === 'podman'
    ? imagePrune({ ...call, args: ['-f'] })
    : say(call, 'Total:\t0B').then(() => 0);
};

export const BUILDER_VERBS: Readonly<Record<string, Verb>> = { prune: builderPrune };

export const exists =
  (find: (call: Call, name: string) => boolean): Verb =>
  call =>
    find(call, optionsOf(call, ['external']).operands[0] ?? '') ? 0 : 1;
