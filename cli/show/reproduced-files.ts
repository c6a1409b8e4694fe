import { posix } from 'node:path';
import { stringify } from 'yaml';
import { quoteCommand } from '../../clients/ssh/quote.ts';
import type { ServiceDeploymentSpec } from '../../crds/service-deployment.ts';
import { optionArguments } from '../../reconcilers/service/options-plan.ts';
import { composeOptions } from './compose-options.ts';

/** One service of a release, as far as it is known. */
export interface ReproducedService {
  spec: ServiceDeploymentSpec;
  /** The images that its containerfile begins from, as written there; undefined where there is no such file. */
  bases?: string[];
  /** The id of the image that ran; undefined where dropfleet does not remember it. */
  image?: string;
}

/** A release that is to run elsewhere. */
export interface Reproduction {
  project: string;
  environment: string;
  version: string;
  url: string;
  commit: string;
  tree: string;
  committedAt: string;
  services: ReproducedService[];
}

const SOURCE = 'source';
const SECRETS = 'secrets.env';
const DEFAULT_PORT = 8080;

/** What stands beside the source, by file name. */
export const reproducedFiles = (release: Reproduction): Record<string, string> => ({
  'README.md': readme(release),
  'compose.yaml': compose(release),
  'run.sh': runScript(release),
  [`${SECRETS}.example`]: secretsExample(release),
});

const imageName = ({ project, version }: Reproduction, { image, service }: ServiceDeploymentSpec): string =>
  image ?? `${project}-${service}:${version}`;

const portOf = ({ port = DEFAULT_PORT }: ServiceDeploymentSpec): number => port;

/** What dropfleet tells a container, with the services by their names, as containers of one network find them. */
function environmentOf(release: Reproduction, { spec }: ReproducedService): Record<string, string> {
  const others = release.services
    .map(other => other.spec)
    .filter(other => other.service !== spec.service && other.type !== 'worker')
    .flatMap(other => {
      const name = other.service.toUpperCase().replaceAll('-', '_');
      return [
        [`${name}_HOST`, other.service],
        [`${name}_PORT`, `${portOf(other)}`],
      ];
    });
  return {
    PORT: `${portOf(spec)}`,
    ...Object.fromEntries(others),
    ...spec.variables,
    DROPFLEET_PROJECT: release.project,
    DROPFLEET_ENVIRONMENT: release.environment,
    DROPFLEET_SERVICE: spec.service,
    DROPFLEET_VERSION: release.version,
  };
}

const buildOf = ({ build }: ServiceDeploymentSpec): { context: string; containerfile: string } => ({
  context: posix.join(SOURCE, build?.context ?? '.'),
  containerfile: posix.join(SOURCE, build?.containerfile ?? 'Dockerfile'),
});

function compose(release: Reproduction): string {
  const services = release.services.map(service => {
    const { spec } = service;
    const { context, containerfile } = buildOf(spec);
    const build = { context: `./${context}`, dockerfile: posix.relative(context, containerfile) };
    return [
      spec.service,
      {
        image: imageName(release, spec),
        ...(spec.image === undefined && { build }),
        ...(spec.command && { command: spec.command }),
        environment: environmentOf(release, service),
        ...(spec.secrets && { env_file: [SECRETS] }),
        ...(spec.type === 'web' && { ports: [`127.0.0.1::${portOf(spec)}`] }),
        ...(spec.volumes && {
          volumes: spec.volumes.map(({ name, path }) => `${volumeName(spec, name)}:${path}`),
        }),
        ...(spec.memory !== undefined && { mem_limit: spec.memory }),
        ...(spec.cpus !== undefined && { cpus: spec.cpus }),
        ...composeOptions(spec.runOptions),
        stop_grace_period: `${spec.stopSeconds ?? 30}s`,
      },
    ] as const;
  });
  const volumes = volumesOf(release).map(name => [name, {}]);
  const file = {
    name: `${release.project}-reproduced`,
    services: Object.fromEntries(services),
    ...(volumes.length > 0 && { volumes: Object.fromEntries(volumes) as object }),
  };
  // A dollar sign is compose's own.
  return stringify(file).replaceAll('$', '$$$$');
}

const volumeName = ({ service }: ServiceDeploymentSpec, name: string): string => `${service}-${name}`;

const volumesOf = ({ services }: Reproduction): string[] =>
  services.flatMap(({ spec }) => (spec.volumes ?? []).map(({ name }) => volumeName(spec, name)));

