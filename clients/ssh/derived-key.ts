import { createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto';
import type { SshKeyPair } from './key-pair.ts';

/** What comes before the 32 bytes of an ed25519 private key in PKCS #8 (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const TYPE = 'ssh-ed25519';

/**
 * The ed25519 key pair that belongs to a secret and a purpose: always the same one for the same two (HKDF with
 * SHA-256, RFC 5869). Who knows the pair learns nothing of the secret, nor of the pair for another purpose.
 */
export function deriveKeyPair(secret: string, purpose: string): SshKeyPair {
  const seed = Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));
  const publicKey = publicKeyOf(seed);
  const blob = Buffer.concat([field(TYPE), field(publicKey)]);
  return {
    privateKey: privateKeyFile(seed, publicKey, blob),
    publicKey: `${TYPE} ${blob.toString('base64')}`,
  };
}

function publicKeyOf(seed: Buffer): Buffer {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  return Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x!, 'base64url');
}

/** The file that ssh-keygen would write without a passphrase (PROTOCOL.key of OpenSSH). */
function privateKeyFile(seed: Buffer, publicKey: Buffer, blob: Buffer): string {
  // Equal check numbers tell a reader that it decrypted the rest; nothing is encrypted here.
  const checks = Buffer.alloc(8);
  const secret = Buffer.concat([
    checks,
    field(TYPE),
    field(publicKey),
    field(Buffer.concat([seed, publicKey])),
    field(''),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, i) => i + 1));
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0', 'latin1'),
    field('none'),
    field('none'),
    field(''),
    Buffer.from([0, 0, 0, 1]),
    field(blob),
    field(Buffer.concat([secret, padding])),
  ]);
  const lines = file.toString('base64').match(/.{1,70}/g)!;
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join(
    '\n',
  );
}

/** A string of SSH's wire format: its length, then its bytes. */
function field(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
