import type { Duplex } from 'node:stream';

/** What it takes to reach a host and to know it. */
export interface HostAccess {
  /** An IP address or a host name. */
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** OpenSSH's or PEM's text; asked for when a connection is made. */
  readonly privateKey: HiddenText;
  /**
   * The SHA-256 fingerprints (`SHA256:...`) of the host keys that are accepted, and no others: one, or two while
   * a key is being replaced. With none nothing is connected to.
   */
  readonly hostKeys: readonly string[];
}

/** A secret that shows itself only when asked; config's SecretText is one. */
export interface HiddenText {
  reveal(): string;
}

/** How a command is run. */
export interface RunOptions {
  /** What it reads; nothing when absent. A stream is read only as fast as the host takes it. */
  stdin?: string | Uint8Array | AsyncIterable<string | Uint8Array>;
  /** From when the host is asked until the command has ended, in milliseconds; 60 s by default. */
  timeoutMs?: number;
  /**
   * Stops waiting at once and tells the remote process: SIGTERM, which sudo passes on, and its input and output are
   * closed. Only where the login is root's own does sshd pass no signal on.
   */
  signal?: AbortSignal;
  /**
   * The most that stdout may hold, in bytes; 1 MiB by default. A command that writes more is stopped, because
   * half an observation is none. Of stderr the last so many bytes are kept.
   */
  maxOutputBytes?: number;
  /**
   * Gets stdout as it comes, which then is not kept: the result has none, and there is no limit. What it answers is
   * waited for before the host may send much more.
   */
  onOutput?: (chunk: Buffer) => Promise<void> | undefined;
}

/** What a command did. */
export interface CommandResult {
  /** The exit code; as in a shell, 128 and the signal's number when a signal ended it. */
  readonly code: number;
  /** stdout, read as UTF-8. */
  readonly stdout: string;
  /** stdout as it came. */
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
}

/** Whose a written file is and who may use it. */
export interface FileAttributes {
  /** Permission bits, such as 0o644. */
  readonly mode: number;
  /** `user:group`; root:root by default. */
  readonly owner?: string;
}

/**
 * One host. All its users share one connection, made when it is first needed and again when it was lost. Every
 * method rejects with an SshError (errors.ts), whose message is a sentence for a person.
 */
export interface SshHost {
  /**
   * Runs a program with these arguments; no shell sees them unquoted. Any exit code is an answer. No secret may be
   * an argument: they are visible to everybody on the host, and in errors. `stdin` is for secrets.
   */
  run(argv: readonly string[], options?: RunOptions): Promise<CommandResult>;
  /** `run`, but an exit code other than 0 rejects with CommandFailed, which quotes what stderr said. */
  succeed(argv: readonly string[], options?: RunOptions): Promise<CommandResult>;
  /**
   * Replaces the file as a whole or not at all, as root (through `sudo -n` when the user is another). Its folder
   * must be there. A reader sees the old content or the new, also when the connection or the power is lost.
   */
  writeFile(
    path: string,
    content: string | Uint8Array,
    attributes: FileAttributes,
    options?: Pick<RunOptions, 'timeoutMs' | 'signal'>,
  ): Promise<void>;
  /** A TCP connection that leaves from the host (direct-tcpip); rejects with ForwardRefused when nothing answers. */
  forward(address: string, port: number, options?: Pick<RunOptions, 'signal'>): Promise<Duplex>;
  /** Logs in, if need be, and answers the host's verified public key: type and base64, as in known_hosts. */
  hostKey(options?: Pick<RunOptions, 'signal'>): Promise<string>;
}

/** The connections to all hosts, one for each. */
export interface SshPool {
  /** The host with that access; nothing is connected yet. Equal accesses share a connection. */
  host(access: HostAccess): SshHost;
  /** Ends every connection; commands in progress are lost. */
  close(): void;
}
