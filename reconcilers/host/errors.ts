import {
  isAuthenticationRefused,
  isCommandFailed,
  isCommandTimeout,
  isHostKeyMismatch,
  isSshError,
  type CommandFailed,
} from '../../clients/ssh/errors.ts';
import type { ConditionValue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { ACCEPT_HOST_KEY_ANNOTATION } from '../../crds/names.ts';
import { PACKAGES_BUSY } from './commands.ts';
import { isUnclearFacts } from './observe.ts';
import { describeSteps, type HostStep } from './plan.ts';
import type { HostConditions } from './status.ts';

/** A host that is to be tried again later; the status says why. */
export class HostError extends Error {
  override readonly name = 'HostError';
  readonly conditions: HostConditions;
  /** The object as last written. */
  readonly droplet: Droplet;
  /** What failed, in words; undefined when it was no step. */
  readonly step: string | undefined;

  constructor(
    conditions: HostConditions,
    droplet: Droplet,
    { cause, step }: { cause?: unknown; step?: HostStep } = {},
  ) {
    const { reachable, configured } = conditions;
    super((reachable?.status === 'True' ? configured : reachable)?.message, { cause });
    this.conditions = conditions;
    this.droplet = droplet;
    this.step = step && describeSteps([step]);
  }

  /** The way to the host failed, which may be over in a moment; the host itself said nothing. */
  get isUnreachable(): boolean {
    return this.conditions.reachable?.reason === 'Unreachable';
  }
}

export const isHostError = (error: unknown): error is HostError => error instanceof HostError;

/** Why a host cannot be worked on, when the reason is its SSH server or the way to it. */
export function reachCondition(error: unknown, droplet: Droplet): ConditionValue | undefined {
  if (isUnclearFacts(error)) return no('Unreachable', error.message);
  if (!isSshError(error)) return undefined;
  if (isHostKeyMismatch(error))
    return no('HostKeyMismatch', `${error.message}. ${howToAccept(droplet, error.shown)}`);
  if (isAuthenticationRefused(error))
    return no('AuthenticationRefused', `${error.message}; ${howToRenew(droplet)}`);
  return no('Unreachable', error.message);
}

/** Nothing but a person's word makes another key good. */
function howToAccept(droplet: Droplet, shown: string | undefined): string {
  const { namespace, name } = droplet.metadata;
  const fingerprint = shown ?? "<what its console says to 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key'>";
  return `If this key is right, "kubectl annotate -n ${namespace} droplet ${name} --overwrite ${ACCEPT_HOST_KEY_ANNOTATION}=${fingerprint}"; ${howToRenew(droplet)}`;
}

const howToRenew = ({ metadata: { namespace, name } }: Droplet): string =>
  `its disk is lost if you recreate the server by "kubectl delete -n ${namespace} droplet ${name}"`;

/** What failed on a host that was reached. */
export function stepCondition(error: unknown, step: HostStep): ConditionValue | undefined {
  const doing = describeSteps([step]);
  if (isCommandTimeout(error))
    return no('TimedOut', `timed out trying to ${doing}: "ps aux" on the host may show why`);
  if (!isCommandFailed(error)) return undefined;
  if (/No space left on device|enough free (disk )?space/i.test(error.stderr))
    return no('DiskFull', `no space left to ${doing} (${lastWords(error)}): ${MAKE_ROOM}`);
  switch (step.type) {
    case 'provide-tools':
      return packagesCondition(error, step.tools.join(' and '));
    case 'reload':
      return no('ServiceFailed', `failed to ${doing}: ${lastWords(error)}`);
    case 'start-service':
      return no(
        'ServiceFailed',
        `${step.service} failed to start: ${lastWords(error)}; see "sudo journalctl -u ${step.service}" on the host`,
      );
    case 'write-files':
    case 'make-swap':
    case 'rotate-host-key':
      return no('CommandFailed', `failed to ${doing}: ${lastWords(error)}`);
  }
}

/** A file system may be full that is not the one of `/`, or have no inode left. */
const MAKE_ROOM = 'make room ("df -h; df -i" shows where, "sudo du -xh / | sort -h | tail" what is large)';

function packagesCondition(error: CommandFailed, tools: string): ConditionValue {
  if (error.code === PACKAGES_BUSY)
    return no(
      'AptBusy',
      `cannot install ${tools} yet, another process is using apt or dpkg: ${lastWords(error)}; wait for it, or stop it`,
    );
  return no(
    'PackagesFailed',
    `failed to install ${tools}: ${lastWords(error)}; check that "sudo apt-get update" succeeds on the host (network, /etc/apt/sources.list*)`,
  );
}

const LONGEST_WORDS = 1_000;

const lastWords = ({ stderr, code }: CommandFailed): string =>
  stderr
    .trim()
    .split(/[\r\n]+/)
    .join(' | ')
    .slice(-LONGEST_WORDS) || `exit code ${code}`;

const no = (reason: string, message: string): ConditionValue => ({ status: 'False', reason, message });
