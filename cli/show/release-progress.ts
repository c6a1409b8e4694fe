import { printable } from '../../clients/log/printable.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { whyStuck } from '../../reconcilers/read-model/service-state.ts';
import { summarizeServices, type ServiceSummary } from '../../reconcilers/read-model/services.ts';
import type { GlobalOptions } from '../options.ts';
import { alignColumns } from './columns.ts';
import { createLiveView, fitToScreen, type Sink } from './live-view.ts';
import { serviceTransitions } from './transitions.ts';

/** Shows services on their way to a release. */
export interface ReleaseProgress {
  show(services: readonly ServiceDeployment[]): void;
  /** Where other text goes meanwhile. */
  readonly text: Sink;
  /** Where the log goes meanwhile. */
  readonly log: Sink;
  /** Leaves what is shown as it is. */
  leave(): void;
}

/** A terminal gets a line for each service, redrawn in place; anything else one line per transition from what was written. */
export function createReleaseProgress(
  { output }: GlobalOptions,
  written: readonly ServiceDeployment[],
): ReleaseProgress {
  const { stdout, stderr } = process;
  if (output === 'json') return createReleaseLog(written, stderr, stderr);
  return stdout.isTTY ? createReleaseView(stdout, stderr) : createReleaseLog(written, stdout, stderr);
}

/** Of what is stuck nothing is said here: the command ends with it. */
function createReleaseLog(written: readonly ServiceDeployment[], out: Sink, log: Sink): ReleaseProgress {
  let before = new Map(written.map(service => [service.metadata.name, service]));
  return {
    show(services) {
      const news = services.filter(service => whyStuck(service) === undefined);
      const old = news.flatMap(({ metadata }) => before.get(metadata.name) ?? []);
      const lines = serviceTransitions(summarizeServices(old, []), summarizeServices(news, []));
      for (const line of lines) out.write(`${printable(line)}\n`);
      before = new Map([...before, ...news.map(service => [service.metadata.name, service] as const)]);
    },
    text: out,
    log,
    leave: () => undefined,
  };
}

function createReleaseView(out: NodeJS.WriteStream, stderr: Sink): ReleaseProgress {
  const view = createLiveView(out, stderr);
  return {
    show: services => view.show(fitToScreen(releaseLines(summarizeServices(services, [])), out)),
    text: { write: text => view.above(() => out.write(text)) },
    log: view.log,
    leave: () => view.leave(),
  };
}

/** All are of one environment, and the messages name the version. */
const releaseLines = (services: readonly ServiceSummary[]): string[] =>
  alignColumns([
    ['SERVICE', 'STATE', 'MESSAGE'],
    ...services.map(({ service, reason, message }) => [service, reason, message]),
  ]);
