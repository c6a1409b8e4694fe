import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { createTlsIdentity, isUsable, type TlsIdentity } from './certificates.ts';

/** Who the server is, and how its one user is known. */
export interface Identity {
  tls: TlsIdentity;
  /** The bearer token of the only user. */
  token: string;
}

/** One that is kept nowhere. */
export const newIdentity = (now: number, addresses: readonly string[]): Identity => ({
  tls: createTlsIdentity(now, addresses),
  token: newToken(),
});

const newToken = (): string => randomBytes(32).toString('base64url');

/**
 * The identity kept in that directory, for these addresses; made, and again when it is about to expire or names
 * other addresses, if need be.
 */
export function loadIdentity(directory: string, now: number, addresses: readonly string[]): Identity {
  const read = (name: string): string => {
    const file = join(directory, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  const token = read('token').trim() || newToken();
  const kept: TlsIdentity = {
    authority: read('ca.crt'),
    server: { certificate: read('tls.crt'), key: read('tls.key') },
    client: { certificate: read('client.crt'), key: read('client.key') },
  };
  const tls = isUsable(kept, now, addresses) ? kept : createTlsIdentity(now, addresses);
  const { authority, server, client } = tls;
  writePrivate(join(directory, 'token'), `${token}\n`);
  writePrivate(join(directory, 'ca.crt'), authority);
  writePrivate(join(directory, 'tls.crt'), server.certificate);
  writePrivate(join(directory, 'tls.key'), server.key);
  writePrivate(join(directory, 'client.crt'), client.certificate);
  writePrivate(join(directory, 'client.key'), client.key);
  return { tls, token };
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
