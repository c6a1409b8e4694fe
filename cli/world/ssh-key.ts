import { access, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isAlreadyExists, isNotFound } from '../../clients/kubernetes/errors.ts';
import { SECRETS, type Secret } from '../../clients/kubernetes/kinds.ts';
import { generateKeyPair, publicKeyOf } from '../../clients/ssh/key-pair.ts';
import { explainFileError, isMissingFile, writeAtomically } from '../../config/files.ts';
import { ConfigurationError } from '../../config/problems.ts';
import { SecretText } from '../../config/secret-text.ts';
import type { FleetKey, KeyRing, KeyStore } from '../../reconcilers/ssh-key/key-ring.ts';

/** The Secret that holds the fleet's key pair in a cluster. */
const SECRET_NAME = 'dropfleet-ssh';
const COMMENT = 'dropfleet';
/** The private keys' names, as files and in the Secret. A public key follows from its private one. */
const FILES = { current: 'id_ed25519', next: 'id_ed25519.next', previous: 'id_ed25519.previous' } as const;
/** For people and their tools; never read. */
const PUBLIC = 'id_ed25519.pub';

/** A new pair. */
export async function makeKey(): Promise<FleetKey> {
  return keyFrom((await generateKeyPair(COMMENT)).privateKey);
}

function keyFrom(privateKey: string): FleetKey {
  return { publicKey: `${publicKeyOf(privateKey)} ${COMMENT}`, privateKey: new SecretText(privateKey) };
}

/** The pairs in that folder; the first one is made when it is missing. */
export function keysInFolder(folder: string): KeyStore {
  const path = (which: keyof typeof FILES): string => join(folder, FILES[which]);

  async function write({ current, next, previous }: KeyRing): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // What is made safe first is what would be missed most; `ringOf` makes sense of every state between.
    for (const [which, key] of [
      ['previous', previous],
      ['current', current],
      ['next', next],
    ] as const)
      if (key !== undefined) await writeAtomically(path(which), key.privateKey.reveal(), { mode: 0o600 });
    await writeAtomically(join(folder, PUBLIC), `${current.publicKey}\n`, { mode: 0o600 });
    if (next === undefined) await rm(path('next'), { force: true });
    if (previous === undefined) await rm(path('previous'), { force: true });
  }

  return {
    write,
    async read() {
      const [current, next, previous] = await Promise.all(
        (['current', 'next', 'previous'] as const).map(which => readKey(path(which))),
      );
      if (current !== undefined) return ringOf(current, next, previous);
      // It is written last: where it is, hosts may know the key.
      if (await exists(join(folder, PUBLIC)))
        throw new ConfigurationError(
          `the private SSH key ${path('current')} is gone: put it back, or remove ${PUBLIC} beside it to have a new one made, which no present droplet lets in`,
        );
      const ring = { current: await makeKey() };
      await write(ring);
      return ring;
    },
  };
}

async function readKey(path: string): Promise<FleetKey | undefined> {
  try {
    return keyFrom(await readFile(path, 'utf8'));
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    const why = error instanceof TypeError ? error.message : explainFileError(error);
    throw new ConfigurationError(`the private SSH key ${path} cannot be read: ${why}`, { cause: error });
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** A write that was cut off may leave a key under two names: then it is what it has become. */
function ringOf(current: FleetKey, next: FleetKey | undefined, previous: FleetKey | undefined): KeyRing {
  const isOther = (key: FleetKey | undefined): key is FleetKey =>
    key !== undefined && key.publicKey !== current.publicKey;
  return { current, ...(isOther(next) && { next }), ...(isOther(previous) && { previous }) };
}

/** The pairs in the namespace's Secret; the first one is made when the Secret is missing. */
export function keysInSecret(client: KubernetesClient, namespace: string): KeyStore {
  const key = `${namespace}/${SECRET_NAME}`;
  return {
    async read() {
      const { data = {} } = (await findSecret(client, key)) ?? (await createSecret(client, namespace));
      const pair = (which: keyof typeof FILES): FleetKey | undefined => {
        const text = data[FILES[which]];
        return text === undefined ? undefined : keyFrom(Buffer.from(text, 'base64').toString('utf8'));
      };
      const current = pair('current');
      if (current === undefined)
        throw new ConfigurationError(
          `the Secret ${key} has no ${FILES.current}: put the private SSH key back, or delete the Secret to have a new one made`,
        );
      return ringOf(current, pair('next'), pair('previous'));
    },
    async write({ current, next, previous }) {
      const data = {
        ...dataOf(current),
        [FILES.next]: next ? base64(next.privateKey.reveal()) : null,
        [FILES.previous]: previous ? base64(previous.privateKey.reveal()) : null,
      };
      await client.patch(SECRETS, key, { data });
    },
  };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const dataOf = ({ privateKey, publicKey }: FleetKey): Record<string, string> => ({
  [FILES.current]: base64(privateKey.reveal()),
  [PUBLIC]: base64(publicKey),
});

async function findSecret(client: KubernetesClient, key: string): Promise<Secret | undefined> {
  try {
    return await client.get(SECRETS, key);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function createSecret(client: KubernetesClient, namespace: string): Promise<Secret> {
  const secret: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { name: SECRET_NAME, namespace },
    data: dataOf(await makeKey()),
  };
  try {
    return await client.create(SECRETS, secret);
  } catch (error) {
    // Another replica was first; its key is the fleet's.
    if (isAlreadyExists(error)) return await client.get(SECRETS, `${namespace}/${SECRET_NAME}`);
    throw error;
  }
}
