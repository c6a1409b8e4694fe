import { Argument, type Command, Option } from 'commander';
import type { DeployOptions } from '../commands/deploy.ts';
import type { RollbackOptions } from '../commands/rollback.ts';
import { ENVIRONMENTS, type Environment } from '../../config/deployment-file.ts';
import { hostsOption, timeoutOption } from './shared-options.ts';
import { example, globals } from './words.ts';

/** Those of releases. */
export function addReleaseCommands(program: Command): void {
  addDeploy(program);

  program
    .command('history')
    .description('show which versions of a project ran, when, as which images, and which run now')
    .argument('<project>', 'a project that was deployed')
    .addArgument(new Argument('[env]', 'one environment; all when absent').choices(ENVIRONMENTS))
    .addHelpText('after', example('dropfleet history hostomatic uat'))
    .action(async (project: string, environment: Environment | undefined, _own: object, command: Command) => {
      const options = { ...globals(command), project, ...(environment && { environment }) };
      await (await import('../commands/history.ts')).history(options);
    });

  program
    .command('rollback')
    .description('have the services of an environment run a version that ran before, and wait until they do')
    .argument('<project>', 'a project that was deployed')
    .addArgument(new Argument('<env>', 'its environment').choices(ENVIRONMENTS))
    .option(
      '--to <version>',
      'one of those that "history" shows (default: the last before the present one that served for a minute)',
    )
    .addOption(timeoutOption())
    .addOption(hostsOption())
    .addHelpText('after', example('dropfleet rollback hostomatic prod --to v1.2.3-uat-20241215-1430'))
    .action(
      async (
        project: string,
        environment: Environment,
        own: Pick<RollbackOptions, 'to' | 'timeout' | 'hosts'>,
        command: Command,
      ) => {
        const options = { ...globals(command), ...own, project, environment };
        await (await import('../commands/rollback.ts')).rollback(options);
      },
    );

  program
    .command('reproduce')
    .description('write the exact source of a version into a folder, with what it takes to run it elsewhere')
    .argument('<tag>', 'a version that was deployed')
    .option('--project <project>', 'whose it is (default: the one that ran it)')
    .option('--dir <dir>', 'an empty folder, or a new one (default: PROJECT-TAG)')
    .addOption(new Option('--reproduce-dir <dir>').hideHelp())
    .addHelpText('after', example('dropfleet reproduce v1.2.3-uat-20241215-1430 --dir ./reproduced'))
    .action(
      async (
        tag: string,
        own: { project?: string; dir?: string; reproduceDir?: string },
        command: Command,
      ) => {
        const options = { ...globals(command), ...own, tag };
        await (await import('../commands/reproduce.ts')).reproduce(options);
      },
    );
}

type DeployFlags = Pick<
  DeployOptions,
  'service' | 'branch' | 'tag' | 'local' | 'projectPath' | 'plan' | 'timeout' | 'hosts'
>;

function addDeploy(program: Command): void {
  const deploy = program
    .command('deploy')
    .description("release a project's services, and wait until they serve");
  for (const environment of ['uat', 'test'] as const)
    addTarget(deploy, environment, `tag a branch of the project's repository, and run that in ${environment}`)
      .option('--branch <branch>', 'a branch, tag or commit (default: main)')
      .option('--local', 'take the files of a folder as they are, instead of a branch')
      .option('--project-path <dir>', 'that folder (default: where the command runs)')
      .addHelpText(
        'after',
        `${example(`dropfleet deploy ${environment} hostomatic --branch main`)}
  dropfleet deploy ${environment} hostomatic --service backend --plan
  dropfleet deploy ${environment} hostomatic --local --project-path ../hostomatic`,
      );
  addTarget(deploy, 'prod', 'run in prod what uat runs: the same images, never built again')
    .option('--tag <tag>', 'run this version instead')
    .addHelpText(
      'after',
      `${example('dropfleet deploy prod hostomatic')}
  dropfleet deploy prod hostomatic --tag v1.2.3-uat-20241215-1430`,
    );
}

function addTarget(deploy: Command, environment: Environment, description: string): Command {
  return deploy
    .command(environment)
    .description(description)
    .argument('<project>', 'a project of deployment_config.json')
    .option(
      '--service <service>',
      'only this one of its services; may be given several times',
      (name: string, before: string[] | undefined) => [...(before ?? []), name],
    )
    .option('--plan', 'show what would be built, started, stopped and routed, and do nothing')
    .addOption(timeoutOption())
    .addOption(hostsOption())
    .action(async (project: string, own: DeployFlags, command: Command) => {
      const options = { ...globals(command), ...own, project, environment };
      await (await import('../commands/deploy.ts')).deploy(options);
    });
}
