import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isAlreadyExists, isNotFound } from '../../clients/kubernetes/errors.ts';
import { SECRETS, type Secret } from '../../clients/kubernetes/kinds.ts';
import { generateKeyPair } from '../../clients/ssh/key-pair.ts';
import { explainFileError, writeAtomically } from '../../config/files.ts';
import { ConfigurationError } from '../../config/problems.ts';
import { SecretText } from '../../config/secret-text.ts';

/** The Secret that holds the fleet's key pair in a cluster. */
const SECRET_NAME = 'dropfleet-ssh';
const PRIVATE = 'id_ed25519';
const PUBLIC = 'id_ed25519.pub';

/** The fleet's key pair. */
export interface FleetKey {
  /** One line of OpenSSH's format. */
  publicKey: string;
  /** OpenSSH's text. */
  privateKey: SecretText;
}

/** The pair in that folder; it is made when it is missing. */
export async function keyFromFolder(folder: string): Promise<FleetKey> {
  const path = join(folder, PUBLIC);
  const existing = await readFile(path, 'utf8').catch(() => undefined);
  if (existing !== undefined)
    return { publicKey: existing.trim(), privateKey: await readPrivateKey(join(folder, PRIVATE)) };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const pair = await generateKeyPair('dropfleet');
  // The public half comes last: it is there only when the private half is.
  await writeAtomically(join(folder, PRIVATE), pair.privateKey, { mode: 0o600 });
  await writeAtomically(path, `${pair.publicKey}\n`, { mode: 0o600 });
  return { publicKey: pair.publicKey, privateKey: new SecretText(pair.privateKey) };
}

async function readPrivateKey(path: string): Promise<SecretText> {
  try {
    return new SecretText(await readFile(path, 'utf8'));
  } catch (error) {
    const message = `the private SSH key ${path} cannot be read: ${explainFileError(error)}`;
    throw new ConfigurationError(message, { cause: error });
  }
}

/** The pair in the namespace's Secret; it is made when the Secret is missing. */
export async function keyFromSecret(client: KubernetesClient, namespace: string): Promise<FleetKey> {
  const { data = {} } = (await findSecret(client, namespace)) ?? (await createSecret(client, namespace));
  const text = (name: string): string => Buffer.from(data[name] ?? '', 'base64').toString('utf8');
  return { publicKey: text(PUBLIC).trim(), privateKey: new SecretText(text(PRIVATE)) };
}

async function findSecret(client: KubernetesClient, namespace: string): Promise<Secret | undefined> {
  try {
    return await client.get(SECRETS, `${namespace}/${SECRET_NAME}`);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function createSecret(client: KubernetesClient, namespace: string): Promise<Secret> {
  const { privateKey, publicKey } = await generateKeyPair('dropfleet');
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const secret: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { name: SECRET_NAME, namespace },
    data: { [PRIVATE]: base64(privateKey), [PUBLIC]: base64(publicKey) },
  };
  try {
    return await client.create(SECRETS, secret);
  } catch (error) {
    // Another replica was first; its key is the fleet's.
    if (isAlreadyExists(error)) return await client.get(SECRETS, `${namespace}/${SECRET_NAME}`);
    throw error;
  }
}
