/** What a command did. */
interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A host that commands can be run on, and that takes a stream; clients/ssh's is one. */
export interface BuildHost {
  run(
    argv: readonly string[],
    options: {
      stdin?: string | AsyncIterable<string | Uint8Array>;
      timeoutMs?: number;
      signal?: AbortSignal;
    },
  ): Promise<CommandResult>;
}

/** A host could not do what it was asked. The message is a sentence for a person; it is tried again. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
}

export const isBuildError = (error: unknown): error is BuildError => error instanceof BuildError;
