/** Something over SSH did not work. The message is a sentence for a person; no secret is in it. */
export class SshError extends Error {
  override readonly name: string = 'SshError';
}

/** No connection could be made: nothing answers, or what answers does not speak SSH in time. */
export class HostUnreachable extends SshError {
  override readonly name = 'HostUnreachable';
}

/** What answers is not the host that is expected; it was told nothing, not even the user's name. */
export class HostKeyMismatch extends SshError {
  override readonly name = 'HostKeyMismatch';
  /** The fingerprints that would have been accepted. */
  readonly expected: readonly string[];
  /** The fingerprint that was shown; undefined when none is pinned, as then nobody was asked. */
  readonly shown: string | undefined;

  constructor(message: string, expected: readonly string[], shown: string | undefined) {
    super(message);
    this.expected = expected;
    this.shown = shown;
  }
}

/** The host is the right one, but does not let this key in. */
export class AuthenticationRefused extends SshError {
  override readonly name = 'AuthenticationRefused';
}

/** The connection ended under a command that had been sent: whether it ran, and how far, is not known. */
export class ConnectionLost extends SshError {
  override readonly name = 'ConnectionLost';
}

/** A command took too long and was told to end. */
export class CommandTimeout extends SshError {
  override readonly name = 'CommandTimeout';
}

/** The caller's own signal stopped the call. */
export class CommandAborted extends SshError {
  override readonly name = 'CommandAborted';
}

/** A command ended with an exit code that says failure. */
export class CommandFailed extends SshError {
  override readonly name = 'CommandFailed';
  /** As in CommandResult. */
  readonly code: number;
  readonly stderr: string;

  constructor(message: string, code: number, stderr: string) {
    super(message);
    this.code = code;
    this.stderr = stderr;
  }
}

/** A command wrote more than it may, and was told to end. */
export class OutputTooLong extends SshError {
  override readonly name = 'OutputTooLong';
}

/**
 * Why a forward was not opened. `refused`: who it leads to is there, and said no. `unreachable`: nobody answered, or
 * there is no way. `prohibited`: the host itself would not, so that nothing is known of who it leads to.
 */
export type ForwardRefusal = 'refused' | 'unreachable' | 'prohibited';

/** The host could not, or would not, connect to where a forward leads. */
export class ForwardRefused extends SshError {
  override readonly name = 'ForwardRefused';
  readonly refusal: ForwardRefusal;

  constructor(message: string, refusal: ForwardRefusal) {
    super(message);
    this.refusal = refusal;
  }
}

export const isSshError = (error: unknown): error is SshError => error instanceof SshError;

/** The host may be down, booting, or behind a firewall: try again later. */
export const isUnreachable = (error: unknown): error is HostUnreachable => error instanceof HostUnreachable;

/** Another machine answers on the address, or the host's key was replaced: a person must act. */
export const isHostKeyMismatch = (error: unknown): error is HostKeyMismatch =>
  error instanceof HostKeyMismatch;

/** The key is not, or no longer, in the user's authorized_keys: a person must act. */
export const isAuthenticationRefused = (error: unknown): error is AuthenticationRefused =>
  error instanceof AuthenticationRefused;

/** The command may have run: repeat it only if it is idempotent. */
export const isConnectionLost = (error: unknown): error is ConnectionLost => error instanceof ConnectionLost;

export const isCommandTimeout = (error: unknown): error is CommandTimeout => error instanceof CommandTimeout;

export const isCommandAborted = (error: unknown): error is CommandAborted => error instanceof CommandAborted;

export const isCommandFailed = (error: unknown): error is CommandFailed => error instanceof CommandFailed;

export const isOutputTooLong = (error: unknown): error is OutputTooLong => error instanceof OutputTooLong;

export const isForwardRefused = (error: unknown): error is ForwardRefused => error instanceof ForwardRefused;
