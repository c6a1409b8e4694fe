import { Command, Option } from 'commander';
import { DEFAULTS } from './options.ts';
import { addDayTwoCommands } from './usage/day-two.ts';
import { addFleetCommands } from './usage/fleet.ts';
import { addNotifyCommands } from './usage/notify.ts';
import { addOperatorCommands } from './usage/operator.ts';
import { addReleaseCommands } from './usage/releases.ts';
import { addRepairCommands } from './usage/repair.ts';
import { addSecretsCommands } from './usage/secrets.ts';
import { addServerCommands } from './usage/servers.ts';
import { nameOf } from './usage/words.ts';
import packageJson from '../package.json' with { type: 'json' };

/**
 * Every command with its options. What a command does is loaded when it runs, so that `--help` answers at once.
 */
export function createProgram(): Command {
  const program = new Command('dropfleet')
    .description('Turns projects.csv into running DigitalOcean infrastructure and keeps it running.')
    .version(packageJson.version)
    .option(
      '--config-dir <dir>',
      'where projects.csv and the other configuration files are',
      DEFAULTS.configDir,
    )
    .option('--state-dir <dir>', 'where dropfleet keeps its own files', DEFAULTS.stateDir)
    .option('--kubeconfig <file>', 'use this Kubernetes cluster (default: $KUBECONFIG, else none is needed)')
    .addOption(
      new Option('--output <form>', 'how results are printed').choices(['table', 'json']).default('table'),
    )
    .addOption(
      new Option('--log-format <form>', 'how log lines are printed')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option('--verbose', 'log more')
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'dropfleet: ')),
    })
    // 1 is what a command answers that was called in the right way.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .configureHelp({ showGlobalOptions: false })
    .addHelpText('after', '\nStart with: dropfleet init, then dropfleet up');

  addOperatorCommands(program);
  addFleetCommands(program);
  addReleaseCommands(program);
  addDayTwoCommands(program);
  addSecretsCommands(program);
  addNotifyCommands(program);
  addRepairCommands(program);
  addServerCommands(program);

  // Options such as --output may stand on either side of the command.
  const commands = program.commands.flatMap(command => [command, ...command.commands]);
  for (const command of commands) {
    for (const option of program.options) addHidden(command, option);
    command.addHelpText(
      'after',
      '\nOptions of every command, such as --output json, are in dropfleet --help.',
    );
  }
  for (const command of [program, ...commands]) command.showHelpAfterError(`(see ${nameOf(command)} --help)`);
  return program;
}

/** The program's options again, so that they may follow the command; help shows them once. */
function addHidden(command: Command, option: Option): void {
  if (option.long === '--version') return;
  const copy = new Option(option.flags, option.description).hideHelp();
  if (option.argChoices) copy.choices(option.argChoices);
  command.addOption(copy);
}
