import { access } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { systemClock } from '../../clients/clock.ts';
import { editVariable } from '../../config/edit-env-file.ts';
import { networkFault } from '../../config/environment.ts';
import { canonicalNetwork, isInNetwork, isPrivateNetwork } from '../../config/network.ts';
import { effectiveAdminIp, overrideOf, type AdminOverride } from '../../reconcilers/firewall/sources.ts';
import { CommandFailure } from '../failure.ts';
import { createLogger } from '../logger.ts';
import type { GlobalOptions } from '../options.ts';
import { printResult, printLine } from '../output.ts';
import { adminSettingsOf, readAdminAccess, writeAdminAccess } from '../world/admin-access.ts';
import { startOperator } from '../world/operator.ts';
import { isOperatorRunning } from '../world/running-operator.ts';
import { addressSeenByHosts } from '../world/prove-ssh.ts';
import { isSandboxUrl, privateAddress } from '../world/settings.ts';
import { nobodyLeads } from '../world/source.ts';
import { firewallProblem, serversBehindRules, untilSshRules, type Suspended } from '../world/ssh-rules.ts';
import { openWorld } from '../world/open.ts';
import type { World } from '../world/world.ts';

const ENV_FILE = '.env';
/** How long firewalls may take to say that they let an address in, and then to do it, in milliseconds. */
const FIREWALLS_MS = 90_000;
const LOGIN_MS = 60_000;
/** How long to wait for the old address to be gone, which nothing depends on. */
const CLEAR_MS = 20_000;
/** Longer than all of the above: an operator whose `update-ip` was cut off drops the address by itself. */
const CANDIDATE_MS = 600_000;

/**
 * Lets SSH in from a new admin address: it is added to the firewalls, proved by a login that comes from it, and
 * only then takes the old one's place. When the proof fails everything is as before.
 */
export async function updateIp(options: GlobalOptions & { ip: string }): Promise<void> {
  const world = await openWorld(options);
  try {
    const ip = checkAddress(options.ip, world);
    const before = overrideOf(await readAdminAccess(world));
    const old = effectiveAdminIp(adminSettingsOf(world), before);
    if (old !== undefined && canonicalNetwork(old) === ip) await confirmOld(world, before, ip, options);
    else await withOperator(world, options, () => exchange(world, before, old, ip, options));
  } finally {
    await world.close();
  }
}

function checkAddress(text: string, { cloudKind, cloudUrl }: World): string {
  const fault = networkFault(text);
  if (fault !== undefined) throw new CommandFailure(`${JSON.stringify(text)} ${fault.message}`, 2);
  if (!isIPv4(text.split('/')[0]!))
    throw new CommandFailure(
      `${text} is an IPv6 address, and droplets are reached by IPv4 only: give the IPv4 address`,
      2,
    );
  if (cloudKind === 'digitalocean' && !isSandboxUrl(cloudUrl) && isPrivateNetwork(text))
    throw privateAddress('the new address', text);
  return canonicalNetwork(text);
}

/** An earlier run may have been cut off before its last writes. */
async function confirmOld(
  world: World,
  before: AdminOverride,
  ip: string,
  options: GlobalOptions,
): Promise<void> {
  const { candidate: _candidate, candidateUntil: _until, ...rest } = before;
  if (before.candidate !== undefined) await writeAdminAccess(world, rest);
  await writeEnvFile(world, ip, options);
  printResult(options, { adminIp: ip }, () => [`ADMIN_IP is ${ip} already.`]);
}

/** The operator alone changes firewalls; where none runs and there is no cluster, one runs for as long as this takes. */
async function withOperator(world: World, options: GlobalOptions, work: () => Promise<void>): Promise<void> {
  const isRunning = await isOperatorRunning(world);
  if (world.hasCluster && !isRunning) throw new CommandFailure(`no changes made. ${nobodyLeads(world)}`);
  const operator = isRunning ? undefined : await startOperator(world, options, createLogger(options, 'warn'));
  try {
    await Promise.race([work(), ...(operator ? [operator.failed] : [])]);
  } finally {
    await operator?.stop();
  }
}

