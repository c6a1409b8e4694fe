import type { Environment } from '../../config/deployment-file.ts';
import { commandLine, type GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { secretsTable } from '../show/secrets-table.ts';
import { configuredServices } from '../world/configured-services.ts';
import { openParts } from '../world/open.ts';
import { secretsReport } from '../world/secrets-report.ts';

export interface SecretsCheckOptions extends GlobalOptions {
  project: string;
  environment: Environment;
  /** One service; all when absent. */
  service?: string;
}

/** Shows where each secret of the services comes from; the exit code is 1 when one is missing. Values are not kept. */
export async function secretsCheck(options: SecretsCheckOptions): Promise<void> {
  const { project, environment } = options;
  const services = await configuredServices(options);
  const parts = await openParts({ ...options, readOnly: true, withoutCloud: true });
  try {
    const report = await secretsReport(parts, project, environment, services);
    const again = commandLine(options, 'secrets', 'check', project, environment);
    printResult(options, report, () => secretsTable(report, again));
    process.exitCode = report.complete ? 0 : 1;
  } finally {
    await parts.close();
  }
}
