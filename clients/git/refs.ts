/** A branch or tag of a remote repository. */
export interface RemoteRef {
  /** The whole name, such as refs/heads/main. */
  name: string;
  /** What it leads to; of an annotated tag what was tagged. */
  commit: string;
}

const HEADS = 'refs/heads/';
const TAGS = 'refs/tags/';

/** What `git ls-remote` printed. */
export function parseRefs(output: string): RemoteRef[] {
  const refs = new Map<string, string>();
  for (const line of output.split('\n')) {
    const [id, name] = line.split('\t', 2);
    // An annotated tag comes twice: as itself, then with ^{} as what was tagged.
    if (id !== undefined && name !== undefined) refs.set(name.replace(/\^\{\}$/, ''), id);
  }
  return [...refs].map(([name, commit]) => ({ name, commit }));
}

/** What a person means by that name, in git's own order: a whole name, a tag, a branch. */
export function findRef(refs: readonly RemoteRef[], name: string): RemoteRef | undefined {
  const byName = new Map(refs.map(ref => [ref.name, ref]));
  return byName.get(name) ?? byName.get(TAGS + name) ?? byName.get(HEADS + name);
}

/** The one ref at a commit that begins so, where it is given in at least 7 characters. */
export function findAbbreviated(refs: readonly RemoteRef[], start: string): RemoteRef | undefined {
  if (!/^[0-9a-f]{7,63}$/.test(start)) return undefined;
  const commits = Map.groupBy(
    refs.filter(({ commit }) => commit.startsWith(start)),
    ({ commit }) => commit,
  );
  return commits.size === 1 ? [...commits.values()][0]![0] : undefined;
}

export const isCommitId = (text: string): boolean => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);

export const branchesOf = (refs: readonly RemoteRef[]): string[] => namesUnder(refs, HEADS);

/** The tags by their own names. */
export const tagsOf = (refs: readonly RemoteRef[]): { name: string; commit: string }[] =>
  refs
    .filter(({ name }) => name.startsWith(TAGS))
    .map(({ name, commit }) => ({ name: name.slice(TAGS.length), commit }));

const namesUnder = (refs: readonly RemoteRef[], prefix: string): string[] =>
  refs.filter(({ name }) => name.startsWith(prefix)).map(({ name }) => name.slice(prefix.length));
