import { makeFolders } from '../../files/folders.ts';
import type { FileSystem } from '../../files/file-system.ts';

// As the registry lays out its folder, so that what a script removes there is gone.

const base = (root: string): string => `${root}/docker/registry/v2`;
const tagsOf = (root: string, repository: string): string =>
  `${base(root)}/repositories/${repository}/_manifests/tags`;
const blobPath = (root: string, digest: string): string => {
  const digits = digest.replace(/^sha256:/, '');
  return `${base(root)}/blobs/sha256/${digits.slice(0, 2)}/${digits}/data`;
};

const readText = (files: FileSystem, path: string): string | undefined =>
  files.find(path)?.type === 'file' ? Buffer.from(files.read(path)).toString() : undefined;

/** Writes a file with the folders on the way. Throws FileError. */
function writeDeep(files: FileSystem, path: string, text: string): void {
  makeFolders(files, path.replace(/\/[^/]*$/, ''));
  files.write(path, Buffer.from(text));
}

/** A manifest by tag or digest. */
export function findManifest(
  files: FileSystem,
  root: string,
  repository: string,
  tagOrDigest: string,
): { digest: string; text: string } | undefined {
  const digest = tagOrDigest.startsWith('sha256:')
    ? tagOrDigest
    : readText(files, `${tagsOf(root, repository)}/${tagOrDigest}/current/link`);
  if (digest === undefined || files.find(tagsOf(root, repository)) === undefined) return undefined;
  const text = readText(files, blobPath(root, digest));
  return text === undefined ? undefined : { digest, text };
}

export function putManifest(
  files: FileSystem,
  root: string,
  repository: string,
  tag: string,
  { digest, text }: { digest: string; text: string },
): void {
  writeDeep(files, blobPath(root, digest), text);
  writeDeep(files, `${tagsOf(root, repository)}/${tag}/current/link`, digest);
}

export function listTags(files: FileSystem, root: string, repository: string): string[] | undefined {
  const folder = tagsOf(root, repository);
  return files.find(folder) === undefined ? undefined : files.list(folder);
}

/** The repositories, by where their tags stand. */
export function listRepositories(files: FileSystem, root: string): string[] {
  const top = `${base(root)}/repositories`;
  const below = (path: string): string[] => {
    if (files.find(`${path}/_manifests`) !== undefined) return [path.slice(top.length + 1)];
    return files.find(path)?.type === 'directory'
      ? files.list(path).flatMap(name => below(`${path}/${name}`))
      : [];
  };
  return below(top);
}

/** Takes every tag of a manifest away. */
export function removeManifest(files: FileSystem, root: string, repository: string, digest: string): void {
  for (const tag of listTags(files, root, repository) ?? [])
    if (readText(files, `${tagsOf(root, repository)}/${tag}/current/link`) === digest) {
      const folder = `${tagsOf(root, repository)}/${tag}`;
      files.remove(`${folder}/current/link`, 'file');
      files.remove(`${folder}/current`, 'directory');
      files.remove(folder, 'directory');
    }
}

/** Removes what no tag leads to; the digests. */
export function collectGarbage(files: FileSystem, root: string): string[] {
  const used = new Set(
    listRepositories(files, root).flatMap(repository =>
      (listTags(files, root, repository) ?? []).map(tag =>
        readText(files, `${tagsOf(root, repository)}/${tag}/current/link`),
      ),
    ),
  );
  const folder = `${base(root)}/blobs/sha256`;
  if (files.find(folder) === undefined) return [];
  const digests = files
    .list(folder)
    .flatMap(prefix => files.list(`${folder}/${prefix}`).map(digits => `sha256:${digits}`));
  const unused = digests.filter(
    digest => !used.has(digest) && files.find(blobPath(root, digest)) !== undefined,
  );
  for (const digest of unused) files.remove(blobPath(root, digest), 'file');
  return unused;
}
