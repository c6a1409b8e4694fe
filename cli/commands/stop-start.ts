import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { summarizeServices } from '../../reconcilers/read-model/services.ts';
import { releaseState, stopState } from '../../reconcilers/versions/release-plan.ts';
import { expectYes } from '../ask.ts';
import { CommandFailure } from '../failure.ts';
import { commandLine } from '../options.ts';
import { printLine, printResult } from '../output.ts';
import { changeServices, namesOf, readServices, type ChangeOptions } from '../world/change-services.ts';
import { serviceCalled, type EnvironmentServices } from '../world/find-services.ts';

export interface StartOptions extends ChangeOptions {
  service?: string;
  /** All of the environment. */
  all?: true;
}

export interface StopOptions extends StartOptions {
  /** Said in advance. */
  yes?: true;
}

/** Ends a service's containers until it is started again; asks first where visitors would miss it. */
export async function stopService(options: StopOptions): Promise<void> {
  const found = await readServices(options);
  const chosen = choose(found.services, options, 'stop');
  const running = chosen.filter(({ spec }) => !spec.stopped);
  if (running.length === 0) return nothingToDo(options, chosen, 'stopped');
  await expectLoss(found, running, options);
  await changeServices(options, {
    services: running,
    patch: { spec: { stopped: true } },
    stateOf: (service, { metadata }) => stopState(service, metadata.generation ?? 0),
    onFailure: '',
  });
  const { project, environment } = options;
  const again = commandLine(options, 'start', project, environment, argumentFor(running, options));
  printResult(options, { project, environment, stopped: running.map(nameOf) }, () => [
    `${namesOf(running)} of ${project} stopped in ${environment}. To start again: ${again}`,
  ]);
}

/** Has a stopped service run again, in the version that it should run now. */
export async function startService(options: StartOptions): Promise<void> {
  const { services } = await readServices(options);
  const chosen = choose(services, options, 'start');
  const stopped = chosen.filter(({ spec }) => spec.stopped);
  if (stopped.length === 0) return nothingToDo(options, chosen, 'started');
  const { project, environment } = options;
  const started = await changeServices(options, {
    services: stopped,
    patch: { spec: { stopped: null } },
    stateOf: (service, { metadata }) => releaseState(service, metadata.generation ?? 0),
    onFailure: `See what it wrote with "${commandLine(options, 'logs', project, environment, stopped[0]!.spec.service)}"`,
  });
  printResult(options, { project, environment, started: started.map(nameOf) }, () => [
    `${namesOf(started)} of ${project} started in ${environment}.`,
  ]);
}

const nameOf = ({ spec }: ServiceDeployment): string => spec.service;

const argumentFor = (services: readonly ServiceDeployment[], { all }: StartOptions): string =>
  all ? '--all' : services[0]!.spec.service;

function choose(
  services: readonly ServiceDeployment[],
  options: StartOptions,
  verb: 'start' | 'stop',
): ServiceDeployment[] {
  const { service, all, project, environment } = options;
  if (service !== undefined && all) throw new CommandFailure('name a service, or give --all', 2);
  if (service !== undefined) return [serviceCalled(service, options, services)];
  if (all) return [...services];
  throw new CommandFailure(
    `which service of ${project} in ${environment} is to ${verb}? It has ${namesOf(services)}; --all is all of them`,
    2,
  );
}

function nothingToDo(
  options: StartOptions,
  services: readonly ServiceDeployment[],
  how: 'stopped' | 'started',
): void {
  const { project, environment } = options;
  printResult(options, { project, environment, [how]: [] }, () => [
    how === 'stopped'
      ? `${namesOf(services)} of ${project} is stopped in ${environment} already.`
      : `${namesOf(services)} of ${project} is not stopped in ${environment}: no changes made.`,
  ]);
}

/** In prod, a person sees what would be missing, and says yes to it. */
async function expectLoss(
  found: EnvironmentServices,
  stopping: readonly ServiceDeployment[],
  options: StopOptions,
): Promise<void> {
  const losses = lossesOf(found, stopping);
  if (options.environment !== 'prod' || losses.length === 0) return;
  for (const line of losses) printLine(options, line);
  await expectYes(`Stop ${namesOf(stopping)} of ${options.project} in prod?`, options.yes ?? false);
}

function lossesOf({ all, droplets }: EnvironmentServices, stopping: readonly ServiceDeployment[]): string[] {
  const names = new Set(stopping.map(({ metadata }) => metadata.name));
  const summaries = summarizeServices(all, droplets);
  const routes = summaries.filter(({ name }) => names.has(name)).flatMap(({ urls }) => urls);
  const infra = stopping.filter(({ spec }) => spec.type === 'infra');
  const isShared = infra.some(({ spec }) => spec.shared);
  const left = summaries.filter(
    ({ name, environment, type }) =>
      !names.has(name) && type !== 'infra' && (isShared || environment === 'prod'),
  );
  return [
    ...routes.map(url => `${url} will answer 503.`),
    ...(infra.length > 0 && left.length > 0
      ? [
          `${namesOf(infra)} will be missing for ${left.map(({ environment, service }) => `${service} in ${environment}`).join(', ')}.`,
        ]
      : []),
  ];
}
