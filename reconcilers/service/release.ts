import { createHash } from 'node:crypto';
import { RESTARTED_ANNOTATION } from '../../crds/names.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { optionArguments } from './options-plan.ts';

/** What a release consists of besides the ServiceDeployment's spec. */
export interface ReleaseInput {
  service: Pick<ServiceDeployment, 'metadata' | 'spec'>;
  version: string;
  /** The image's id, or for a published one what the spec calls it. */
  image: string;
  /** A keyed hash of the secrets' names and values. */
  secrets: string;
  /** Where it finds other services. */
  masterAddress: string;
  /** The name of the volume that its data are on; absent where they are on the server's own disk. */
  dataVolume?: string;
}

/** Hexadecimal digits of a release: 40 bits tell the few releases of one service apart. */
const DIGITS = 10;

/** A release: a hash of everything that a new container is started for. The same hash is the same container. */
export function releaseOf({
  service,
  version,
  image,
  secrets,
  masterAddress,
  dataVolume,
}: ReleaseInput): string {
  const { metadata, spec } = service;
  const parts = [
    version,
    image,
    secrets,
    masterAddress,
    spec.command ?? null,
    spec.releaseCommand ?? null,
    Object.entries(spec.variables ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    spec.port ?? null,
    spec.memory ?? null,
    spec.cpus ?? null,
    spec.volumes ?? [],
    spec.stopSeconds ?? null,
    spec.restart ?? null,
    metadata.annotations?.[RESTARTED_ANNOTATION] ?? null,
    ...optionArguments(spec.runOptions),
    ...(dataVolume === undefined ? [] : [{ dataVolume }]),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, DIGITS);
}
