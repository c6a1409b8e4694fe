import type { Command } from 'commander';
import { CommandFailure } from '../failure.ts';
import type { HostsChoice } from '../world/embedded.ts';
import { bootDelayOption, csvOption, hostsOption, portOption, takeOverOption } from './shared-options.ts';
import { example, globals } from './words.ts';

/** Those that begin, and those that go on running. */
export function addOperatorCommands(program: Command): void {
  program
    .command('init')
    .description(
      'write the configuration files that are missing, make the SSH key, check token and configuration',
    )
    .option(
      '--rotate-key',
      "put a new SSH key in the place of the fleet's, on every droplet, and do nothing else",
    )
    .option(
      '--accept-loss',
      'with --rotate-key, when the key that hosts know is lost for good: take another one without asking them',
    )
    .addHelpText('after', example('dropfleet init'))
    .action(async (own: { rotateKey?: true; acceptLoss?: true }, command: Command) => {
      if (own.acceptLoss && !own.rotateKey)
        throw new CommandFailure('--accept-loss goes with --rotate-key (see dropfleet init --help)', 2);
      if (!own.rotateKey) return await (await import('../commands/init.ts')).init(globals(command));
      const commands = await import('../commands/rotate-key.ts');
      await commands[own.acceptLoss ? 'acceptLoss' : 'rotateKey'](globals(command));
    });

  program
    .command('up')
    .description(
      'run everything: the operator and, where there is no cluster or token, a standalone Kubernetes API and a sandbox cloud',
    )
    .addOption(portOption())
    .addOption(bootDelayOption())
    .addOption(hostsOption())
    .addOption(csvOption())
    .addOption(takeOverOption())
    .addHelpText('after', example('dropfleet up'))
    .action(
      async (
        own: { httpPort?: number; bootDelay: number; hosts: HostsChoice; csv?: string; takeOver?: true },
        command: Command,
      ) => (await import('../commands/up.ts')).up({ ...globals(command), ...own }),
    );

  program
    .command('operator')
    .description('run the operator alone, against a Kubernetes cluster and DigitalOcean')
    .option('--csv <file>', 'make Projects from this projects.csv')
    .option('--namespace <name>', "the namespace of those Projects and of the operator's own objects")
    .option('--infrastructure <file>', 'keep this infrastructure.json up to date')
    .addOption(portOption())
    .addHelpText('after', example('dropfleet --kubeconfig ~/.kube/config operator --csv config/projects.csv'))
    .action(async (own: object, command: Command) =>
      (await import('../commands/operator.ts')).operator({ ...globals(command), ...own }),
    );

  program
    .command('monitor')
    .description(
      'look at droplets from other droplets, and vote against those that do not answer; "dropfleet up" does so by itself',
    )
    .argument('[droplets...]', 'those to look from; without any, the monitors that run share the fleet')
    .addOption(portOption())
    .addHelpText('after', `${example('dropfleet monitor')}\n  dropfleet monitor shop-master shop-web1`)
    .action(async (droplets: string[], own: { httpPort?: number }, command: Command) =>
      (await import('../commands/monitor.ts')).monitor({ ...globals(command), ...own, droplets }),
    );
}