async function exchange(
  world: World,
  before: AdminOverride,
  old: string | undefined,
  ip: string,
  options: GlobalOptions,
): Promise<void> {
  const { candidate: _candidate, candidateUntil: _until, ...rest } = before;
  const { some, changeable, suspended } = await serversBehindRules(world);
  if (some && !changeable) throw allSuspended(suspended);
  if (some) {
    printLine(options, `Letting ${ip} in beside ${old ?? "the operator's own address"}.`);
    await writeAdminAccess(world, { ...rest, candidate: ip, candidateUntil: Date.now() + CANDIDATE_MS });
    try {
      await prove(world, suspended, ip, options);
    } catch (error) {
      await writeAdminAccess(world, rest);
      await untilSshRules(world, suspended, ip, false, systemClock, CLEAR_MS);
      throw error;
    }
  }
  await writeAdminAccess(world, { adminIp: ip, replaces: replacedBy(world) });
  await writeEnvFile(world, ip, options);
  if (old !== undefined) await awaitRemoval(world, suspended, old, options);
  const names = [...suspended];
  printResult(options, { adminIp: ip, ...(names.length > 0 && { suspended: names }) }, () => [
    `ADMIN_IP is ${ip} now.`,
    ...(names.length > 0 ? [suspendedOnes(names)] : []),
  ]);
}

const suspendedOnes = (names: readonly string[]): string =>
  `${names.join(', ')}: suspended, so the firewalls there keep their old rule until that is over, and follow then.`;

function allSuspended(suspended: Suspended): CommandFailure {
  const [first] = suspended;
  return new CommandFailure(
    `no changes made: every project that has droplets is suspended (${[...suspended].join(', ')}), and a suspended project's firewalls are left as they are, so that no droplet could prove the new address. Resume one, such as by "kubectl patch project ${first} --type merge -p '{"spec":{"suspend":false}}'", and call this again`,
  );
}

/**
 * Which ADMIN_IP of the operator the new one stands in for: where it runs by this machine's environment, what that
 * says, so that whoever edits it later is right. What a cluster's operator was started with is not known here.
 */
const replacedBy = (world: World): string =>
  world.hasCluster ? '*' : (adminSettingsOf(world).adminIp ?? '');

async function prove(world: World, suspended: Suspended, ip: string, options: GlobalOptions): Promise<void> {
  if (!(await untilSshRules(world, suspended, ip, true, systemClock, FIREWALLS_MS)))
    throw unproved(
      ip,
      `the firewalls did not take it in: ${(await firewallProblem(world, suspended)) || silent(world)}`,
    );
  const seen = await addressSeenByHosts(world, suspended, LOGIN_MS);
  if ('problem' in seen) throw unproved(ip, `no droplet lets this machine in: ${seen.problem}`);
  if (!isInNetwork(seen.address, ip))
    throw unproved(
      ip,
      `droplets see this machine under ${seen.address}; run this command on a machine that has the new address`,
    );
  printLine(options, `A droplet lets this machine in, and sees it under ${seen.address}.`);
}

const silent = ({ namespace }: World): string =>
  `the operator did nothing about it; is it the one of the namespace ${namespace}?`;

const unproved = (ip: string, why: string): CommandFailure =>
  new CommandFailure(`${ip} could not be proved, so SSH is open as before (${why})`);

async function awaitRemoval(
  world: World,
  suspended: Suspended,
  old: string,
  options: GlobalOptions,
): Promise<void> {
  const isGone = await untilSshRules(world, suspended, old, false, systemClock, CLEAR_MS);
  if (!isGone)
    printLine(options, `${old} is still let in: by ADDITIONAL_IPS, or as the operator's own address.`);
}

/** What a cluster's operator is started with is in a Secret, and a .env only where somebody made it from one. */
async function writeEnvFile({ hasCluster }: World, ip: string, options: GlobalOptions): Promise<void> {
  const exists = await access(ENV_FILE).then(
    () => true,
    () => false,
  );
  if (hasCluster && !exists) return;
  await editVariable(ENV_FILE, 'ADMIN_IP', ip);
  const { ADMIN_IP } = process.env;
  if (ADMIN_IP !== undefined && ADMIN_IP !== '' && canonicalNetwork(ADMIN_IP) !== ip)
    printLine(
      options,
      `ADMIN_IP is ${ADMIN_IP} in this shell's environment, which wins over ${ENV_FILE}: change it there.`,
    );
}
