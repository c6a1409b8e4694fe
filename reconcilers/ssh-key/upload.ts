import type { Cloud, CloudKey } from '../../clients/digitalocean/cloud.ts';

/** The fleet's SSH key in the account. */
export interface SshKeyUpload {
  /** The key's id in the account; uploads the key when the account lacks it. Asked once per process. */
  id(signal?: AbortSignal): Promise<number>;
  /** The names of the other fleets that have a key in the account; by the list that `id` begins with, too. */
  otherFleets(signal?: AbortSignal): Promise<readonly string[]>;
  /** Forgets the id, so that the next `id` asks again: the account's key was deleted. */
  forget(): void;
}

/** Before the fleet's name, in the name of its key in the account. */
const PREFIX = 'dropfleet-';

/** What the key of a fleet is called in the account. */
export const keyNameOf = (fleet: string): string => PREFIX + fleet;

/** Makes sure that the account holds `publicKey` (one line of OpenSSH's format), named `name` when it is new. */
export function createSshKeyUpload(
  cloud: Pick<Cloud, 'listKeys' | 'createKey'>,
  name: string,
  publicKey: string,
): SshKeyUpload {
  let listed: Promise<CloudKey[]> | undefined;
  let underway: Promise<number> | undefined;

  const forget = (): void => {
    listed = undefined;
    underway = undefined;
  };
  /** What failed is tried again by the next who asks. */
  const orForget = <T>(promise: Promise<T>): Promise<T> =>
    promise.catch((error: unknown) => {
      forget();
      throw error;
    });
  const list = (signal?: AbortSignal): Promise<CloudKey[]> => (listed ??= orForget(cloud.listKeys(signal)));

  async function findOrCreate(signal?: AbortSignal): Promise<number> {
    const existing = (await list(signal)).find(key => keyMaterial(key.publicKey) === keyMaterial(publicKey));
    return existing?.id ?? (await cloud.createKey(name, publicKey, signal)).id;
  }

  return {
    forget,
    id: signal => (underway ??= orForget(findOrCreate(signal))),
    async otherFleets(signal) {
      const others = (await list(signal)).map(key => key.name).filter(other => other !== name);
      return others.flatMap(other => (other.startsWith(PREFIX) ? [other.slice(PREFIX.length)] : []));
    },
  };
}

/** Type and key without the comment, which the cloud may change. */
const keyMaterial = (line: string): string => line.trim().split(/\s+/).slice(0, 2).join(' ');
