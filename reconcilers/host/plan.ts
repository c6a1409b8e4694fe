import type { ConditionValue } from '../../crds/conditions.ts';
import { servicesOf, toolsOf, type DesiredHost, type Service, type Tool } from './desired.ts';
import type { HostFacts } from './facts.ts';
import { reloadsOf, type HostFile, type Reload } from './files.ts';

/** A file with what a host's copy is compared by. */
export interface DesiredFile extends HostFile {
  /** SHA-256 of the content, hexadecimal. */
  digest: string;
}

export type HostStep =
  | { type: 'write-files'; files: DesiredFile[] }
  | { type: 'provide-tools'; tools: Tool[] }
  | { type: 'reload'; what: Reload; paths: string[] }
  | { type: 'start-service'; service: Service }
  | { type: 'make-swap' }
  | { type: 'rotate-host-key' };

/** What to do on a host now, and what to say of its configuration when that is done. */
export interface HostPlan {
  steps: HostStep[];
  configured: ConditionValue;
  /** Requeue soon, without a reason: the host itself is at work. */
  isWaiting?: boolean;
}

export interface HostPlanInput {
  host: DesiredHost;
  files: readonly DesiredFile[];
  facts: HostFacts;
  /** The pinned host key is the one that stands in the user data. */
  hasFirstHostKey: boolean;
  /** The project is suspended: nothing may be changed. */
  suspended: boolean;
  /** Since the server was asked for, ms. */
  age: number;
}

/** KiB that must be free on `/`: below, packages and logs fail half-way. */
const LEAST_FREE = 100 * 1_024;
/** Installing packages on the smallest droplet takes two or three minutes; after this a person wants to see more. */
const LONG_FIRST_BOOT_MS = 600_000;

/**
 * What makes one host as it should be.
 *
 *     on the host                          | step
 *     -------------------------------------+---------------------------------------------
 *     the first boot is at work            | wait
 *     no room on the disk                  | wait for a person
 *     a file is missing or another         | write it, and tell its service
 *     a command is missing                 | install its package
 *     a file is newer than its service     | tell it
 *     the metadata service is open         | close it
 *     a service stopped                    | start it
 *     a service runs and does not answer   | restart it
 *     no swap, and not a container         | make a swap file
 *     the host key of the user data        | replace it
 */
export function planHost(input: HostPlanInput): HostPlan {
  const { host, facts, hasFirstHostKey, suspended } = input;
  if (isBooting(facts)) return { steps: [], configured: firstBoot(input), isWaiting: true };
  if (facts.disk.free < LEAST_FREE) return { steps: [], configured: diskFull(facts) };
  const wrong = wrongFiles(input);
  const missing = toolsOf(host).filter(tool => !facts.tools.has(tool));
  const steps: HostStep[] = [
    ...(wrong.length > 0 ? [{ type: 'write-files' as const, files: wrong }] : []),
    ...(missing.length > 0 ? [{ type: 'provide-tools' as const, tools: missing }] : []),
    ...reloads(host, facts, wrong),
    ...servicesOf(host)
      .filter(service => !facts.services.has(service))
      .map(service => ({ type: 'start-service' as const, service })),
    ...(facts.hasSwap || facts.isContainer ? [] : [{ type: 'make-swap' as const }]),
    ...(hasFirstHostKey ? [{ type: 'rotate-host-key' as const }] : []),
  ];
  if (suspended && steps.length > 0) return { steps: [], configured: heldBack(steps) };
  return { steps, configured: configured(host, facts) };
}

/** `not run` or `not started`: its turn is still to come. */
const isBooting = ({ boot }: HostFacts): boolean => boot === 'running' || boot.startsWith('not ');

function firstBoot({ facts, age }: HostPlanInput): ConditionValue {
  const message = 'first boot in progress: cloud-init is installing packages';
  const isLong = age > LONG_FIRST_BOOT_MS && facts.bootLog !== '';
  const text = isLong ? `${message}, for over 10 min; ${excerpt(facts)}` : message;
  return { status: 'False', reason: 'FirstBoot', message: text };
}

