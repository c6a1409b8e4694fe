import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { createTlsIdentity, isUsable, type KeyPair, type TlsIdentity } from './certificates.ts';

/** Who the server is, and how its one user is known. */
export interface Identity {
  tls: TlsIdentity;
  /** The bearer token of the only user. */
  token: string;
}

/** The file of each part of the TLS identity. */
const FILES = {
  authority: 'ca.crt',
  server: { certificate: 'tls.crt', key: 'tls.key' },
  client: { certificate: 'client.crt', key: 'client.key' },
} as const;

/**
 * The identity kept in that directory, for these addresses; made, or made anew when it is about to expire or names
 * other addresses, if need be.
 */
export function loadIdentity(directory: string, now: number, addresses: readonly string[]): Identity {
  const file = (name: string): string => join(directory, name);
  const read = (name: string): string => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : '');
  const readPair = ({ certificate, key }: KeyPair): KeyPair => ({
    certificate: read(certificate),
    key: read(key),
  });
  const { authority, server, client } = FILES;
  const kept = { authority: read(authority), server: readPair(server), client: readPair(client) };
  const token = read('token').trim() || writeToken(file('token'));
  if (isUsable(kept, now, addresses)) return { tls: kept, token };
  const tls = createTlsIdentity(now, addresses);
  writePrivate(file(authority), tls.authority);
  for (const role of ['server', 'client'] as const) {
    writePrivate(file(FILES[role].certificate), tls[role].certificate);
    writePrivate(file(FILES[role].key), tls[role].key);
  }
  return { tls, token };
}

function writeToken(file: string): string {
  const token = randomBytes(32).toString('base64url');
  writePrivate(file, `${token}\n`);
  return token;
}

/**
 * Writes a kubeconfig for kubectl and every other client; returns where it is. Its context shows the token; a second
 * one, `dropfleet-standalone-certificate`, the client's certificate.
 */
export function writeKubeconfig(directory: string, url: string, { tls, token }: Identity): string {
  const name = 'dropfleet-standalone';
  const file = join(directory, 'kubeconfig');
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const certificate = {
    'client-certificate-data': base64(tls.client.certificate),
    'client-key-data': base64(tls.client.key),
  };
  const users = [
    { name, user: { token } },
    { name: `${name}-certificate`, user: certificate },
  ];
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: url, 'certificate-authority-data': base64(tls.authority) } }],
    users,
    contexts: users.map(user => ({
      name: user.name,
      context: { cluster: name, user: user.name, namespace: 'default' },
    })),
    'current-context': name,
  };
  writePrivate(file, stringify(config, { lineWidth: 0 }));
  return file;
}

/** Readable by the owner only, and never half written. */
function writePrivate(file: string, text: string): void {
  const unfinished = `${file}.new`;
  writeFileSync(unfinished, text, { mode: 0o600 });
  renameSync(unfinished, file);
}
