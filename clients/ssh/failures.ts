import {
  AuthenticationRefused,
  CommandAborted,
  CommandFailed,
  CommandTimeout,
  ConnectionLost,
  ForwardRefused,
  HostKeyMismatch,
  HostUnreachable,
  OutputTooLong,
  type ForwardRefusal,
} from './errors.ts';
import type { CommandResult, HostAccess } from './ssh.ts';

type Place = Pick<HostAccess, 'address' | 'port'>;

/** How much of what a program said an error repeats. */
const LONGEST_QUOTE = 300;
/** How much of a command line an error repeats. */
const LONGEST_COMMAND = 120;

/** The error for a connection that could not be made because of `why`. */
export function unreachable(place: Place, why: string): HostUnreachable {
  return new HostUnreachable(
    `${nameOf(place)} cannot be reached by SSH (${why}): check that the droplet is on, and that firewalls let this machine in`,
  );
}

/** The error for a host whose key is not one of the expected. */
export function keyMismatch(
  { address, port, hostKeys }: Place & Pick<HostAccess, 'hostKeys'>,
  shown: string,
): HostKeyMismatch {
  return new HostKeyMismatch(
    `${nameOf({ address, port })} shows the SSH host key ${shown} but ${hostKeys.join(' or ')} is expected, so nothing was sent to it: ` +
      'either another machine answers on this address, or the host key was replaced; if you replaced it, put the old key back, or recreate the droplet, which loses its disk',
    hostKeys,
    shown,
  );
}

/** The error for a host that no key is known of. */
export function keyUnknown(place: Place): HostKeyMismatch {
  return new HostKeyMismatch(
    `the SSH host key of ${nameOf(place)} is not known, so it is not connected to: nothing is trusted on first use`,
    [],
    undefined,
  );
}

/** The error for a host that did not accept the key for that user. */
export function loginRefused(place: Place, user: string): AuthenticationRefused {
  return new AuthenticationRefused(
    `${nameOf(place)} refuses the SSH key for user ${user}: put dropfleet's public key back into the user's authorized_keys`,
  );
}

/** The error for a connection that ended under what was being done. */
export function lost(place: Place, doing: string): ConnectionLost {
  return new ConnectionLost(
    `the SSH connection to ${nameOf(place)} was lost during ${doing}: whether it was carried out is not known`,
  );
}

/** The error for a host that lets one in but opens no channel. */
export function opensNoChannel(place: Place): HostUnreachable {
  return new HostUnreachable(
    `${nameOf(place)} lets dropfleet in but runs no command: check MaxSessions in its sshd_config, and whether it has memory left`,
  );
}

/** The error for a command that was not done in time. */
export function commandTimedOut(place: Place, argv: readonly string[], timeoutMs: number): CommandTimeout {
  return new CommandTimeout(
    `${describeCommand(argv)} on ${nameOf(place)} did not end within ${timeoutMs / 1_000} s and was stopped`,
  );
}

/** The error for what its caller stopped. */
export function stopped(place: Place, doing: string): CommandAborted {
  return new CommandAborted(`${doing} on ${nameOf(place)} was stopped before it ended`);
}

/** The error for a command that floods its output. */
export function tooLong(place: Place, argv: readonly string[], bytes: number): OutputTooLong {
  return new OutputTooLong(
    `${describeCommand(argv)} on ${nameOf(place)} wrote more than ${bytes} bytes and was stopped`,
  );
}

/** The error for a command whose exit code says failure. */
export function commandFailed(
  place: Place,
  doing: string,
  { code, stderr }: Pick<CommandResult, 'code' | 'stderr'>,
): CommandFailed {
  const detail = stderr
    .trim()
    .replaceAll(/\s*\n\s*/g, '; ')
    .slice(-LONGEST_QUOTE);
  return new CommandFailed(
    `${doing} on ${nameOf(place)} failed with exit code ${code}${detail === '' ? '' : `: ${detail}`}`,
    code,
    stderr,
  );
}

/** The error for a forward that found nobody. */
export function forwardRefused(
  place: Place,
  target: string,
  { message, code }: { message: string; code: number | undefined },
): ForwardRefused {
  return new ForwardRefused(
    `${nameOf(place)} cannot connect to ${target}: ${message}`,
    refusalOf(message, code),
  );
}

/** SSH_OPEN_CONNECT_FAILED of RFC 4254; with it sshd says what the C library said of the attempt. */
const CONNECT_FAILED = 2;

function refusalOf(message: string, code: number | undefined): ForwardRefusal {
  if (code !== CONNECT_FAILED) return 'prohibited';
  return /refused/i.test(message) ? 'refused' : 'unreachable';
}

/** A command as errors name it. */
export function describeCommand(argv: readonly string[]): string {
  const line = argv.join(' ').replaceAll(/\s+/g, ' ');
  return `"${line.length > LONGEST_COMMAND ? `${line.slice(0, LONGEST_COMMAND)}...` : line}"`;
}

const nameOf = ({ address, port }: Place): string => `${address} port ${port}`;