/** The end of cloud-init's output, on one line. */
const excerpt = ({ bootLog }: HostFacts): string =>
  `/var/log/cloud-init-output.log ends with: ${bootLog
    .split(/[\r\n]+/)
    .slice(-LINES)
    .join(' | ')}`;

const LINES = 8;

/** The condition while the steps are being done. */
export function atWork(steps: readonly HostStep[], facts: HostFacts): ConditionValue {
  const doing = describeSteps(steps);
  if (!isLeftByFirstBoot(steps, facts))
    return { status: 'False', reason: 'Configuring', message: `configuring: ${doing}` };
  const message = `first boot failed; completing it: ${doing}; ${excerpt(facts)}`;
  return { status: 'False', reason: 'FirstBootFailed', message };
}

/** The condition when a step failed that the first boot had not managed either. */
export const withFirstBoot = (
  condition: ConditionValue,
  steps: readonly HostStep[],
  facts: HostFacts,
): ConditionValue =>
  isLeftByFirstBoot(steps, facts)
    ? { ...condition, message: `${condition.message}; first boot had failed: ${excerpt(facts)}` }
    : condition;

/** Later there is drift: a host that was as it should be once has another host key since. */
const isLeftByFirstBoot = (steps: readonly HostStep[], { boot }: HostFacts): boolean =>
  boot === 'error' && steps.some(({ type }) => type === 'rotate-host-key');

function wrongFiles({ files, facts }: HostPlanInput): DesiredFile[] {
  return files.filter(({ path, digest, mode }) => {
    const found = facts.files.get(path);
    return found?.digest !== digest || `0${found.mode}` !== mode || found.owner !== 'root:root';
  });
}

function reloads(host: DesiredHost, facts: HostFacts, wrong: readonly HostFile[]): HostStep[] {
  const due = new Set([...facts.stale, ...wrong.map(file => file.reload)]);
  if (!facts.isMetadataClosed) due.add('metadata');
  // Running and mute: only a restart helps.
  if (facts.services.has('docker') && !facts.engines.has('docker')) due.add('docker');
  return reloadsOf(host)
    .filter(({ reload }) => due.has(reload))
    .map(({ reload, paths }) => ({ type: 'reload', what: reload, paths }));
}

function configured({ engine }: DesiredHost, { boot, engines }: HostFacts): ConditionValue {
  const version = engines.get(engine);
  const inSync = `${engine}${version ? ` ${version}` : ''} ${engine === 'docker' ? 'running' : 'installed'}; files, packages and services in sync`;
  const message = boot === 'error' ? `${inSync}; first boot had failed and was completed` : inSync;
  return { status: 'True', reason: 'Ok', message };
}

function diskFull({ disk }: HostFacts): ConditionValue {
  const [size, free] = [disk.size, disk.free].map(kib => Math.floor(kib / 1_024));
  return {
    status: 'False',
    reason: 'DiskFull',
    message: `disk full: ${free} of ${size} MB free; make room ("sudo du -xh / | sort -h | tail" shows what is large), or resize to a larger disk`,
  };
}

/** A suspended project's host is probed, and what it lacks is reported. */
const heldBack = (steps: readonly HostStep[]): ConditionValue => ({
  status: 'False',
  reason: 'Suspended',
  message: `project suspended; pending: ${describeSteps(steps)}`,
});

/** The steps in words, for a person. */
export const describeSteps = (steps: readonly HostStep[]): string => steps.map(describeStep).join(', ');

function describeStep(step: HostStep): string {
  switch (step.type) {
    case 'write-files':
      return `write ${step.files.map(({ path }) => path).join(' and ')}`;
    case 'provide-tools':
      return `install ${step.tools.join(' and ')}`;
    case 'reload':
      return step.what === 'metadata' ? 'close the metadata service to containers' : `reload ${step.what}`;
    case 'start-service':
      return `start ${step.service}`;
    case 'make-swap':
      return 'make a swap file';
    case 'rotate-host-key':
      return 'replace the first host key';
  }
}
