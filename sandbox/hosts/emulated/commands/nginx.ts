import type { Process, Program } from '../model.ts';
import { readNginxConfig, MAIN_FILE } from '../nginx/config.ts';
import { NginxConfigError } from '../nginx/syntax.ts';
import { reloadService } from '../services.ts';
import { absolutePath, bytesOf, fail } from '../shell/process.ts';
import { readOptions } from './options.ts';

const nginx: Program = async process => {
  const options = readOptions(process.args.slice(1), ['t', 'T', 'v', 'V', 'q', 'c=', 's=', 'g=', 'e=']);
  const say = (text: string): Promise<void> => process.error.write(bytesOf(`${text}\n`));
  if (options.has('v') || options.has('V')) {
    const version = process.machine.system.packages['nginx'] ?? '';
    await say(`nginx version: nginx/${version.replace(/^\d+:|-.*$/g, '')}`);
    return 0;
  }
  const main = absolutePath(process, options.value('c') ?? MAIN_FILE);
  if (options.has('t')) return test(process, main, options.has('q'), say);
  if (options.value('s') === 'reload') return (await reloadService(process.machine, 'nginx')) ? 0 : 1;
  return fail(process, 'only -t, -v and -s reload are known to an emulated host', 127);
};

async function test(
  { machine }: Process,
  main: string,
  quiet: boolean,
  say: (text: string) => Promise<void>,
): Promise<number> {
  try {
    readNginxConfig(machine.files, main);
  } catch (error) {
    if (!(error instanceof NginxConfigError)) throw error;
    await say(`nginx: [emerg] ${error.message}`);
    await say(`nginx: configuration file ${main} test failed`);
    return 1;
  }
  if (!quiet) await say(`nginx: the configuration file ${main} syntax is ok`);
  if (!quiet) await say(`nginx: configuration file ${main} test is successful`);
  return 0;
}

/** The load balancer's. */
export const NGINX: Readonly<Record<string, Program>> = { nginx };
