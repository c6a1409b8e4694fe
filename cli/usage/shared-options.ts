import { Option } from 'commander';
import { parseDuration, parsePort, parseUrl } from './parsers.ts';

/** Where a process serves its metrics and probes. */
export const portOption = (): Option =>
  new Option(
    '--http-port <port>',
    'where /metrics, /healthz and /readyz are served (default: 8080 or the next free one)',
  ).argParser(parsePort);

/** Whose rows are meant. */
export const csvOption = (): Option =>
  new Option(
    '--csv <file>',
    "go by this projects.csv (default: that of --config-dir; with a cluster, the cluster's own)",
  );

/** Whether a cluster is to follow other rows. */
export const takeOverOption = (): Option =>
  new Option(
    '--take-over',
    "with --csv: follow it from now on, although the cluster's rows come from elsewhere",
  );

/** Which sandbox is meant. */
export const sandboxUrlOption = (): Option =>
  new Option(
    '--url <url>',
    'where the sandbox is (default: that of dropfleet up, else of dropfleet sandbox)',
  ).argParser(parseUrl);

/** How long is waited, ms. */
export const timeoutOption = (): Option =>
  new Option('--timeout <duration>', 'give up after this long, such as 90s, 15m or 1h')
    .argParser(parseDuration)
    .default(900_000, '15m');

/** What the sandbox's machines are. */
export const hostsOption = (): Option =>
  new Option(
    '--hosts <kind>',
    "what the sandbox's droplets are: auto takes docker containers where Docker answers, else emulated ones",
  )
    .choices(['auto', 'docker', 'emulated'])
    .default('auto')
    .env('DROPFLEET_HOSTS');

/** How long they take to boot, ms. */
export const bootDelayOption = (): Option =>
  new Option('--boot-delay <duration>', "how long the sandbox's droplets take to boot, such as 3s")
    .argParser(parseDuration)
    .default(3_000, '3s');
