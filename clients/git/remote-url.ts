import { resolve } from 'node:path';
import { quoted } from '../log/printable.ts';
import { GitError } from './errors.ts';

const SCHEMES: ReadonlySet<string> = new Set(['https', 'http', 'ssh', 'git', 'file']);

/**
 * The address as git may be given it, with a local path made absolute. What git would take for an option or for a
 * program to run is refused, and so is a password, which would show in the list of processes and in objects.
 * @throws GitError
 */
export function expectRemoteUrl(url: string): string {
  const problem = problemOf(url);
  if (problem !== undefined)
    throw new GitError(
      'InvalidUrl',
      `${quoted(withoutUser(url), 200)} is no address of a repository: ${problem}`,
    );
  return isLocalPath(url) ? resolve(url) : url;
}

function problemOf(url: string): string | undefined {
  if (url === '') return 'it is empty';
  if (/\p{Cc}/u.test(url)) return 'it has control characters';
  if (url.startsWith('-')) return 'it begins like an option';
  // A transport that is a program of its own, such as ext::, is named in front of two colons.
  if (/^[a-z0-9][a-z0-9+.-]*::/i.test(url)) return 'transports of that kind are not allowed';
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return isScpLike(url) ? problemOfScp(url) : undefined;
  if (!SCHEMES.has(scheme)) return `use one of ${[...SCHEMES].join(', ')}`;
  const authority = url.slice(scheme.length + 3).split('/', 1)[0]!;
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  if (host.startsWith('-') || authority.startsWith('-')) return 'its host begins like an option';
  if (host === '' && scheme !== 'file') return 'it names no host';
  if (scheme !== 'file' && /^[^@]*:.*@/.test(authority))
    return 'there is a password in it; give git a credential helper or an SSH key instead';
}

const problemOfScp = (url: string): string | undefined =>
  /^([^@]*@)?-/.test(url) ? 'its host begins like an option' : undefined;

/** `user@host:path`: a colon before any slash. */
const isScpLike = (url: string): boolean => /^[^/]*:/.test(url);

const isLocalPath = (url: string): boolean => !/^[a-z][a-z0-9+.-]*:\/\//i.test(url) && !isScpLike(url);

/** A text without the user, and with him the password or token, of the addresses in it. */
export const withoutUser = (text: string): string => text.replace(/(:\/\/)[^/\s'"]*@/g, '$1');
