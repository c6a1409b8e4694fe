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
  const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment });
  return { privateKey: pair.private, publicKey: pair.public };
}
