import type { Machine } from '../../model.ts';

export const REGISTRY_FILE = '/etc/docker/registry/config.yml';

/** What Debian's package brings. */
export const REGISTRY_CONFIG = `version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/docker-registry
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
`;

export interface RegistrySettings {
  /** Where it listens; empty for all addresses. */
  readonly address: string;
  readonly port: number;
  readonly root: string;
  readonly allowsDeletion: boolean;
}

/** Throws FileError where there is no file. */
export function readRegistrySettings({ files }: Machine, path = REGISTRY_FILE): RegistrySettings {
  const text = Buffer.from(files.read(path)).toString();
  const of = (key: string): string | undefined =>
    new RegExp(`^\\s*${key}:\\s*["']?([^"'\\s#]+)`, 'm').exec(text)?.[1];
  const [, address = '', port = '5000'] = /^(.*):(\d+)$/.exec(of('addr') ?? '') ?? [];
  return {
    address: address === '0.0.0.0' ? '' : address,
    port: Number(port),
    root: of('rootdirectory') ?? '/var/lib/registry',
    allowsDeletion: /^\s*delete:\s*(?:\n\s+|\{\s*)enabled:\s*true/m.test(text),
  };
}
