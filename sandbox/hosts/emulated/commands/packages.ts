import { isFileError } from '../files/file-error.ts';
import type { Process, Program } from '../model.ts';
import { candidateVersion, compareVersions, installPackage, removePackage } from '../packages.ts';
import { fail, print } from '../shell/process.ts';
import { readOptions } from './options.ts';

const APT_FAILED = 100;

const aptGet: Program = async process => {
  const options = readOptions(process.args.slice(1), [
    'y|yes', 'q|quiet', 'o=', 'no-install-recommends', 'f|fix-broken', 'm', 'purge', 'allow-downgrades',
    'only-upgrade', 'reinstall', 'auto-remove',
  ]); // prettier-ignore
  const [verb = '', ...names] = options.operands;
  if (process.credentials.uid !== 0)
    return complain(
      process,
      'Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)',
    );
  if (['update', 'upgrade', 'dist-upgrade', 'clean', 'autoremove', 'autoclean'].includes(verb)) return 0;
  if (verb === 'install') return install(process, names);
  if (verb !== 'remove' && verb !== 'purge')
    return fail(process, `${verb} is not known to an emulated host`, 127);
  for (const name of names) await removePackage(process.machine, name);
  return 0;
};

async function install(process: Process, names: readonly string[]): Promise<number> {
  const unknown = names.filter(name => candidateVersion(name) === undefined);
  for (const name of unknown)
    await complain(
      process,
      `Unable to locate package ${name} (the mirror of an emulated host has not got it)`,
    );
  if (unknown.length > 0) return APT_FAILED;
  try {
    for (const name of names) {
      await print(process, `Setting up ${name} (${candidateVersion(name)}) ...\n`);
      await installPackage(process.machine, name);
    }
    return 0;
  } catch (error) {
    if (!isFileError(error)) throw error;
    return complain(process, `Write error - write (28: ${error.message})`);
  }
}

async function complain(process: Process, message: string): Promise<number> {
  await process.error.write(Buffer.from(`E: ${message}\n`));
  return APT_FAILED;
}

const aptCache: Program = async process => {
  const [verb, ...names] = process.args.slice(1);
  if (verb !== 'policy') return fail(process, `${verb} is not known to an emulated host`, 127);
  for (const name of names) {
    const candidate = candidateVersion(name);
    if (candidate === undefined) continue;
    const installed = process.machine.system.packages[name] ?? '(none)';
    await print(process, `${name}:\n  Installed: ${installed}\n  Candidate: ${candidate}\n`);
  }
  return 0;
};

const ORDERS: Readonly<Record<string, (order: number) => boolean>> = {
  lt: order => order < 0,
  le: order => order <= 0,
  eq: order => order === 0,
  ne: order => order !== 0,
  ge: order => order >= 0,
  gt: order => order > 0,
};

const dpkg: Program = process => {
  const [verb, ...operands] = process.args.slice(1);
  if (verb === '--configure') return 0;
  if (verb === '--print-architecture') return print(process, 'amd64\n').then(() => 0);
  if (verb === '-s') return showPackages(process, operands);
  if (verb !== '--compare-versions') return fail(process, `${verb} is not known to an emulated host`, 127);
  const [a = '', order = '', b = ''] = operands;
  return ORDERS[order]?.(compareVersions(a, b)) ? 0 : 1;
};

async function showPackages(process: Process, names: readonly string[]): Promise<number> {
  let status = 0;
  for (const name of names) {
    const version = process.machine.system.packages[name];
    if (version === undefined)
      status = await fail(process, `package '${name}' is not installed and no information is available`);
    else await print(process, `Package: ${name}\nStatus: install ok installed\nVersion: ${version}\n`);
  }
  return status;
}

/** Debian's packages. */
export const PACKAGE_PROGRAMS: Readonly<Record<string, Program>> = {
  'apt-get': aptGet,
  'apt-cache': aptCache,
  dpkg,
  'unattended-upgrade': () => 0,
  gpg: process => fail(process, 'nothing is known to an emulated host', 127),
};
