import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isAlreadyExists } from '../../clients/kubernetes/errors.ts';
import { findObject } from '../../clients/kubernetes/find-object.ts';
import { SECRETS, type Secret } from '../../clients/kubernetes/kinds.ts';
import { fingerprintOfLine } from '../../clients/ssh/fingerprint.ts';
import { generateKeyPair, publicKeyOf } from '../../clients/ssh/key-pair.ts';
import { explainFileError, isMissingFile, writeAtomically } from '../../config/files.ts';
import { ConfigurationError } from '../../config/problems.ts';
import { SecretText } from '../../config/secret-text.ts';
import type { FleetKey, KeyRing } from '../../reconcilers/ssh-key/key-ring.ts';

/** The Secret that holds the fleet's key pair in a cluster. */
const SECRET_NAME = 'dropfleet-ssh';
const COMMENT = 'dropfleet';
/** The private keys' names, as files and in the Secret. A public key follows from its private one. */
const FILES = { current: 'id_ed25519', next: 'id_ed25519.next', previous: 'id_ed25519.previous' } as const;
/** For people and their tools, and to know a key by that is gone. */
const PUBLIC = 'id_ed25519.pub';

/** Where a fleet keeps its key pairs, and nothing about whether they are the right ones. */
export interface KeyPlace {
  /** What a person calls the place of the private key. */
  readonly name: string;
  /** How a person puts a private key back there. */
  readonly howToPutBack: string;
  /** The pairs; undefined when the private key is not there. */
  find(): Promise<KeyRing | undefined>;
  /** What still shows that there was a key: its fingerprint, or as much as that. */
  trace(): Promise<Trace | undefined>;
  /** Makes a pair, unless somebody else is first; answers what is there then. Touches no next or previous one. */
  make(): Promise<KeyRing>;
  write(ring: KeyRing): Promise<void>;
}

export interface Trace {
  fingerprint?: string;
}

const traceOf = (publicKey: string): Trace =>
  publicKey.trim() === '' ? {} : { fingerprint: fingerprintOfLine(publicKey) };

/** A new pair. */
export async function makeKey(): Promise<FleetKey> {
  return keyFrom((await generateKeyPair(COMMENT)).privateKey);
}

function keyFrom(privateKey: string): FleetKey {
  return { publicKey: `${publicKeyOf(privateKey)} ${COMMENT}`, privateKey: new SecretText(privateKey) };
}

/** The pairs as files in that folder. */
export function keysInFolder(folder: string): KeyPlace {
  const path = (which: keyof typeof FILES): string => join(folder, FILES[which]);

  async function writeKey(which: keyof typeof FILES, key: FleetKey | undefined): Promise<void> {
    if (key !== undefined) await writeAtomically(path(which), key.privateKey.reveal(), { mode: 0o600 });
  }

  async function writeCurrent(key: FleetKey): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeKey('current', key);
    await writeAtomically(join(folder, PUBLIC), `${key.publicKey}\n`, { mode: 0o600 });
  }

  async function find(): Promise<KeyRing | undefined> {
    const [current, next, previous] = await Promise.all(
      (['current', 'next', 'previous'] as const).map(which => readKey(path(which))),
    );
    return current && ringOf(current, next, previous);
  }

  // What is made safe first is what would be missed most; `ringOf` makes sense of every state between.
  async function write({ current, next, previous }: KeyRing): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeKey('previous', previous);
    await writeCurrent(current);
    await writeKey('next', next);
    if (next === undefined) await rm(path('next'), { force: true });
    if (previous === undefined) await rm(path('previous'), { force: true });
  }

  return {
    name: `the file ${path('current')}`,
    howToPutBack: `copy it to ${path('current')} with mode 0600`,
    find,
    write,
    async trace() {
      const line = await readFile(join(folder, PUBLIC), 'utf8').catch(() => undefined);
      return line === undefined ? undefined : traceOf(line);
    },
    async make() {
      await writeCurrent(await makeKey());
      return (await find())!;
    },
  };
}

async function readKey(path: string): Promise<FleetKey | undefined> {
  try {
    return keyFrom(await readFile(path, 'utf8'));
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    throw unreadable(path, isDamage(error) ? DAMAGED : explainFileError(error), error);
  }
}

const DAMAGED = "it is no private key in OpenSSH's format";
/** What is thrown by whoever finds other text, or too little of it. */
const isDamage = (error: unknown): boolean => error instanceof TypeError || error instanceof RangeError;

const unreadable = (key: string, why: string, cause: unknown): ConfigurationError =>
  new ConfigurationError(
    `the private SSH key ${key} cannot be read: ${why}; put it back from a backup, no other opens the fleet's hosts`,
    { cause },
  );

/** A write that was cut off may leave a key under two names: then it is what it has become. */
function ringOf(current: FleetKey, next: FleetKey | undefined, previous: FleetKey | undefined): KeyRing {
  const isOther = (key: FleetKey | undefined): key is FleetKey =>
    key !== undefined && key.publicKey !== current.publicKey;
  return { current, ...(isOther(next) && { next }), ...(isOther(previous) && { previous }) };
}

/** The pairs in the namespace's Secret. */
export function keysInSecret(client: KubernetesClient, namespace: string): KeyPlace {
  const key = `${namespace}/${SECRET_NAME}`;

  async function find(): Promise<KeyRing | undefined> {
    const data = (await findObject(client, SECRETS, key))?.data ?? {};
    const pair = (which: keyof typeof FILES): FleetKey | undefined => keyInSecret(key, which, data);
    const current = pair('current');
    return current && ringOf(current, pair('next'), pair('previous'));
  }

  return {
    name: `the entry ${FILES.current} of the Secret ${key}`,
    howToPutBack: `"kubectl -n ${namespace} create secret generic ${SECRET_NAME} --from-file=${FILES.current}=FILE --dry-run=client -o yaml | kubectl apply -f -"`,
    find,
    async trace() {
      const secret = await findObject(client, SECRETS, key);
      if (secret === undefined) return undefined;
      return traceOf(Buffer.from(secret.data?.[PUBLIC] ?? '', 'base64').toString('utf8'));
    },
    async make() {
      const data = dataOf(await makeKey());
      if ((await findObject(client, SECRETS, key)) === undefined) await createSecret(client, namespace, data);
      else await client.patch(SECRETS, key, { data });
      return (await find())!;
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

function keyInSecret(
  secret: string,
  which: keyof typeof FILES,
  data: Readonly<Record<string, string>>,
): FleetKey | undefined {
  const text = data[FILES[which]];
  if (text === undefined) return undefined;
  try {
    return keyFrom(Buffer.from(text, 'base64').toString('utf8'));
  } catch (error) {
    throw unreadable(`${FILES[which]} of the Secret ${secret}`, DAMAGED, error);
  }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const dataOf = ({ privateKey, publicKey }: FleetKey): Record<string, string> => ({
  [FILES.current]: base64(privateKey.reveal()),
  [PUBLIC]: base64(publicKey),
});

/** When another replica is first, its key is the fleet's. */
async function createSecret(
  client: KubernetesClient,
  namespace: string,
  data: Record<string, string>,
): Promise<void> {
  const secret: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { name: SECRET_NAME, namespace },
    data,
  };
  try {
    await client.create(SECRETS, secret);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
