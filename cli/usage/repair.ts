import type { Command } from 'commander';
import type { CleanupFlags } from '../commands/cleanup.ts';
import type { AdoptFlags } from '../commands/adopt.ts';
import type { DrillFlags } from '../commands/drill.ts';
import type { RecoverFlags } from '../commands/recover.ts';
import { parseFleet, parseId } from './parsers.ts';
import { hostsOption, timeoutOption } from './shared-options.ts';
import { example, globals } from './words.ts';

/** Those for when something went wrong. */
export function addRepairCommands(program: Command): void {
  program
    .command('cleanup')
    .description(
      "remove what carries this fleet's tag and belongs to no object, and old snapshots; say what that saves",
    )
    .option('--dry-run', 'only say what would be removed')
    .option(
      '--data-volume <name...>',
      'also remove that volume of a Project that is gone, with all its data; without it volumes stay',
    )
    .option(
      '--reserved-ip <address...>',
      'also release that reserved IP of a Project that is gone; without it they stay',
    )
    .option('--yes', 'do not ask, however much it is')
    .addHelpText('after', example('dropfleet cleanup --dry-run'))
    .action(async (own: CleanupFlags, command: Command) =>
      (await import('../commands/cleanup.ts')).cleanup({ ...globals(command), ...own }),
    );

  program
    .command('confirm')
    .description('show what is held because it would destroy or buy too much, and allow it after asking')
    .option('--yes', 'do not ask')
    .option('--without-snapshot', 'destroy servers that hold data without a last snapshot')
    .addHelpText('after', example('dropfleet confirm'))
    .action(async (own: { yes?: true; withoutSnapshot?: true }, command: Command) =>
      (await import('../commands/confirm.ts')).confirm({ ...globals(command), ...own }),
    );

  program
    .command('recover')
    .description(
      'replace a server that is dead or given up, after saying what would be lost; the old one is kept a day',
    )
    .argument('<droplet>', 'a droplet; web1 will do when only one project has it')
    .option('--clean', "boot the project's image, though there is a snapshot")
    .option('--yes', 'do not ask, also when it is well')
    .addOption(timeoutOption())
    .addHelpText('after', example('dropfleet recover shop-web1'))
    .action(async (droplet: string, own: RecoverFlags, command: Command) =>
      (await import('../commands/recover.ts')).recover({ ...globals(command), ...own, droplet }),
    );

  program
    .command('drill')
    .description(
      "prove that a server's newest snapshot can be restored: a copy of it beside the fleet, cut off, looked at and destroyed",
    )
    .argument('<droplet>', 'a droplet; web1 will do when only one project has it')
    .option('--yes', 'do not ask, though it costs something')
    .addOption(timeoutOption())
    .addHelpText('after', example('dropfleet drill shop-master'))
    .action(async (droplet: string, own: DrillFlags, command: Command) =>
      (await import('../commands/drill.ts')).drill({ ...globals(command), ...own, droplet }),
    );

  program
    .command('adopt')
    .description(
      'give servers whose objects were lost their objects back, by what their tags tell; it buys and destroys nothing',
    )
    .option('--droplet <id>', 'one server alone, whatever its tags say; needs --as', parseId)
    .option('--as <name>', 'the Droplet that it becomes the server of, such as shop-web2')
    .option(
      '--fleet <name>',
      'the name of a fleet whose state was lost; it becomes the name of this one',
      parseFleet,
    )
    .option('--yes', 'do not ask whether to take over')
    .option('--accept-host-keys', 'trust the SSH host keys that answer now; without it a person is asked')
    .addOption(timeoutOption())
    .addOption(hostsOption())
    .addHelpText(
      'after',
      `
Examples:
  dropfleet adopt                                  after the Kubernetes objects were lost
  dropfleet adopt --fleet old                      on a new machine; the tag dropfleet:old is on every droplet
  dropfleet adopt --droplet 123 --as shop-web2     a server that was made by hand, or whose tags were lost
  dropfleet adopt --yes --accept-host-keys         for scripts`,
    )
    .action(async (own: AdoptFlags, command: Command) =>
      (await import('../commands/adopt.ts')).adopt({ ...globals(command), ...own }),
    );
}
