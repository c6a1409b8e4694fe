import type { Droplet } from '../../crds/droplet.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';

/** A service whose data are on the disk, and how it is told to write there all that it has. */
export interface Database {
  /** What scripts/freeze.sh knows how to flush; `other` is only held still. */
  kind: 'postgres' | 'mysql' | 'redis' | 'other';
  /** The ServiceDeployment's. */
  uid: string;
}

/** By the last part of an image's name. What is built on one of these and has another name is held still like any other. */
const KINDS: readonly (readonly [pattern: RegExp, kind: Database['kind']])[] = [
  [/^(postgres|postgresql|postgis|pgvector|timescaledb(-ha)?)$/, 'postgres'],
  [/^(mysql|mysql-server|mariadb|percona|percona-server)$/, 'mysql'],
  [/^(redis|redis-stack|redis-stack-server|valkey)$/, 'redis'],
];

/** What must stand still while the disk of that server is copied: infra services that have volumes there. */
export const databasesOn = ({ spec }: Droplet, services: readonly ServiceDeployment[]): Database[] =>
  spec.role !== 'master'
    ? []
    : services
        .filter(({ spec: service }) => service.type === 'infra' && (service.volumes ?? []).length > 0)
        .map(({ metadata, spec: { image } }) => ({ kind: kindOf(image ?? ''), uid: metadata.uid! }));

function kindOf(image: string): Database['kind'] {
  const name = image.replace(/@.*$/, '').split('/').at(-1)!.split(':')[0]!;
  return KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? 'other';
}
