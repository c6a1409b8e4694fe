import { Argument, type Command } from 'commander';
import { ENVIRONMENTS, type Environment } from '../../config/deployment-file.ts';
import { example, globals } from './words.ts';

/** Those of the services' secrets. */
export function addSecretsCommands(program: Command): void {
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
