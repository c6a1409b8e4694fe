import type { ServiceDeployment, ServiceDeploymentSpec } from '../../crds/service-deployment.ts';
import {
  changesByFile,
  isFromFile,
  isSame,
  patchOf,
  renderService,
  versionOfImage,
  type ConfiguredService,
  type Place,
  type SpecPatch,
} from '../services-file/render.ts';

/** What is released: the same for all services of a deploy. */
export interface Released {
  version: string;
  source?: ServiceDeploymentSpec['source'];
}

/** What a deploy does to one service. */
export type DeployStep = { name: string; wanted: ServiceDeploymentSpec } & (
  | { do: 'create'; object: ServiceDeployment }
  | { do: 'patch'; spec: SpecPatch }
  /** It is as it should be. */
  | { do: 'nothing' }
);

/** A service of the file as that deploy wants it. Infra has no part in releases: its version is that of its image. */
export function releasedService(
  service: ConfiguredService,
  place: Place,
  { version, source }: Released,
): ServiceDeployment {
  const { image, type } = service;
  const object = renderService(service, place);
  const isInfra = type === 'infra' && image !== undefined;
  return {
    ...object,
    spec: {
      ...object.spec,
      version: isInfra ? versionOfImage(image) : version,
      ...(image === undefined && source && { source }),
    },
  };
}

/** The steps that make those services as wanted. Of one that a person applied, only what is released is written. */
export function planDeploy(
  wanted: readonly ServiceDeployment[],
  existing: readonly ServiceDeployment[],
): DeployStep[] {
  const byName = new Map(existing.map(service => [service.metadata.name, service]));
  return wanted.map(object => {
    const { metadata, spec } = object;
    const step = { name: metadata.name, wanted: spec };
    const before = byName.get(metadata.name);
    if (before === undefined) return { do: 'create', ...step, object };
    const patch = {
      ...(isFromFile(before) && changesByFile(before, object)),
      ...changesByRelease(before.spec, spec),
    };
    return Object.keys(patch).length === 0
      ? { do: 'nothing', ...step }
      : { do: 'patch', ...step, spec: patch };
  });
}

const RELEASED = ['version', 'source'] as const satisfies (keyof ServiceDeploymentSpec)[];

function changesByRelease(before: ServiceDeploymentSpec, wanted: ServiceDeploymentSpec): SpecPatch {
  const differing = RELEASED.filter(field => !isSame(before[field], wanted[field]));
  return Object.fromEntries(differing.map(field => [field, patchOf(before[field], wanted[field])]));
}
