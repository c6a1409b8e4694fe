import { sleep } from '../clock.ts';
import type { Program } from '../model.ts';
import { fail, print } from '../shell/process.ts';
import type { CloudInitState } from '../system.ts';
import { readOptions } from './options.ts';

const POLL_MS = 50;

const cloudInit: Program = async process => {
  const [verb = '', ...rest] = process.args.slice(1);
  if (verb === '--version') {
    await print(process, '/usr/bin/cloud-init 25.1.4\n');
    return 0;
  }
  if (verb !== 'status') return fail(process, `${verb} is not known to an emulated host`, 127);
  const options = readOptions(rest, ['w|wait', 'l|long', 'format=']);
  const { machine, signal } = process;
  if (options.has('w'))
    while (machine.system.cloudInit.status === 'running')
      if (!(await sleep(machine.clock, POLL_MS, signal))) return 143;
  const state = machine.system.cloudInit;
  if (options.value('format') === 'json') await print(process, `${JSON.stringify(report(state), null, 2)}\n`);
  else await print(process, options.has('l') ? longText(state) : `status: ${state.status}\n`);
  if (state.status === 'error') return 1;
  return state.status === 'done' && state.warnings.length > 0 ? 2 : 0;
};

const isDegraded = ({ status, warnings }: CloudInitState): boolean =>
  status === 'done' && warnings.length > 0;

const report = (state: CloudInitState) => ({
  boot_status_code: 'enabled-by-generator',
  datasource: 'configdrive',
  detail: state.errors[0] ?? 'DataSourceConfigDrive [net,ver=2][source=/dev/vdb]',
  errors: state.errors,
  extended_status: isDegraded(state) ? 'degraded done' : state.status,
  recoverable_errors: state.warnings.length === 0 ? {} : { WARNING: state.warnings },
  status: state.status,
});

function longText(state: CloudInitState): string {
  const { boot_status_code, detail, extended_status } = report(state);
  const list = state.errors.map(error => `\n\t- ${error}`).join('') || ' []';
  return `status: ${state.status}\nextended_status: ${extended_status}\nboot_status_code: ${boot_status_code}\ndetail: ${detail}\nerrors:${list}\n`;
}

/** What tells of the first boot. */
export const CLOUD_INIT: Readonly<Record<string, Program>> = { 'cloud-init': cloudInit };
