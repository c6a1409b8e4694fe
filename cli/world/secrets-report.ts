import type { Environment } from '../../config/deployment-file.ts';
import { secretNamesIn } from '../../reconcilers/secrets/names-plan.ts';
import { lookupIn, resolveSecret, type ResolvedSecret } from '../../reconcilers/secrets/lookup-plan.ts';
import type { SecretsReport } from '../show/secrets-table.ts';
import type { ConfiguredService } from './configured-services.ts';
import { readSecrets } from './project-secrets.ts';
import type { WorldParts } from './world.ts';

/** Where each secret of those services comes from in an environment, without the values. */
export async function secretsReport(
  parts: WorldParts,
  project: string,
  environment: Environment,
  services: readonly ConfiguredService[],
): Promise<SecretsReport> {
  const { secrets, kubernetes } = await readSecrets(parts, project, environment);
  const lookup = lookupIn(project, parts.settings.sourceOf, secrets);
  const resolve = (name: string): ResolvedSecret => resolveSecret({ project, environment, name }, lookup);
  return { project, environment, kubernetes, ...resolveAll(services, resolve) };
}

function resolveAll(
  services: readonly ConfiguredService[],
  resolve: (name: string) => ResolvedSecret,
): Pick<SecretsReport, 'complete' | 'secrets' | 'missing'> {
  const wanted = services.flatMap(service =>
    secretNamesIn(service).map(name => ({ service: service.service, name })),
  );
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
