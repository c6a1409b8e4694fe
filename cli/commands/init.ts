import { join } from 'node:path';
import { systemClock } from '../../clients/clock.ts';
import { createCloud } from '../../clients/digitalocean/http-client.ts';
import { configurationFiles, loadConfiguration } from '../../config/load.ts';
import { formatProblems, type Problem } from '../../config/problems.ts';
import { writeMissing } from '../../config/templates.ts';
import { createSshKeyUpload } from '../../reconcilers/ssh-key/upload.ts';
import type { GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { readWorldSettings, type WorldSettings } from '../world/settings.ts';
import { keysInFolder } from '../world/ssh-key.ts';

/** Writes what is missing, makes the SSH key, and checks the token and the configuration. */
export async function init(options: GlobalOptions): Promise<void> {
  const written = await writeMissing(options.configDir);
  const world = readWorldSettings(options);
  const { publicKey } = (await keysInFolder(join(world.folder, 'ssh')).read()).current;
  const { problems } = await loadConfiguration(options.configDir, { env: process.env, envFile: '.env' });
  const account = await checkAccount(world, publicKey);
  printResult(options, { written, publicKey, account, problems }, () => [
    ...(written.length > 0 ? written.map(path => `wrote ${path}`) : ['all configuration files were there']),
    `SSH key: ${join(world.folder, 'ssh', 'id_ed25519')}`,
    account,
    ...(problems.length > 0 ? [formatProblems(problems)] : []),
    nextStep(options, problems),
  ]);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

/** A token is tried and the key uploaded; without one there is nothing to check. */
async function checkAccount({ settings }: WorldSettings, publicKey: string): Promise<string> {
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
    await createSshKeyUpload(cloud, 'dropfleet', publicKey).id();
    return `DO_TOKEN works: the account is ${account.status} and may have ${account.dropletLimit} droplets; the SSH key is uploaded`;
  } finally {
    cloud.close();
  }
}

const nextStep = ({ configDir }: GlobalOptions, problems: readonly Problem[]): string =>
  problems.length > 0
    ? 'Mend these, then run "dropfleet init" again.'
    : `Next: edit ${configurationFiles(configDir).projects}, look at "dropfleet plan", then run "dropfleet up".`;
