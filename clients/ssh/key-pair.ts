import { publicKeyLine } from './fingerprint.ts';

/** An SSH key pair as OpenSSH writes it to files. */
export interface SshKeyPair {
  /** A PEM block; a secret. */
  privateKey: string;
  /** One line: type, key, comment. */
  publicKey: string;
}

/** Makes an ed25519 key pair; no passphrase, because a daemon must use it alone. */
export async function generateKeyPair(comment: string): Promise<SshKeyPair> {
  // ssh2 takes 50 ms to load and is needed once in a fleet's life.
  const { default: ssh2 } = await import('ssh2');
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment });
    // It cuts a zero off the front of the public half (mscdex/ssh2#1390): one pair in 256, which nobody can read.
    if (ssh2.utils.parseKey(pair.private) instanceof Error) continue;
    return { privateKey: pair.private, publicKey: pair.public };
  }
}

const MAGIC = 'openssh-key-v1\0';

/**
 * The public half that stands in the clear in a private key's file (PROTOCOL.key of OpenSSH): type and base64.
 * Two files could be of two pairs; one cannot.
 * @throws TypeError when it is no such file.
 */
export function publicKeyOf(privateKey: string): string {
  const bytes = Buffer.from(privateKey.replaceAll(/-----[^-]*-----/g, ''), 'base64');
  if (bytes.subarray(0, MAGIC.length).toString('latin1') !== MAGIC)
    throw new TypeError("it is no private key in OpenSSH's format");
  let at = MAGIC.length;
  const next = (): Buffer => bytes.subarray(at + 4, (at += 4 + bytes.readUInt32BE(at)));
  // Cipher, key derivation and its options; then how many keys there are, which is one.
  for (let skipped = 0; skipped < 3; skipped++) next();
  at += 4;
  return publicKeyLine(next());
}
