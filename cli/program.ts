import { isIPv4 } from 'node:net';
import { Command, InvalidArgumentError, Option } from 'commander';
import { didYouMean } from '../config/near-match.ts';
import { CommandFailure } from './failure.ts';
import { DEFAULTS, SANDBOX_PORT, STANDALONE_PORT, type GlobalOptions } from './options.ts';
import type { AdoptFlags } from './commands/adopt.ts';
import type { OrchestrateFlags, OrchestrateOptions } from './commands/orchestrate.ts';
import type { HostsChoice } from './world/embedded.ts';
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
      if (!own.rotateKey) return await (await import('./commands/init.ts')).init(globals(command));
      const commands = await import('./commands/rotate-key.ts');
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
      ) => (await import('./commands/up.ts')).up({ ...globals(command), ...own }),
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
      (await import('./commands/operator.ts')).operator({ ...globals(command), ...own }),
    );

  program
    .command('plan')
    .description('show what orchestrate would do, and what it would cost')
    .addOption(csvOption())
    .addHelpText('after', example('dropfleet plan'))
    .action(async (own: { csv?: string }, command: Command) =>
      (await import('./commands/plan.ts')).plan({ ...globals(command), ...own }),
    );

  program
    .command('orchestrate')
    .description('make everything as projects.csv says, and wait until it is')
    .option('--force', 'look at every object again, also at those that failed')
    .option(
      '--confirm',
      'let through what is held because it would destroy or buy too much, as "confirm" would',
    )
    .option('--yes', 'with --csv and a cluster: do what the plan says without asking')
    .addOption(csvOption())
    .addOption(takeOverOption())
    .addOption(timeoutOption())
    .addOption(hostsOption())
    .addHelpText('after', example('dropfleet orchestrate --timeout 15m'))
    .action(async (own: Omit<OrchestrateOptions, keyof GlobalOptions>, command: Command) =>
      (await import('./commands/orchestrate.ts')).orchestrate({ ...globals(command), ...own }),
    );

  program
    .command('status')
    .description(
      'show projects, droplets, what is wrong and what it costs; exits 1 when not everything is Ready',
    )
    .addHelpText('after', example('dropfleet status --output json'))
    .action(async (_own, command: Command) =>
      (await import('./commands/status.ts')).status(globals(command)),
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
      (await import('./commands/scale.ts')).scale({ ...globals(command), ...own, project, servers }),
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
      (await import('./commands/ssh.ts')).ssh({ ...globals(command), droplet, words }),
    );

  program
    .command('update-ip')
    .description(
      'let SSH in from a new admin address: add it, prove it by a login from here, drop the old one',
    )
    .argument('<ip>', 'an IPv4 address, or a network such as 203.0.113.0/24')
    .addHelpText('after', example('dropfleet update-ip 203.0.113.7'))
    .action(async (ip: string, _own, command: Command) =>
      (await import('./commands/update-ip.ts')).updateIp({ ...globals(command), ip }),
    );

  program
    .command('cleanup')
    .description("remove what carries this fleet's tag in the cloud and belongs to no object")
    .option('--dry-run', 'only say what would be removed')
    .option('--yes', 'do not ask, however much it is')
    .addHelpText('after', example('dropfleet cleanup --dry-run'))
    .action(async (own: { dryRun?: true; yes?: true }, command: Command) =>
      (await import('./commands/cleanup.ts')).cleanup({ ...globals(command), ...own }),
    );

  program
    .command('confirm')
    .description(
      'show what is held because it would destroy or buy too much, and let it through after asking',
    )
    .option('--yes', 'do not ask')
    .addHelpText('after', example('dropfleet confirm'))
    .action(async (own: { yes?: true }, command: Command) =>
      (await import('./commands/confirm.ts')).confirm({ ...globals(command), ...own }),
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
      (await import('./commands/adopt.ts')).adopt({ ...globals(command), ...own }),
    );

  const sandbox = program
    .command('sandbox')
    .description('run a DigitalOcean API in one process, for rehearsals')
    .option('--port <port>', listensAt(SANDBOX_PORT), parsePort)
    .addOption(bootDelayOption())
    .addOption(hostsOption())
    .allowExcessArguments()
    .addHelpText('after', example('dropfleet sandbox --hosts docker'))
    .action(async (own: { port?: number; bootDelay: number; hosts: HostsChoice }, command: Command) => {
      expectNoArguments(command);
      await (await import('./commands/sandbox.ts')).sandbox({ ...globals(command), ...own });
    });

  sandbox
    .command('reset')
    .description(
      'remove all that it made: machines, snapshots, volumes and its state; it must not be running',
    )
    .addHelpText('after', example('dropfleet sandbox reset'))
    .action(async (_own, command: Command) =>
      (await import('./commands/sandbox.ts')).sandboxReset(globals(command)),
    );
  sandbox
    .command('ledger')
    .description('show the calls that a running sandbox answered, and what all would cost at list price')
    .addOption(sandboxUrlOption())
    .addHelpText('after', example('dropfleet sandbox ledger --output json'))
    .action(async (own: { url?: string }, command: Command) =>
      (await import('./commands/sandbox-ledger.ts')).sandboxLedger({ ...globals(command), ...own }),
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
        if (droplet === undefined) return (await import('./commands/sandbox-fault.ts')).sandboxFault(options);
        return (await import('./commands/sandbox-host-fault.ts')).sandboxHostFault({ ...options, droplet });
      },
    );

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
      await (await import('./commands/standalone.ts')).standalone({ ...globals(command), ...own });
    });
  standalone
    .command('backup')
    .description('copy all that it has stored to a new file, while it runs or not')
    .argument('<file>', 'a file that does not exist yet')
    .addHelpText('after', example('dropfleet standalone backup monday.db'))
    .action(async (file: string, _own, command: Command) =>
      (await import('./commands/standalone.ts')).standaloneBackup({ ...globals(command), file }),
    );
  standalone
    .command('restore')
    .description('put a backup in the place of what it has stored, which is kept; it must not be running')
    .argument('<file>', 'what backup wrote')
    .addHelpText('after', example('dropfleet standalone restore monday.db'))
    .action(async (file: string, _own, command: Command) =>
      (await import('./commands/standalone.ts')).standaloneRestore({ ...globals(command), file }),
    );

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

