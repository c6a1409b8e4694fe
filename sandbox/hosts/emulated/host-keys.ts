import ssh2 from 'ssh2';

/** Both halves of a key as ssh-keygen writes them to files. */
export interface HostKey {
  readonly privateKey: string;
  readonly publicKey: string;
}

export function newHostKey(comment: string): HostKey {
  const { private: privateKey, public: publicKey } = ssh2.utils.generateKeyPairSync('ed25519', { comment });
  return { privateKey: ended(privateKey), publicKey: ended(publicKey) };
}

const ended = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);
