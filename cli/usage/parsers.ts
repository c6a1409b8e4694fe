import { isIPv4 } from 'node:net';
import { InvalidArgumentError } from 'commander';

/** A port; 0 is any free one. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a number from 0 to 65535.');
}

/** DigitalOcean's id of a droplet. */
export function parseId(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be DigitalOcean's id of a droplet, a number.");
}

/** The name of a fleet, in lower case. */
export function parseFleet(text: string): string {
  if (/^[a-z0-9_-]{1,40}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('It must be of letters, digits, dashes and underscores, at most 40.');
}

/** An address of HTTP. */
export function parseUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('It must be an address such as http://127.0.0.1:7480.');
}

/** An IPv4 address. */
export function parseAddress(text: string): string {
  if (isIPv4(text)) return text;
  throw new InvalidArgumentError('It must be an IPv4 address of this machine, such as 192.0.2.7.');
}

/** How many servers a project has. */
export function parseServers(text: string): number {
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
