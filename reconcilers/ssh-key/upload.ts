import type { Cloud } from '../../clients/digitalocean/cloud.ts';

/** The fleet's SSH key in the account. */
export interface SshKeyUpload {
  /** The key's id in the account; uploads the key when the account lacks it. Asked once per process. */
  id(signal?: AbortSignal): Promise<number>;
  /** Forgets the id, so that the next `id` asks again: the account's key was deleted. */
  forget(): void;
}

/** Makes sure that the account holds `publicKey` (one line of OpenSSH's format), named `name` when it is new. */
export function createSshKeyUpload(
  cloud: Pick<Cloud, 'listKeys' | 'createKey'>,
  name: string,
  publicKey: string,
): SshKeyUpload {
  let underway: Promise<number> | undefined;

  async function findOrCreate(signal?: AbortSignal): Promise<number> {
    const keys = await cloud.listKeys(signal);
    const existing = keys.find(key => keyMaterial(key.publicKey) === keyMaterial(publicKey));
    return existing?.id ?? (await cloud.createKey(name, publicKey, signal)).id;
  }

  const forget = (): void => {
    underway = undefined;
  };
  return {
    forget,
    id(signal) {
      underway ??= findOrCreate(signal).catch((error: unknown) => {
        forget();
        throw error;
      });
      return underway;
    },
  };
}

/** Type and key without the comment, which the cloud may change. */
const keyMaterial = (line: string): string => line.trim().split(/\s+/).slice(0, 2).join(' ');
