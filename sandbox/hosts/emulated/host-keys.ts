import ssh2 from 'ssh2';

/** Both halves of a key as ssh-keygen writes them to files. */
export interface HostKey {
  readonly privateKey: string;
  readonly publicKey: string;
}

export function newHostKey(comment: string): HostKey {
  for (;;) {
    const { private: privateKey, public: publicKey } = ssh2.utils.generateKeyPairSync('ed25519', { comment });
    // It cuts a zero off the front of the public half (mscdex/ssh2#1390): one pair in 256, which nobody can read.
    if (!isReadableKey(privateKey)) continue;
    return { privateKey: ended(privateKey), publicKey: ended(publicKey) };
  }
}

/** Whether a private key's file is one that SSH can use. */
export const isReadableKey = (text: string | Buffer): boolean =>
  !(ssh2.utils.parseKey(text) instanceof Error);

const ended = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);
