import { sleep } from '../clock.ts';
import { isFileError } from '../files/file-error.ts';
import type { Host } from '../host.ts';
import { log } from '../machine.ts';
import type { Machine } from '../model.ts';
import { carryOutEarly, putHostKey } from './early.ts';
import { carryOutLate } from './late.ts';
import { parseUserData } from './user-data.ts';

/** The part of the first boot before sshd starts. */
export function beginFirstBoot(machine: Machine): void {
  const userData = parseUserData(machine.spec.userData);
  const warnings = userData.kind === 'config' ? userData.warnings : [];
  const errors = userData.kind === 'invalid' ? [userData.problem] : [];
  putHostKey(machine, userData.kind === 'config' ? userData.config.ssh_keys : undefined);
  try {
    if (userData.kind === 'config') carryOutEarly(machine, userData.config);
  } catch (error) {
    if (!isFileError(error)) throw error;
    errors.push(`('write_files', OSError("${error.message}"))`);
  }
  for (const line of [...warnings, ...errors]) log(machine, 'cloud-init', line);
  machine.system = { ...machine.system, cloudInit: { status: 'running', errors, warnings } };
}

/**
 * The rest of it: takes its time, and ends at the latest with the power, after which the next boot starts it over.
 * Resolves when cloud-init's status says what became of it.
 */
export async function finishFirstBoot(host: Host, bootMs: number): Promise<void> {
  const { machine } = host;
  const signal = host.signal();
  if (!(await sleep(machine.clock, bootMs, signal))) return;
  const late = await tryLate(machine, signal);
  if (signal.aborted) return;
  const { errors: early, warnings } = machine.system.cloudInit;
  const errors = [...early, ...late];
  for (const line of late) log(machine, 'cloud-init', line);
  machine.system = {
    ...machine.system,
    cloudInit: { status: errors.length === 0 ? 'done' : 'error', errors, warnings },
  };
  writeResult(machine);
}

async function tryLate(machine: Machine, signal: AbortSignal): Promise<string[]> {
  try {
    return await carryOutLate(machine, parseUserData(machine.spec.userData), signal);
  } catch (error) {
    if (!isFileError(error)) throw error;
    return [`OSError("${error.message}")`];
  }
}

/** The file by which others see that it is over. On memory, so that there is room; cloud-init writes it at every boot. */
export function writeResult({ files, system }: Machine): void {
  const { errors } = system.cloudInit;
  const result = { v1: { datasource: 'DataSourceConfigDrive [net,ver=2][source=/dev/vdb]', errors } };
  if (files.find('/run/cloud-init') === undefined) files.makeDirectory('/run/cloud-init');
  files.write('/run/cloud-init/result.json', Buffer.from(`${pythonJson(result)}\n`));
}

/** As Python prints it, one blank a level; an empty list stays on its line. */
const pythonJson = (value: unknown): string => JSON.stringify(value, null, 1);
