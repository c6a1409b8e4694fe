import type { Environment } from '../../config/deployment-file.ts';
import { lookupIn, resolveSecret, type ResolvedSecret } from '../../reconcilers/secrets/lookup-plan.ts';
import { commandLine, type GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { secretsTable, type SecretsReport } from '../show/secrets-table.ts';
import { configuredServices, type ConfiguredService } from '../world/configured-services.ts';
import { openParts } from '../world/open.ts';
import { readSecrets } from '../world/project-secrets.ts';

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
    const { secrets, kubernetes } = await readSecrets(parts, project, environment);
    const lookup = lookupIn(project, parts.settings.sourceOf, secrets);
    const resolve = (name: string): ResolvedSecret => resolveSecret({ project, environment, name }, lookup);
    const report = { project, environment, kubernetes, ...resolveAll(services, resolve) };
    const again = commandLine(options, 'secrets', 'check', project, environment);
    printResult(options, report, () => secretsTable(report, again));
    process.exitCode = report.complete ? 0 : 1;
  } finally {
    await parts.close();
  }
}

function resolveAll(
  services: readonly ConfiguredService[],
  resolve: (name: string) => ResolvedSecret,
): Pick<SecretsReport, 'complete' | 'secrets' | 'missing'> {
  const wanted = services.flatMap(({ service, secrets = [] }) => secrets.map(name => ({ service, name })));
  const secrets = wanted.map(({ service, name }) => {
    const { from, empty } = resolve(name);
    return { service, name, from: from ?? null, empty };
  });
  const lacking = Map.groupBy(
    secrets.filter(({ from }) => from === null),
    ({ name }) => name,
  );
  const missing = [...lacking].map(([name, lackedBy]) => {
    const { places, empty } = resolve(name);
    return { name, services: lackedBy.map(({ service }) => service), places, empty };
  });
  return { complete: missing.length === 0, secrets, missing };
}
