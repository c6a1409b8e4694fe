import { RESTARTED_ANNOTATION } from '../../crds/names.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { restartState } from '../../reconcilers/versions/release-plan.ts';
import { CommandFailure } from '../failure.ts';
import { commandLine } from '../options.ts';
import { printLine, printResult } from '../output.ts';
import { changeServices, namesOf, readServices, type ChangeOptions } from '../world/change-services.ts';
import { serviceCalled } from '../world/find-services.ts';

export interface RestartOptions extends ChangeOptions {
  /** All webs and workers when absent. */
  service?: string;
}

/** Starts containers anew, beside the old ones, and waits until they serve. */
export async function restart(options: RestartOptions): Promise<void> {
  const { project, environment } = options;
  const { services } = await readServices(options);
  const chosen = choose(services, options);
  const restarted = await changeServices(options, {
    services: chosen,
    patch: { metadata: { annotations: { [RESTARTED_ANNOTATION]: new Date().toISOString() } } },
    stateOf: restartState,
    onFailure: `What ran before goes on. See what it wrote with "${commandLine(options, 'logs', project, environment, chosen[0]!.spec.service, '--rejected')}"`,
  });
  const result = restarted.map(({ spec, status }) => ({
    service: spec.service,
    version: status?.version ?? null,
    servers: (status?.endpoints ?? []).map(({ droplet }) => droplet),
  }));
  printResult(options, { project, environment, restarted: result }, () =>
    result.map(
      ({ service, version, servers }) =>
        `${service} was restarted: ${version}${servers.length > 0 ? ` on ${servers.join(', ')}` : ''}.`,
    ),
  );
}

function choose(services: readonly ServiceDeployment[], options: RestartOptions): ServiceDeployment[] {
  if (options.service !== undefined) {
    const service = serviceCalled(options.service, options, services);
    const why = whyNot(service, options);
    if (why !== undefined) throw new CommandFailure(`no changes made: ${why}`);
    return [service];
  }
  const running = services.filter(service => whyNot(service, options) === undefined);
  const infra = running.filter(({ spec }) => spec.type === 'infra');
  const chosen = running.filter(({ spec }) => spec.type !== 'infra');
  if (infra.length > 0)
    printLine(
      options,
      `${namesOf(infra)} is left alone, as restarting infra interrupts it: name it to restart it.`,
    );
  if (chosen.length > 0) return chosen;
  throw new CommandFailure(
    `no changes made: nothing of ${options.project} that could be restarted runs in ${options.environment}`,
  );
}

/** Why a service cannot be restarted. */
function whyNot({ spec }: ServiceDeployment, options: RestartOptions): string | undefined {
  const { project, environment, service } = spec;
  if (spec.stopped)
    return `${service} is stopped: "${commandLine(options, 'start', project, environment, service)}" starts it`;
  if ((spec.version ?? spec.image) === undefined)
    return `${service} was not deployed yet: "${commandLine(options, 'deploy', environment, project)}"`;
  return undefined;
}
