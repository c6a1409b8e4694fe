import type { Environment } from '../../config/deployment-file.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { releasesOf } from '../../reconcilers/versions/release-plan.ts';
import { alignColumns } from './columns.ts';
import { shortId } from './deploy-plan-table.ts';

/** One version of one service in one environment. */
export interface PastRelease {
  environment: Environment;
  service: string;
  version: string;
  image: string;
  /** When it started to serve; null where it is not written down. */
  deployedAt: string | null;
  /** It runs now. */
  runs: boolean;
  /** It should run. */
  wanted: boolean;
}

/** The versions of an environment, newest first: what runs stands above what ran before. */
export function releaseHistory(
  services: readonly ServiceDeployment[],
  environment: Environment,
): PastRelease[] {
  const own = services.filter(({ spec }) => spec.environment === environment);
  const releases = own.flatMap(service => {
    const { spec, status } = service;
    return releasesOf(service).map(({ version, image, deployedAt = null }, i) => ({
      environment,
      service: spec.service,
      version,
      image,
      deployedAt,
      runs: i === 0 && status?.version === version,
      wanted: spec.version === version,
    }));
  });
  return releases.toSorted((a, b) => orderOf(b).localeCompare(orderOf(a)));
}

/** What runs comes first, whatever is known of its time. */
const orderOf = ({ runs, deployedAt }: PastRelease): string => `${runs ? 1 : 0} ${deployedAt ?? ''}`;

/** The same for a person. */
export function historyTable(releases: readonly PastRelease[]): string[] {
  const rows = releases.map(({ environment, service, version, image, deployedAt, runs }) => [
    environment,
    service,
    version,
    deployedAt?.replace(/\.\d+Z$/, 'Z') ?? '-',
    shortId(image),
    runs ? 'runs' : '',
  ]);
  return alignColumns([['ENV', 'SERVICE', 'VERSION', 'SINCE', 'IMAGE', ''], ...rows]);
}