function runScript(release: Reproduction): string {
  const network = `${release.project}-reproduced`;
  const lines = release.services.flatMap(service => {
    const { spec } = service;
    const { context, containerfile } = buildOf(spec);
    const image = imageName(release, spec);
    const get =
      spec.image === undefined ? ['build', '-t', image, '-f', containerfile, context] : ['pull', image];
    const container = `${network}-${spec.service}`;
    const environment = Object.entries(environmentOf(release, service)).flatMap(([name, value]) => [
      '-e',
      `${name}=${value}`,
    ]);
    const run = [
      'run',
      '-d',
      '--name',
      container,
      '--network',
      network,
      '--network-alias',
      spec.service,
      ...(spec.secrets ? ['--env-file', SECRETS] : []),
      ...environment,
      ...(spec.type === 'web' ? ['-p', `127.0.0.1::${portOf(spec)}`] : []),
      ...(spec.volumes ?? []).flatMap(({ name, path }) => [
        '-v',
        `${network}-${volumeName(spec, name)}:${path}`,
      ]),
      ...(spec.memory === undefined ? [] : ['--memory', spec.memory]),
      ...(spec.cpus === undefined ? [] : ['--cpus', spec.cpus]),
      ...optionArguments(spec.runOptions),
      image,
      ...(spec.command ?? []),
    ];
    return [`"$engine" ${quoteCommand(get)}`, `"$engine" ${quoteCommand(run)}`];
  });
  return [
    '#!/bin/sh',
    `# Builds ${release.version} of ${release.project} and runs it: ./run.sh with docker, ENGINE=podman ./run.sh with podman.`,
    'set -eu',
    'cd -- "$(dirname -- "$0")"',
    'engine=${ENGINE:-docker}',
    `"$engine" network inspect ${quoteCommand([network])} >/dev/null 2>&1 || "$engine" network create ${quoteCommand([network])}`,
    ...lines,
    `"$engine" ps --filter ${quoteCommand([`name=${network}-`])}`,
    '',
  ].join('\n');
}

const secretNames = ({ services }: Reproduction): string[] =>
  [...new Set(services.flatMap(({ spec }) => spec.secrets ?? []))].toSorted();

const secretsExample = (release: Reproduction): string =>
  secretNames(release)
    .map(name => `${name}=\n`)
    .join('');

function readme(release: Reproduction): string {
  const { project, environment, version, url, commit, tree, committedAt } = release;
  const secrets = secretNames(release);
  return [
    `# ${project} ${version}`,
    '',
    `What dropfleet deployed to ${environment}, for docker or podman on any machine.`,
    '',
    `- repository: ${url}`,
    `- commit: ${commit} of ${committedAt} (tree ${tree}), in \`${SOURCE}/\``,
    '',
    '| service | type | image | begins from | ran as |',
    '| --- | --- | --- | --- | --- |',
    ...release.services.map(row => serviceRow(release, row)),
    '',
    '## Run',
    '',
    ...(secrets.length > 0
      ? [
          `1. \`cp ${SECRETS}.example ${SECRETS}\` and fill in: ${secrets.join(', ')}. Values are not part of this.`,
          '2. `docker compose up --build`, or `podman compose up --build`; without compose `./run.sh`, or `ENGINE=podman ./run.sh`.',
        ]
      : [
          '`docker compose up --build`, or `podman compose up --build`; without compose `./run.sh`, or `ENGINE=podman ./run.sh`.',
        ]),
    '',
    '`docker compose ps`, or `docker ps`, shows the port on 127.0.0.1 of each web service.',
    '',
    '## What may differ',
    '',
    'The source is exact, to the byte. An image that is built again gets another id when its build does not always give the same:',
    'times of files are in every layer, and most builds fetch something. `docker image inspect --format "{{.Id}}" IMAGE` tells the id here.',
    'Where it is another than "ran as", these can differ:',
    '',
    '- the images that it begins from, where the containerfile names them by tag and the tag has moved since; by digest (`@sha256:`) they cannot;',
    '- packages that the build installs without a lock file or a version;',
    '- times, and whatever the build writes of its own machine.',
    '',
    `To run the very image that ran, copy it from a server of ${project} while it is kept there: \`docker save\`, then \`docker load\`.`,
    '',
  ].join('\n');
}

function serviceRow(release: Reproduction, { spec, bases, image }: ReproducedService): string {
  const from = spec.image === undefined ? (bases?.join(', ') ?? 'no such containerfile') : '-';
  return `| ${spec.service} | ${spec.type} | ${imageName(release, spec)} | ${from} | ${image ?? 'not known'} |`;
}

/** The images that a containerfile begins from, in order, without the stages that it names itself. */
export function basesIn(containerfile: string): string[] {
  const stages = new Set<string>(['scratch']);
  const bases: string[] = [];
  for (const line of containerfile.split('\n')) {
    const [, image, stage] = /^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(line) ?? [];
    if (image === undefined) continue;
    if (!stages.has(image.toLowerCase()) && !bases.includes(image)) bases.push(image);
    if (stage !== undefined) stages.add(stage.toLowerCase());
  }
  return bases;
}
