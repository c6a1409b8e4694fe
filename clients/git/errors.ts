/** Why git could not do it, in one word. */
export type GitFailureReason =
  | 'NotInstalled'
  | 'InvalidUrl'
  | 'InvalidRef'
  | 'RepositoryNotFound'
  | 'Unreachable'
  | 'CredentialsNeeded'
  | 'UnknownHostKey'
  | 'ForeignOwner'
  | 'EmptyRepository'
  | 'UnknownRef'
  | 'Submodules'
  | 'LargeFiles'
  | 'PushRefused'
  | 'FolderNotEmpty'
  | 'TimedOut'
  | 'Failed';

/** Git did not do what it was asked. The message is a sentence for a person; no credentials are in it. */
export class GitError extends Error {
  override readonly name = 'GitError';
  readonly reason: GitFailureReason;
  /** With UnknownRef: the branches that there are. */
  readonly branches: readonly string[];

  constructor(reason: GitFailureReason, message: string, branches: readonly string[] = []) {
    super(message);
    this.reason = reason;
    this.branches = branches;
  }
}

export const isGitError = (error: unknown): error is GitError => error instanceof GitError;
