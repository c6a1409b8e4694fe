import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { keptImages } from '../build/prune-plan.ts';
import { versionOfImage } from '../services-file/render.ts';

/** The version of a service: the one that is asked for, or for a published image that has none, its tag. */
export const versionOf = ({ spec }: ServiceDeployment): string | undefined =>
  spec.version ?? (spec.image === undefined ? undefined : versionOfImage(spec.image));

/**
 * The image that a version of a service was in any environment: what was built for one is what another runs. Undefined
 * when none of them remembers it, or its image was cleaned away.
 *
 * @param services those of the project.
 */
export function knownImage(
  service: ServiceDeployment,
  version: string,
  services: readonly ServiceDeployment[],
): string | undefined {
  const same = services.filter(({ spec }) => spec.service === service.spec.service);
  const releases = [service, ...same].flatMap(({ status = {} }) => {
    const all = [status, ...(status.history ?? [])];
    const kept = new Set(keptImages({ images: all.map(({ image }) => image) }));
    return all.filter(({ image }) => image !== undefined && kept.has(image));
  });
  return releases.find(release => release.version === version)?.image;
}

/** What the engines of hosts find an image by. */
export const imageName = ({ spec }: ServiceDeployment, image: string): string =>
  `dropfleet/${spec.project}:${image.replace(/^sha256:/, '')}`;
