import type { HostSpec } from '../driver.ts';
import type { Docker } from './docker.ts';
import { ADDRESSES_LABEL, DROPLET_LABEL, INSTALLATION_LABEL, type Names } from './names.ts';

/** A droplet's container as it is. */
export interface Machine {
  readonly power: 'on' | 'off' | 'frozen';
  /** Of its first process, on the host; 0 when it is off. */
  readonly pid: number;
  readonly installation: number;
  readonly addresses: string;
  /** The image's id. */
  readonly image: string;
  readonly limits: Limits;
}

/** What a container may use at most; none where the kernel cannot hold it to that. */
export interface Limits {
  readonly cpus: number | undefined;
  /** MB */
  readonly memory: number | undefined;
}

interface Inspected {
  readonly Image: string;
  readonly State: { readonly Running: boolean; readonly Paused: boolean; readonly Pid: number };
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: { readonly NanoCpus: number; readonly Memory: number };
}

const MEGABYTE = 1024 ** 2;
/** Linux takes no longer host name. */
const LONGEST_HOST_NAME = 64;

/** The addresses that a container is made with, as its label has them. */
export const addressesLabel = ({ addresses }: HostSpec): string => `${addresses.public} ${addresses.private}`;

export async function findMachine(docker: Docker, names: Names, id: number): Promise<Machine | undefined> {
  const text = await docker.find(['container', 'inspect', '--format', '{{json .}}', names.dropletOf(id)]);
  if (text === undefined) return undefined;
  const { Image, State, Config, HostConfig } = JSON.parse(text) as Inspected;
  return {
    power: State.Paused ? 'frozen' : State.Running ? 'on' : 'off',
    pid: State.Running ? State.Pid : 0,
    installation: Number(Config.Labels[INSTALLATION_LABEL]),
    addresses: Config.Labels[ADDRESSES_LABEL] ?? '',
    image: Image,
    limits: {
      cpus: HostConfig.NanoCpus === 0 ? undefined : HostConfig.NanoCpus / 1e9,
      memory: HostConfig.Memory === 0 ? undefined : HostConfig.Memory / MEGABYTE,
    },
  };
}

/** Makes a droplet's container around the files in `folder`; it is off. */
export async function createMachine(
  docker: Docker,
  names: Names,
  spec: HostSpec,
  { image, folder, limits }: { readonly image: string; readonly folder: string; readonly limits: Limits },
): Promise<void> {
  const identity = ['--name', names.dropletOf(spec.id), '--hostname', spec.name.slice(0, LONGEST_HOST_NAME)];
  const labels = [
    names.label,
    `${DROPLET_LABEL}=${spec.id}`,
    `${INSTALLATION_LABEL}=${spec.installation}`,
    `${ADDRESSES_LABEL}=${addressesLabel(spec)}`,
  ].flatMap(label => ['--label', label]);
  // A machine of its own, with systemd and two container engines in it.
  const rights = ['--privileged', '--cgroupns', 'private'];
  const place = ['--network', names.sandbox, '--ip', spec.addresses.public, '--volume', `${folder}:/droplet`];
  await docker.run(
    ['create', ...identity, ...labels, ...rights, ...place, ...limitArguments(limits), image],
    {
      failure: `The machine of ${spec.name} cannot be made`,
    },
  );
}

export async function limitMachine(docker: Docker, names: Names, id: number, limits: Limits): Promise<void> {
  await docker.run(['update', ...limitArguments(limits), names.dropletOf(id)]);
}

/** Memory with its swap, so that what goes beyond it is killed, as on a droplet, which has none. */
const limitArguments = ({ cpus, memory }: Limits): readonly string[] => [
  ...(cpus === undefined ? [] : ['--cpus', String(cpus)]),
  ...(memory === undefined ? [] : ['--memory', `${memory}m`, '--memory-swap', `${memory}m`]),
];
