import type { World } from './world.ts';

/** Which cloud and which Kubernetes API a command means, in words: `Cloud: sandbox; Kubernetes: standalone`. */
export function placeOf({ cloudKind, cloudUrl, hasCluster, connection, folder }: PlaceFacts): string {
  const cloud = cloudKind === 'sandbox' ? 'sandbox' : nameOfCloud(cloudUrl);
  return `Cloud: ${cloud}; Kubernetes: ${apiOf({ hasCluster, connection, folder })}`;
}

/** The Kubernetes API alone. */
export const apiOf = ({ hasCluster, connection, folder }: ApiFacts): string =>
  hasCluster ? `${connection.server} (${connection.source})` : `standalone (${folder})`;

type PlaceFacts = Pick<World, 'cloudKind' | 'cloudUrl'> & ApiFacts;

type ApiFacts = Pick<World, 'hasCluster' | 'folder'> & {
  connection: Pick<World['connection'], 'server' | 'source'>;
};

/** A rehearsal with a token of any kind goes to another address. */
const nameOfCloud = (url: string): string =>
  url === 'https://api.digitalocean.com' ? 'DigitalOcean' : `DigitalOcean's API at ${url}`;
