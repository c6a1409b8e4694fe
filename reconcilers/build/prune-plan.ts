import { hexOf } from './commands.ts';

/** A tag of a project's on a host: 64 hexadecimal digits, or `build-<key>`. */
export interface ImageTag {
  /** `sha256:...`. */
  image: string;
  tag: string;
}

/** The releases of a service in an environment that can be returned to. */
const KEPT_RELEASES = 3;

/** What a service has run, and runs; see ServiceDeployment's status. */
export interface Releases {
  /** Ids of images, the newest first, the one that runs included. */
  images: readonly (string | undefined)[];
}

/** The ids that must stay: of each service in each environment the newest that differ. */
export const neededImages = (services: readonly Releases[]): Set<string> =>
  new Set(services.flatMap(keptImages));

/** The ids that stay for one service. */
export const keptImages = ({ images }: Releases): string[] =>
  [...new Set(images.filter(image => image !== undefined))].slice(0, KEPT_RELEASES);

/**
 * The tags that go: of images that nobody needs. The newest build stays, for the next one to take layers from.
 *
 * @param tags the newest first.
 */
export function planPrune(tags: readonly ImageTag[], needed: ReadonlySet<string>): string[] {
  const newest = tags.find(({ tag }) => tag.startsWith('build-'))?.image;
  return tags
    .filter(({ image, tag }) => !needed.has(image) && image !== newest && isOurs(tag, image))
    .map(({ tag }) => tag);
}

/** Whatever else somebody tagged so is his. */
const isOurs = (tag: string, image: string): boolean =>
  tag === hexOf(image) || /^build-[0-9a-f]{12}$/.test(tag);
