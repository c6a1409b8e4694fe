import { ENVIRONMENTS, type Environment } from '../../config/deployment-file.ts';
import { didYouMean } from '../../config/near-match.ts';
import { SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { historyTable, releaseHistory } from '../show/history-table.ts';
import { openParts } from '../world/open.ts';

export interface HistoryOptions extends GlobalOptions {
  project: string;
  /** All when absent. */
  environment?: Environment;
}

/** Shows which versions ran, when, as which images, and which run now. */
export async function history(options: HistoryOptions): Promise<void> {
  const { project, environment } = options;
  const parts = await openParts({ ...options, readOnly: true, withoutCloud: true });
  try {
    const { kubernetes } = await parts.openKubernetes();
    const { items } = await kubernetes.list(SERVICE_DEPLOYMENTS);
    const own = items.filter(({ spec }) => spec.project === project);
    if (own.length === 0) {
      const projects = [...new Set(items.map(({ spec }) => spec.project))];
      throw new CommandFailure(`nothing of ${project} was ever deployed${didYouMean(project, projects)}`);
    }
    const environments = environment === undefined ? ENVIRONMENTS : [environment];
    const releases = environments.flatMap(each => releaseHistory(own, each));
    printResult(options, { project, releases }, () =>
      releases.length === 0
        ? [`Nothing of ${project} has run${environment === undefined ? '' : ` in ${environment}`} yet.`]
        : historyTable(releases),
    );
  } finally {
    await parts.close();
  }
}
