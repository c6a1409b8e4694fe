import { isIP } from 'node:net';
import { readVariables, type EnvironmentSource, type Variables, type VariableSource } from './env-file.ts';
import { isOwnName } from './env-names.ts';
import type { Problem } from './problems.ts';
import { SecretText } from './secret-text.ts';

export type { EnvironmentSource } from './env-file.ts';

/** What the environment says. A value with a mistake is left out. */
export interface Settings {
  /** DO_TOKEN. */
  token?: SecretText;
  /** DIGITALOCEAN_API_URL, without a slash at the end. */
  apiUrl?: string;
  /** ADMIN_IP: an IPv4 or IPv6 address, or a network in CIDR form. */
  adminIp?: string;
  /** ADDITIONAL_IPS, each as ADMIN_IP. */
  additionalIps: string[];
  /** DROPFLEET_OPERATOR_IP: the address that droplets see the operator under. */
  operatorIp?: string;
  /** DROPFLEET_ECHO_URLS: services that answer with the address they are asked from. */
  echoUrls: string[];
  /** DROPFLEET_FLEET. */
  fleet?: string;
  /** DROPFLEET_PAGE_TOKEN: what lets somebody on another machine see the page of the fleet. */
  pageToken?: SecretText;
  /** DROPFLEET_SSH_PORT: where sshd answers on droplets, when it is not 22. */
  sshPort?: number;
  /**
   * Any variable that is no setting of dropfleet's own, those of .env included, such as a service's secret: exactly as
   * it was set. Undefined when it is unset or empty.
   */
  variable: (name: string) => string | undefined;
  /** What sets such a variable, even to nothing; undefined when nothing does. */
  sourceOf: (name: string) => VariableSource | undefined;
}

/** Reads the environment over .env and reports every mistake in it. No problem shows a secret. */
export function loadEnvironment(source: EnvironmentSource): { settings: Settings; problems: Problem[] } {
  const { variables, problems } = readVariables(source);
  const token = check(variables, 'DO_TOKEN', tokenFault);
  const apiUrl = check(variables, 'DIGITALOCEAN_API_URL', urlFault);
  const adminIp = check(variables, 'ADMIN_IP', networkFault);
  const additionalIps = check(variables, 'ADDITIONAL_IPS', networkFault, splitList);
  const operatorIp = check(variables, 'DROPFLEET_OPERATOR_IP', addressFault);
  const echoUrls = check(variables, 'DROPFLEET_ECHO_URLS', echoFault, splitList);
  const fleet = check(variables, 'DROPFLEET_FLEET', fleetFault);
  const sshPort = check(variables, 'DROPFLEET_SSH_PORT', portFault);
  const pageToken = check(variables, 'DROPFLEET_PAGE_TOKEN', pageTokenFault);
  const checked = [token, apiUrl, adminIp, additionalIps, operatorIp, echoUrls, fleet, sshPort, pageToken];
  const settings: Settings = {
    ...(token.values[0] !== undefined && { token: new SecretText(token.values[0]) }),
    ...(apiUrl.values[0] !== undefined && { apiUrl: apiUrl.values[0].replace(/\/+$/, '') }),
    ...(adminIp.values[0] !== undefined && { adminIp: adminIp.values[0] }),
    additionalIps: additionalIps.values,
    ...(operatorIp.values[0] !== undefined && { operatorIp: operatorIp.values[0] }),
    echoUrls: echoUrls.values,
    ...(fleet.values[0] !== undefined && { fleet: fleet.values[0] }),
    ...(sshPort.values[0] !== undefined && { sshPort: Number(sshPort.values[0]) }),
    ...(pageToken.values[0] !== undefined && { pageToken: new SecretText(pageToken.values[0]) }),
    variable: name => (isOwnName(name) ? undefined : variables.exactly(name)),
    sourceOf: name => (isOwnName(name) ? undefined : variables.sourceOf(name)),
  };
  return { settings, problems: [...problems, ...checked.flatMap(({ problems }) => problems)] };
}

/** What is wrong with a value, in words that follow the variable's name; undefined when nothing is. */
type Fault = (value: string) => { message: string; found?: string } | undefined;

/** The variable's good values, and a problem for each other one. */
function check(
  variables: Variables,
  name: string,
  faultOf: Fault,
  split = (value: string): string[] => [value],
): { values: string[]; problems: Problem[] } {
  const values = split(variables.get(name) ?? '').filter(value => value !== '');
  const problems = values.flatMap(value => {
    const fault = faultOf(value);
    if (fault === undefined) return [];
    return [{ ...variables.placeOf(name), ...fault, message: `${name} ${fault.message}` }];
  });
  return { values: values.filter(value => faultOf(value) === undefined), problems };
}

const splitList = (value: string): string[] => value.split(/[\s,;]+/);

function tokenFault(value: string): ReturnType<Fault> {
  return /^[A-Za-z0-9._~+/=-]+$/.test(value)
    ? undefined
    : { message: 'has a space or a sign in it that no token has; copy the token again' };
}

/** Nobody slows down who guesses: it must be too long for that. */
function pageTokenFault(value: string): ReturnType<Fault> {
  return /^[\x21-\x7e]{16,}$/.test(value)
    ? undefined
    : {
        message: 'must have at least 16 characters, none of them a space; "openssl rand -hex 16" prints one',
      };
}

function portFault(value: string): ReturnType<Fault> {
  const isPort = /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535;
  return isPort ? undefined : { found: value, message: 'must be a port, a number from 1 to 65535' };
}

const LOOPBACK_HOST = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Whether that address is on this machine, as a sandbox's is. */
export const isLoopbackUrl = (url: string): boolean => LOOPBACK_HOST.test(new URL(url).hostname);

function urlFault(value: string): ReturnType<Fault> {
  const url = URL.parse(value);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    return {
      found: value,
      message: 'must be an http or https address, such as https://api.digitalocean.com',
    };
  if (url.username !== '' || url.password !== '')
    return { message: 'must not hold a name or password; the token is in DO_TOKEN' };
  if (url.protocol === 'http:' && !LOOPBACK_HOST.test(url.hostname))
    return {
      found: value,
      message: 'must be an https address, or the token would cross the network in clear',
    };
  return undefined;
}

const NETWORK_RULE = 'must be an IPv4 or IPv6 address, or a network such as 203.0.113.0/24';

/** What is wrong with an address or network that SSH is to let in, in words that follow its name. */
export function networkFault(value: string): ReturnType<Fault> {
  const [address = '', prefix, ...rest] = value.split('/');
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Infinity;
  if (bits === 0 || address.includes('%') || rest.length > 0 || length > bits)
    return { found: value, message: NETWORK_RULE };
  if (length === 0) return { found: value, message: 'must not let the whole world in' };
  return undefined;
}

function addressFault(value: string): ReturnType<Fault> {
  const isAddress = isIP(value) !== 0 && !value.includes('%');
  return isAddress ? undefined : { found: value, message: 'must be an IPv4 or IPv6 address' };
}

function echoFault(value: string): ReturnType<Fault> {
  const url = URL.parse(value);
  const isSafe =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK_HOST.test(url.hostname));
  return isSafe
    ? undefined
    : { found: value, message: 'must be https addresses, or anybody on the way could open SSH to himself' };
}

function fleetFault(value: string): ReturnType<Fault> {
  return /^[A-Za-z0-9]([A-Za-z0-9-]{0,38}[A-Za-z0-9])?$/.test(value)
    ? undefined
    : { found: value, message: 'must be letters, digits and dashes between them, at most 40' };
}
