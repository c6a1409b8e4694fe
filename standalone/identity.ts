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

/** The identity kept in that directory; made, or made anew when it is about to expire, if need be. */
export function loadIdentity(directory: string, now: number): Identity {
  const file = (name: string): string => join(directory, name);
  const read = (name: string): string => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : '');
  const kept: TlsIdentity = { authority: read('ca.crt'), certificate: read('tls.crt'), key: read('tls.key') };
  const token = read('token').trim() || writeToken(file('token'));
  if (isUsable(kept, now)) return { tls: kept, token };
  const tls = createTlsIdentity(now);
  writePrivate(file('ca.crt'), tls.authority);
  writePrivate(file('tls.crt'), tls.certificate);
  writePrivate(file('tls.key'), tls.key);
  return { tls, token };
}

function writeToken(file: string): string {
  const token = randomBytes(32).toString('base64url');
  writePrivate(file, `${token}\n`);
  return token;
}

/** Writes a kubeconfig for kubectl and every other client; returns where it is. */
export function writeKubeconfig(directory: string, url: string, { tls, token }: Identity): string {
  const name = 'dropfleet-standalone';
  const file = join(directory, 'kubeconfig');
  const authority = Buffer.from(tls.authority).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: url, 'certificate-authority-data': authority } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
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
