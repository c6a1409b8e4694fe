import { printable } from '../log/printable.ts';
import { GitError, type GitFailureReason } from './errors.ts';
import { withoutUser } from './remote-url.ts';

interface KnownFailure {
  reason: GitFailureReason;
  says: RegExp;
  /** A sentence about the repository of that name. */
  message(repository: string): string;
}

/** What git, ssh and curl say in English, by what is the matter. The first that fits counts. */
const KNOWN: readonly KnownFailure[] = [
  {
    reason: 'ForeignOwner',
    says: /dubious ownership/,
    message: repository =>
      `${repository} belongs to another user, so git does not read it: "git config --global --add safe.directory <its path>" allows it`,
  },
  {
    reason: 'UnknownHostKey',
    says: /host key verification failed/i,
    message: repository =>
      `the host key of ${repository} is not known, or is another one: connect by hand with ssh once and check it`,
  },
  {
    reason: 'CredentialsNeeded',
    says: /could not read (username|password)|authentication failed|permission denied \(|permission denied, please|returned error: 40[13]|http basic: access denied|too many authentication failures/i,
    message: repository =>
      `${repository} does not let this user in, or there is no such repository: "git ls-remote ${repository}" must work without a question; give git a credential helper, or ssh an agent or a key`,
  },
  {
    reason: 'RepositoryNotFound',
    says: /repository .*not found|does not appear to be a git repository|repository not exported|no such file or directory|does not exist|returned error: 404|not valid: is this a git repository/i,
    message: repository => `there is no repository ${repository}: check git_config in deployment_config.json`,
  },
  {
    reason: 'Unreachable',
    says: /could not resolve host|connection refused|connection timed out|network is unreachable|no route to host|unable to connect|failed to connect|could(n't| not) connect|connection reset|name or service not known|temporary failure in name|hung up unexpectedly|early eof|unable to access|connection closed|operation too slow/i,
    message: repository =>
      `${repository} cannot be reached: check the network and the address, and try again`,
  },
];

/** The error for what git said before it failed. `doing` is what it was told to do, such as "fetch". */
export function gitFailure(doing: string, repository: string, complaints: string): GitError {
  const name = withoutUser(repository);
  const said = withoutUser(complaints);
  const detail = printable(lastLines(said));
  const known = KNOWN.find(({ says }) => says.test(said));
  if (known === undefined)
    return new GitError('Failed', `git ${doing} of ${name} failed${detail && `: ${detail}`}`);
  return new GitError(known.reason, `${known.message(name)}${detail && ` (git said: ${detail})`}`);
}

/** Without what a server adds to be read at leisure, and without git's advice. */
function lastLines(complaints: string): string {
  const lines = complaints
    .split(/[\r\n]+/)
    .map(line => line.trim())
    .filter(line => /^(fatal|error|remote|ssh|.*: permission denied)\b/i.test(line));
  return lines.slice(0, 2).join('; ').slice(0, 300);
}
