import type { Command } from 'commander';
import { didYouMean } from '../../config/near-match.ts';
import { CommandFailure } from '../failure.ts';
import { SANDBOX_PORT, STANDALONE_PORT } from '../options.ts';
import { parseAddress, parsePort } from './parsers.ts';
import type { SandboxChoices } from '../commands/sandbox.ts';
import { bootDelayOption, hostsOption, sandboxUrlOption } from './shared-options.ts';
import { example, globals, nameOf } from './words.ts';

/** Those of the sandbox and of the standalone API, each with commands below it. */
export function addServerCommands(program: Command): void {
  addSandbox(program);
  addStandalone(program);
}

function addSandbox(program: Command): void {
  const sandbox = program
    .command('sandbox')
    .description('run a DigitalOcean API in one process, for rehearsals')
    .option('--port <port>', listensAt(SANDBOX_PORT), parsePort)
    .option('--dns-port <port>', 'also answer DNS for its domains, on that port of loopback', parsePort)
    .addOption(bootDelayOption())
    .addOption(hostsOption())
    .allowExcessArguments()
    .addHelpText('after', example('dropfleet sandbox --hosts docker'))
    .action(async (own: SandboxChoices, command: Command) => {
      expectNoArguments(command);
      await (await import('../commands/sandbox.ts')).sandbox({ ...globals(command), ...own });
    });

  sandbox
    .command('reset')
    .description(
      'remove all that it made: machines, snapshots, volumes and its state; it must not be running',
    )
    .addHelpText('after', example('dropfleet sandbox reset'))
    .action(async (_own, command: Command) =>
      (await import('../commands/sandbox.ts')).sandboxReset(globals(command)),
    );
  sandbox
    .command('ledger')
    .description('show the calls that a running sandbox answered, and what all would cost at list price')
    .addOption(sandboxUrlOption())
    .addHelpText('after', example('dropfleet sandbox ledger --output json'))
    .action(async (own: { url?: string }, command: Command) =>
      (await import('../commands/sandbox-ledger.ts')).sandboxLedger({ ...globals(command), ...own }),
    );
  sandbox
    .command('fault')
    .description("show what can go wrong with a running sandbox's API or machines; set a fault, or clear it")
    .argument('[name]', 'a fault; without it all are shown')
    .argument(
      '[settings...]',
      'of the API: next=TIMES probability=0..1 ms=MILLISECONDS operation=NAME; with none it strikes always',
    )
    .option('--clear', 'switch that fault off, or without a name all')
    .option(
      '--droplet <name>',
      "a fault of that droplet's machine: crash, freeze, cut peer=DROPLET|operator, loss percent=0..100, delay ms=N, disk-full, clock-skew ms=N",
    )
    .addOption(sandboxUrlOption())
    .addHelpText(
      'after',
      `${example('dropfleet sandbox fault gatewayTimeout next=1 operation=droplets.create')}
  dropfleet sandbox fault --droplet shop-web1 loss percent=20
  dropfleet sandbox fault --droplet shop-web1 --clear

On a docker host, programs in Go, its container engines among them, and those in containers see no clock-skew.`,
    )
    .action(
      async (
        name: string | undefined,
        settings: string[],
        own: { url?: string; clear?: true; droplet?: string },
        command: Command,
      ) => {
        const options = { ...globals(command), ...own, ...(name !== undefined && { name }), settings };
        const { droplet } = own;
        if (droplet === undefined)
          return (await import('../commands/sandbox-fault.ts')).sandboxFault(options);
        return (await import('../commands/sandbox-host-fault.ts')).sandboxHostFault({ ...options, droplet });
      },
    );
}

function addStandalone(program: Command): void {
  const standalone = program
    .command('standalone')
    .description('run a Kubernetes API in one process, for machines without a cluster')
    .option('--port <port>', listensAt(STANDALONE_PORT), parsePort)
    .option(
      '--address <ip>',
      'the IPv4 address it listens on; 0.0.0.0 is all of them',
      parseAddress,
      '127.0.0.1',
    )
    .allowExcessArguments()
    .addHelpText('after', example('dropfleet standalone'))
    .action(async (own: { port?: number; address: string }, command: Command) => {
      expectNoArguments(command);
      await (await import('../commands/standalone.ts')).standalone({ ...globals(command), ...own });
    });
  standalone
    .command('backup')
    .description('copy all that it has stored to a new file, while it runs or not')
    .argument('<file>', 'a file that does not exist yet')
    .addHelpText('after', example('dropfleet standalone backup monday.db'))
    .action(async (file: string, _own, command: Command) =>
      (await import('../commands/standalone.ts')).standaloneBackup({ ...globals(command), file }),
    );
  standalone
    .command('restore')
    .description('put a backup in the place of what it has stored, which is kept; it must not be running')
    .argument('<file>', 'what backup wrote')
    .addHelpText('after', example('dropfleet standalone restore monday.db'))
    .action(async (file: string, _own, command: Command) =>
      (await import('../commands/standalone.ts')).standaloneRestore({ ...globals(command), file }),
    );
}

/** A command that does something by itself takes a mistyped one below it for an argument. */
function expectNoArguments(command: Command): void {
  const [word] = command.args;
  if (word === undefined) return;
  const names = command.commands.map(below => below.name());
  const near = didYouMean(word, names) || `; there are ${names.join(', ')}`;
  throw new CommandFailure(`${nameOf(command)} has no command ${JSON.stringify(word)}${near}`, 2);
}

const listensAt = (port: number): string =>
  `where it listens, and nowhere else (default: ${port}, or the next that is free)`;
