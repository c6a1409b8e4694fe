import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../clients/clock.ts';
import { createCloud } from '../../clients/digitalocean/http-client.ts';
import { createKubernetesClient } from '../../clients/kubernetes/http-client.ts';
import { loadConnection } from '../../clients/kubernetes/kubeconfig.ts';
import { configurationFiles, loadConfiguration } from '../../config/load.ts';
import { formatProblems, type Problem } from '../../config/problems.ts';
import { writeMissing } from '../../config/templates.ts';
import type { FleetKey } from '../../reconcilers/ssh-key/key-ring.ts';
import { createSshKeyUpload } from '../../reconcilers/ssh-key/upload.ts';
import type { GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { standaloneStateDir } from '../world/embedded.ts';
import { fleetKeys } from '../world/fleet-keys.ts';
import { operatorNamespace } from '../world/leader.ts';
import { readWorldSettings, type WorldSettings } from '../world/settings.ts';
import { keysInFolder, keysInSecret } from '../world/ssh-key.ts';
import { openWorld } from '../world/open.ts';
import { sshKeyOf } from '../world/world-keys.ts';

/** Writes what is missing, makes the SSH key, and checks the token and the configuration. */
export async function init(options: GlobalOptions): Promise<void> {
  const written = await writeMissing(options.configDir);
  const world = readWorldSettings(options);
  const key = world.hasCluster ? await keyInCluster(options) : await keyOnDisk(options, world);
  const { problems, warnings } = await loadConfiguration(options.configDir, {
    env: process.env,
    envFile: '.env',
  });
  const account = await checkAccount(world, key.publicKey);
  printResult(options, { written, publicKey: key.publicKey ?? null, account, problems, warnings }, () => [
    ...(written.length > 0 ? written.map(path => `wrote ${path}`) : ['all configuration files were there']),
    `SSH key: ${key.text}`,
    account,
    ...[...warnings, ...problems].map(problem => formatProblems([problem])),
    nextStep(options, problems),
  ]);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

/** The fleet's key as far as it is there. */
interface FoundKey {
  publicKey?: string;
  text: string;
}

/** In a cluster the key is the operator's to make: one from here would be a second one. */
async function keyInCluster(options: GlobalOptions): Promise<FoundKey> {
  const connection = await loadConnection({ kubeconfig: options.kubeconfig, env: process.env });
  const client = createKubernetesClient(connection, { clock: systemClock, callTimeoutMs: 5_000 });
  try {
    const namespace = await operatorNamespace(client, connection.namespace, new Date());
    const place = keysInSecret(client, namespace);
    const ring = await fleetKeys(place, client, namespace).find();
    return ring === undefined
      ? { text: `none yet; the operator makes it when it starts in namespace ${namespace}` }
      : { publicKey: ring.current.publicKey, text: place.name };
  } finally {
    await client.close();
  }
}

/** Without a cluster it is made here; where a fleet may have begun before, its records are asked. */
async function keyOnDisk(options: GlobalOptions, { folder }: WorldSettings): Promise<FoundKey> {
  const place = keysInFolder(join(folder, 'ssh'));
  const text = join(folder, 'ssh', 'id_ed25519');
  const hadFleet = (await exists(standaloneStateDir(folder))) || (await place.trace()) !== undefined;
  const { publicKey } =
    (await place.find())?.current ?? (hadFleet ? await keyOfWorld(options) : (await place.make()).current);
  return { publicKey, text };
}

async function keyOfWorld(options: GlobalOptions): Promise<FleetKey> {
  const world = await openWorld(options);
  try {
    return await sshKeyOf(world);
  } finally {
    await world.close();
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** A token is tried and the key uploaded; without one there is nothing to check. */
async function checkAccount({ settings }: WorldSettings, publicKey: string | undefined): Promise<string> {
  if (settings.token === undefined)
    return 'no DO_TOKEN: everything is rehearsed in the sandbox until one is set (in .env or the environment)';
  const cloud = createCloud({
    token: settings.token.reveal(),
    ...(settings.apiUrl !== undefined && { apiUrl: settings.apiUrl }),
    clock: systemClock,
    random: Math.random,
  });
  try {
    const account = await cloud.getAccount();
    const known = `DO_TOKEN works: the account is ${account.status} and may have ${account.dropletLimit} droplets`;
    if (publicKey === undefined) return known;
    await createSshKeyUpload(cloud, 'dropfleet', publicKey).id();
    return `${known}; the SSH key is uploaded`;
  } finally {
    cloud.close();
  }
}

const nextStep = ({ configDir }: GlobalOptions, problems: readonly Problem[]): string =>
  problems.length > 0
    ? 'Fix these, then run "dropfleet init" again.'
    : `Next: edit ${configurationFiles(configDir).projects}, look at "dropfleet plan", then run "dropfleet up".`;