const nameOf = (command: Command): string =>
  command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;

/** A command that does something by itself takes a mistyped one below it for an argument. */
function expectNoArguments(command: Command): void {
  const [word] = command.args;
  if (word === undefined) return;
  const names = command.commands.map(below => below.name());
  const near = didYouMean(word, names) || `; there are ${names.join(', ')}`;
  throw new CommandFailure(`${nameOf(command)} has no command ${JSON.stringify(word)}${near}`, 2);
}

/** What stands after a command goes before what stands in front of it. */
const globals = (command: Command): GlobalOptions => ({
  ...(command.parent === null ? {} : globals(command.parent)),
  ...command.opts<GlobalOptions>(),
});

const example = (line: string): string => `\nExample:\n  ${line}`;

const listensAt = (port: number): string =>
  `where it listens, and nowhere else (default: ${port}, or the next that is free)`;

const portOption = (): Option =>
  new Option(
    '--http-port <port>',
    'where /metrics, /healthz and /readyz are served (default: 8080 or the next free one)',
  ).argParser(parsePort);

const csvOption = (): Option =>
  new Option(
    '--csv <file>',
    "go by this projects.csv (default: that of --config-dir; with a cluster, the cluster's own)",
  );

const takeOverOption = (): Option =>
  new Option(
    '--take-over',
    "with --csv: follow it from now on, although the cluster's rows come from elsewhere",
  );

const sandboxUrlOption = (): Option =>
  new Option(
    '--url <url>',
    'where the sandbox is (default: that of dropfleet up, else of dropfleet sandbox)',
  ).argParser(parseUrl);

const timeoutOption = (): Option =>
  new Option('--timeout <duration>', 'give up after this long, such as 90s, 15m or 1h')
    .argParser(parseDuration)
    .default(900_000, '15m');

const hostsOption = (): Option =>
  new Option(
    '--hosts <kind>',
    "what the sandbox's droplets are: auto takes docker containers where Docker answers, else emulated ones",
  )
    .choices(['auto', 'docker', 'emulated'])
    .default('auto')
    .env('DROPFLEET_HOSTS');

const bootDelayOption = (): Option =>
  new Option('--boot-delay <duration>', "how long the sandbox's droplets take to boot, such as 3s")
    .argParser(parseDuration)
    .default(3_000, '3s');

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a number from 0 to 65535.');
}

function parseId(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be DigitalOcean's id of a droplet, a number.");
}

function parseFleet(text: string): string {
  if (/^[a-z0-9_-]{1,40}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('It must be of letters, digits, dashes and underscores, at most 40.');
}

function parseUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('It must be an address such as http://127.0.0.1:7480.');
}

function parseAddress(text: string): string {
  if (isIPv4(text)) return text;
  throw new InvalidArgumentError('It must be an IPv4 address of this machine, such as 192.0.2.7.');
}

function parseServers(text: string): number {
  const servers = Number(text);
  if (/^\d+$/.test(text) && servers >= 1 && servers <= 100) return servers;
  throw new InvalidArgumentError('It must be a whole number from 1 to 100.');
}

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A timer of JavaScript that is asked for more fires at once. */
const LONGEST_DAYS = 24;

function atMostDays(ms: number): number {
  if (ms <= LONGEST_DAYS * 24 * UNITS['h']!) return ms;
  throw new InvalidArgumentError(`It must be ${LONGEST_DAYS} days (${LONGEST_DAYS * 24}h) at most.`);
}

/** `90s`, `15m`, `1h30m` or a plain number of seconds, in milliseconds. */
export function parseDuration(text: string): number {
  if (/^\d+$/.test(text)) return atMostDays(Number(text) * 1_000);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const isWhole = parts.length > 0 && parts.map(part => part[0]).join('') === text;
  if (!isWhole) throw new InvalidArgumentError('It must be a duration such as 90s, 15m or 1h30m.');
  return atMostDays(parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS[unit!]!, 0));
}
