import { Argument, type Command } from 'commander';
import { ENVIRONMENTS, type Environment } from '../../config/deployment-file.ts';
import { example, globals } from './words.ts';

/** Those of the services: where they are, and of their secrets. */
export function addSecretsCommands(program: Command): void {
  program
    .command('services')
    .description(
      "show where a project's services answer, their versions, health, and where their secrets come from",
    )
    .argument('<project>', 'a project that has services')
    .addArgument(new Argument('[env]', 'one of its environments; all when absent').choices(ENVIRONMENTS))
    .addHelpText('after', example('dropfleet services hostomatic prod'))
    .action(async (project: string, environment: Environment | undefined, _own: object, command: Command) => {
      const options = { ...globals(command), project, ...(environment && { environment }) };
      await (await import('../commands/services.ts')).services(options);
    });

  const secrets = program.command('secrets').description("tell of the services' secrets, never their values");

  secrets
    .command('check')
    .description('show where each secret of a project comes from; exits 1 when one is missing')
    .argument('<project>', 'a project of deployment_config.json')
    .addArgument(new Argument('<env>', 'its environment').choices(ENVIRONMENTS))
    .argument('[service]', 'one of its services; all when absent')
    .addHelpText('after', example('dropfleet secrets check hostomatic prod'))
    .action(
      async (
        project: string,
        environment: Environment,
        service: string | undefined,
        _own: object,
        command: Command,
      ) => {
        const options = {
          ...globals(command),
          project,
          environment,
          ...(service !== undefined && { service }),
        };
        await (await import('../commands/secrets-check.ts')).secretsCheck(options);
      },
    );
}
