import type { Command } from 'commander';
import type { OrchestrateFlags, OrchestrateOptions } from '../commands/orchestrate.ts';
import type { GlobalOptions } from '../options.ts';
import { parseServers } from './parsers.ts';
import { csvOption, hostsOption, takeOverOption, timeoutOption } from './shared-options.ts';
import { example, globals } from './words.ts';

/** Those of every day. */
export function addFleetCommands(program: Command): void {
  program
    .command('plan')
    .description('show what orchestrate would do, and what it would cost')
    .addOption(csvOption())
    .addHelpText('after', example('dropfleet plan'))
    .action(async (own: { csv?: string }, command: Command) =>
      (await import('../commands/plan.ts')).plan({ ...globals(command), ...own }),
    );

  program
    .command('orchestrate')
    .description('make everything as projects.csv says, and wait until it is')
    .option('--force', 'look at every object again, also at those that failed')
    .option(
      '--confirm',
      'let through what is held because it would destroy or buy too much, as "confirm" would',
    )
    .option('--without-snapshot', 'with --confirm: destroy servers that hold data without a last snapshot')
    .option('--yes', 'with --csv and a cluster: do what the plan says without asking')
    .addOption(csvOption())
    .addOption(takeOverOption())
    .addOption(timeoutOption())
    .addOption(hostsOption())
    .addHelpText('after', example('dropfleet orchestrate --timeout 15m'))
    .action(async (own: Omit<OrchestrateOptions, keyof GlobalOptions>, command: Command) =>
      (await import('../commands/orchestrate.ts')).orchestrate({ ...globals(command), ...own }),
    );

  program
    .command('status')
    .description(
      'show projects, droplets, services, what is wrong and what it costs; exits 1 when not everything is Ready',
    )
    .addHelpText('after', example('dropfleet status --output json'))
    .action(async (_own, command: Command) =>
      (await import('../commands/status.ts')).status(globals(command)),
    );

  program
    .command('scale')
    .description("change a project's number of servers, in its row or its Project, and wait until it is so")
    .argument('<project>', 'a project of projects.csv, or one that was applied by hand')
    .argument('<servers>', 'how many servers in all, 1 to 100', parseServers)
    .addOption(timeoutOption())
    .addOption(hostsOption())
    .addHelpText('after', example('dropfleet scale hostomatic 5'))
    .action(async (project: string, servers: number, own: OrchestrateFlags, command: Command) =>
      (await import('../commands/scale.ts')).scale({ ...globals(command), ...own, project, servers }),
    );

  program
    .command('ssh')
    .description("log in to a droplet, or run a command on it, with the fleet's key and the pinned host key")
    .argument(
      '<droplet>',
      'its name; web1 or master will do when only one project has it, namespace/name where several namespaces do',
    )
    .argument('[command...]', 'what to run there, after --, as with ssh; a login shell when absent')
    .addHelpText('after', example('dropfleet ssh hostomatic-web1 -- uptime'))
    .action(async (droplet: string, words: string[], _own: object, command: Command) =>
      (await import('../commands/ssh.ts')).ssh({ ...globals(command), droplet, words }),
    );

  program
    .command('update-ip')
    .description(
      'let SSH in from a new admin address: add it, prove it by a login from here, drop the old one',
    )
    .argument('<ip>', 'an IPv4 address, or a network such as 203.0.113.0/24')
    .addHelpText('after', example('dropfleet update-ip 203.0.113.7'))
    .action(async (ip: string, _own, command: Command) =>
      (await import('../commands/update-ip.ts')).updateIp({ ...globals(command), ip }),
    );
}
