import { InvalidArgumentError, type Command } from 'commander';
import type { ExecOptions } from '../commands/exec.ts';
import type { LogsOptions } from '../commands/logs.ts';
import { parseDuration } from './parsers.ts';
import type { HostsChoice } from '../world/embedded.ts';
import { hostsOption, timeoutOption } from './shared-options.ts';
import { example, globals } from './words.ts';

/** Those for services that run. */
export function addDayTwoCommands(program: Command): void {
  addLogs(program);
  addExec(program);
  addRestart(program);
  addStop(program);
  addStart(program);
}

const DROPLET = 'only this one of its droplets, such as web1';

function addLogs(program: Command): void {
  of(program.command('logs'), 'show what a service wrote, on all of its servers, as one')
    .argument('<service>', 'one of its services')
    .option('-f, --follow', 'go on with what it writes from now on, in containers that come later too')
    .option('--since <when>', 'only what is younger than 10m, or than 2026-01-31T12:00:00Z', parseSince)
    .option('--tail <n>', 'only the last so many lines', parseCount)
    .option('-t, --timestamps', 'show when each line was written')
    .option('--rejected', 'show what the release left that was rejected last')
    .option('--droplet <name>', DROPLET)
    .addHelpText(
      'after',
      `${example('dropfleet logs hostomatic prod website --since 10m')}
  dropfleet logs hostomatic uat website -f --tail 20
  dropfleet logs hostomatic uat website --rejected`,
    )
    .action(
      async (
        project: string,
        environment: string,
        service: string,
        own: Pick<LogsOptions, 'follow' | 'since' | 'tail' | 'timestamps' | 'rejected' | 'droplet'>,
        command: Command,
      ) => {
        const options = { ...globals(command), ...own, project, environment, service };
        await (await import('../commands/logs.ts')).logs(options);
      },
    );
}

function addExec(program: Command): void {
  of(program.command('exec'), "run a program in a service's container")
    .argument('<service>', 'one of its services')
    .argument('[command...]', 'what to run there, after --; a shell when absent')
    .option(
      '--droplet <name>',
      'the one of its droplets where, such as web1 (default: the first that is well)',
    )
    .addHelpText(
      'after',
      `${example('dropfleet exec hostomatic uat website')}
  dropfleet exec hostomatic prod website --droplet web2 -- printenv PORT`,
    )
    .action(
      async (
        project: string,
        environment: string,
        service: string,
        words: string[],
        own: Pick<ExecOptions, 'droplet'>,
        command: Command,
      ) => {
        const options = { ...globals(command), ...own, project, environment, service, command: words };
        await (await import('../commands/exec.ts')).exec(options);
      },
    );
}

function addRestart(program: Command): void {
  of(
    program.command('restart'),
    'start the containers of services anew, beside the old ones, and wait for them',
  )
    .argument('[service]', 'one of its services; all webs and workers when absent')
    .addOption(timeoutOption())
    .addOption(hostsOption())
    .addHelpText('after', example('dropfleet restart hostomatic prod website'))
    .action(
      async (
        project: string,
        environment: string,
        service: string | undefined,
        own: { timeout: number; hosts: HostsChoice },
        command: Command,
      ) => {
        const options = { ...globals(command), ...own, project, environment, ...(service && { service }) };
        await (await import('../commands/restart.ts')).restart(options);
      },
    );
}

function addStop(program: Command): void {
  of(program.command('stop'), "end a service's containers until it is started again")
    .argument('[service]', 'one of its services')
    .option('--all', 'all of them')
    .option('--yes', 'do not ask, although visitors of prod will miss it')
    .addOption(timeoutOption())
    .addOption(hostsOption())
    .addHelpText('after', example('dropfleet stop hostomatic uat website'))
    .action(
      async (
        project: string,
        environment: string,
        service: string | undefined,
        own: { all?: true; yes?: true; timeout: number; hosts: HostsChoice },
        command: Command,
      ) => {
        const options = { ...globals(command), ...own, project, environment, ...(service && { service }) };
        await (await import('../commands/stop-start.ts')).stopService(options);
      },
    );
}

function addStart(program: Command): void {
  of(program.command('start'), 'have a stopped service run again, and wait until it serves')
    .argument('[service]', 'one of its services')
    .option('--all', 'all of them that are stopped')
    .addOption(timeoutOption())
    .addOption(hostsOption())
    .addHelpText('after', example('dropfleet start hostomatic uat website'))
    .action(
      async (
        project: string,
        environment: string,
        service: string | undefined,
        own: { all?: true; timeout: number; hosts: HostsChoice },
        command: Command,
      ) => {
        const options = { ...globals(command), ...own, project, environment, ...(service && { service }) };
        await (await import('../commands/stop-start.ts')).startService(options);
      },
    );
}

/** A command about an environment of a project. */
const of = (command: Command, description: string): Command =>
  command
    .description(description)
    .argument('<project>', 'a project that was deployed')
    .argument('<env>', 'its environment: prod, uat or test');

/** Seconds ago, or since 1970, as engines take either. */
function parseSince(text: string): string {
  if (/^\d{4}-\d\d-\d\d/.test(text)) {
    const ms = Date.parse(text);
    if (!Number.isNaN(ms)) return `${Math.floor(ms / 1_000)}`;
    throw new InvalidArgumentError('It must be a time such as 2026-01-31T12:00:00Z.');
  }
  return `${Math.ceil(parseDuration(text) / 1_000)}s`;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d{1,9}$/.test(text)) return count;
  throw new InvalidArgumentError('It must be a whole number.');
}
