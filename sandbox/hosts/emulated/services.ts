import { log } from './machine.ts';
import type { Machine } from './model.ts';
import type { ServiceState, TransientFacts } from './system.ts';

/** Other names that systemd knows a service by. */
const ALIASES: Record<string, string> = { sshd: 'ssh' };

/** `nginx` of `nginx.service`, and what a service is called when it is called otherwise. */
export function serviceName(unit: string): string {
  const name = unit.replace(/\.service$/, '');
  return ALIASES[name] ?? name;
}

const UNIT_FOLDER = '/etc/systemd/system';

/** A service that a package brings. Debian enables and starts what it installs. */
export async function addService(machine: Machine, name: string, starts: boolean): Promise<void> {
  if (machine.system.services[name] !== undefined) return;
  putService(machine, name, { active: 'inactive', enabled: starts, since: machine.now(), pid: 0 });
  if (starts) await startService(machine, name);
}

export async function removeService(machine: Machine, name: string): Promise<void> {
  await stopService(machine, name);
  forgetService(machine, name);
}

/** systemd knows nothing of it any more. */
export function forgetService(machine: Machine, name: string): void {
  const { [name]: _gone, ...services } = machine.system.services;
  machine.system = { ...machine.system, services };
}

/** Reads the unit files that an administrator wrote: systemd knows them from then on. */
export function readUnitFiles(machine: Machine): void {
  for (const file of machine.files.list(UNIT_FOLDER)) {
    const name = /^(.+)\.service$/.exec(file)?.[1];
    if (name !== undefined && machine.system.services[name] === undefined)
      putService(machine, name, { active: 'inactive', enabled: false, since: machine.now(), pid: 0 });
  }
}

/** A setting of the administrator's unit file of a service; undefined without such a file. */
export function unitSetting(machine: Machine, name: string, key: string): string | undefined {
  const path = `${UNIT_FOLDER}/${name}.service`;
  if (machine.files.find(path)?.type !== 'file') return undefined;
  const text = Buffer.from(machine.files.read(path)).toString();
  return new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1];
}

/** Starts what is not running; whether it runs then. */
export async function startService(machine: Machine, name: string): Promise<boolean> {
  const service = machine.system.services[name];
  if (service === undefined) return false;
  if (service.active === 'active') return true;
  const works = await machine.onService(name, 'start');
  const pid = works ? 300 + Math.floor(machine.random() * 30_000) : 0;
  log(machine, name, works ? `Started ${name}.service.` : `Failed to start ${name}.service.`);
  putService(machine, name, { ...service, active: works ? 'active' : 'failed', since: machine.now(), pid });
  return works;
}

export async function stopService(machine: Machine, name: string): Promise<void> {
  const service = machine.system.services[name];
  if (service === undefined || service.active === 'inactive') return;
  await machine.onService(name, 'stop');
  log(machine, name, `Stopped ${name}.service.`);
  putService(machine, name, { ...service, active: 'inactive', since: machine.now(), pid: 0 });
}

/** Lets it read its configuration again; whether it could. */
export async function reloadService(machine: Machine, name: string): Promise<boolean> {
  return machine.system.services[name]?.active === 'active' && machine.onService(name, 'reload');
}

export function enableService(machine: Machine, name: string, enabled: boolean): void {
  const service = machine.system.services[name];
  if (service !== undefined && service.enabled !== enabled)
    putService(machine, name, { ...service, enabled });
}

/** Forgets that it failed. */
export function resetService(machine: Machine, name: string): void {
  const service = machine.system.services[name];
  if (service?.active !== 'failed') return;
  if (service.transient !== undefined) forgetService(machine, name);
  else putService(machine, name, { ...service, active: 'inactive' });
}

/** What systemd does at boot: nothing runs, then all that is enabled. */
export async function startEnabledServices(machine: Machine): Promise<void> {
  for (const [name, service] of Object.entries(machine.system.services))
    if (service.transient === undefined)
      putService(machine, name, { ...service, active: 'inactive', since: machine.now(), pid: 0 });
    else forgetService(machine, name);
  for (const [name, { enabled }] of Object.entries(machine.system.services))
    if (enabled) await startService(machine, name);
}

function loseTransient(machine: Machine, name: string, service: ServiceState, facts: TransientFacts): void {
  if (service.pid === 0) return;
  if (facts.isCollected) forgetService(machine, name);
  else
    putService(machine, name, {
      ...service,
      active: 'failed',
      since: machine.now(),
      pid: 0,
      transient: { ...facts, exitStatus: 9, result: 'signal' },
    });
}

/** Lets what ran in an earlier life of this process go on: as the same processes, by their ids. */
export async function resumeServices(machine: Machine): Promise<void> {
  for (const [name, service] of Object.entries(machine.system.services)) {
    // What a unit of systemd-run did ended with the process that emulated it.
    if (service.transient !== undefined) loseTransient(machine, name, service, service.transient);
    else if (service.active === 'active') await machine.onService(name, 'start');
  }
}

/** What systemd knows of a service from now on. */
export function putService(machine: Machine, name: string, service: ServiceState): void {
  machine.system = { ...machine.system, services: { ...machine.system.services, [name]: service } };
}
