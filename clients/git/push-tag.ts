import { hostname } from 'node:os';
import { quoted } from '../log/printable.ts';
import { GitError } from './errors.ts';
import { gitFailure } from './failures.ts';
import type { GitRunner } from './run.ts';

/** An annotated tag. */
export interface NewTag {
  name: string;
  commit: string;
  message: string;
}

/** Makes the tag in the bare repository `cwd` and pushes it; false when the remote has that name already. */
export async function pushTag(
  git: GitRunner,
  cwd: string,
  url: string,
  tag: NewTag,
  signal: AbortSignal,
): Promise<boolean> {
  await expectTagName(git, cwd, tag.name, signal);
  const id = await makeTag(git, cwd, url, tag, signal);
  const to = `refs/tags/${tag.name}`;
  const how = ['--porcelain', '--no-verify', '--no-follow-tags', '--end-of-options', url, `${id}:${to}`];
  const { code, stdout, stderr } = await git.run({ cwd, args: ['push', ...how] }, signal);
  if (code === 0) return /^\*\t/m.test(stdout);
  const refusal = /^!\t[^\t]*\t(.*)$/m.exec(stdout)?.[1];
  if (refusal === undefined) throw gitFailure('push', url, stderr);
  // The second is what a server says when somebody else made it in the same moment.
  if (/already exists|reference already exists|fetch first/.test(`${refusal}\n${stderr}`)) return false;
  throw new GitError(
    'PushRefused',
    `${url} refused the tag ${tag.name}: ${refusal}; may this user push tags there?`,
  );
}

async function expectTagName(git: GitRunner, cwd: string, name: string, signal: AbortSignal): Promise<void> {
  const { code } = await git.run({ cwd, args: ['check-ref-format', `refs/tags/${name}`] }, signal);
  if (code !== 0 || name.startsWith('-'))
    throw new GitError('InvalidRef', `${quoted(name)} is no name for a tag`);
}

/** Not by `git tag`, which a person's settings may have signed by a program that asks for a password. */
async function makeTag(
  git: GitRunner,
  cwd: string,
  url: string,
  { name, commit, message }: NewTag,
  signal: AbortSignal,
): Promise<string> {
  const tagger = await taggerOf(git, cwd, signal);
  const input = `object ${commit}\ntype commit\ntag ${name}\ntagger ${tagger}\n\n${message}\n`;
  const { code, stdout, stderr } = await git.run({ cwd, args: ['mktag'], input }, signal);
  if (code !== 0) throw gitFailure('mktag', url, stderr);
  return stdout.trim();
}

/** The person that git is set up for, with the time; dropfleet where it is for nobody. */
async function taggerOf({ run }: GitRunner, cwd: string, signal: AbortSignal): Promise<string> {
  const args = ['-c', 'user.useConfigOnly=true', 'var', 'GIT_COMMITTER_IDENT'];
  const own = await run({ cwd, args }, signal);
  if (own.code === 0) return own.stdout.trim();
  const env = { GIT_COMMITTER_NAME: 'dropfleet', GIT_COMMITTER_EMAIL: `dropfleet@${hostname()}` };
  return (await run({ cwd, env, args }, signal)).stdout.trim();
}
