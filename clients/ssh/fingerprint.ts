import { createHash } from 'node:crypto';

/** The SHA-256 fingerprint of a public key as `ssh-keygen -l` prints it: `SHA256:` and base64 without padding. */
export function fingerprintOf(publicKey: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(publicKey).digest('base64').replace(/=+$/, '')}`;
}

/** The same of one line of OpenSSH's format: type, base64, comment. */
export function fingerprintOfLine(publicKey: string): string {
  return fingerprintOf(Buffer.from(publicKey.trim().split(/\s+/)[1] ?? '', 'base64'));
}

/** A public key in SSH's wire format as a line of OpenSSH's: type and base64. */
export function publicKeyLine(publicKey: Buffer): string {
  const type = publicKey.subarray(4, 4 + publicKey.readUInt32BE(0)).toString('latin1');
  return `${type} ${publicKey.toString('base64')}`;
}
