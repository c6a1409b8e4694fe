import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  newClusters,
  newContexts,
  newUsers,
  type Cluster,
  type Context,
  type User,
} from '@kubernetes/client-node/dist/config_types.js';
import { parse } from 'yaml';

// The two sub-path imports of client-node (here and in credentials.ts) cost 5 ms together. The package's
// own entry, or its config.js, costs 400-750 ms and 85 MB, because it pulls in every generated API.

/** No way to a Kubernetes API could be read from what was given. The message is for a person. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

/** A user of a kubeconfig, with the file that its token is in, if it is in a file. */
export type KubeconfigUser = User & { tokenFile?: string };

/** What the current context of a kubeconfig points at. */
export interface KubeconfigSelection {
  cluster: Cluster;
  user: KubeconfigUser;
  namespace: string | undefined;
}

interface ParsedFile {
  currentContext: string | undefined;
  clusters: Cluster[];
  users: KubeconfigUser[];
  contexts: Context[];
}

interface RawUser {
  name?: string;
  user?: { 'token-file'?: string; tokenFile?: string } | null;
}

/**
 * The current context of the kubeconfig files, read as kubectl reads a list in $KUBECONFIG: the first file
 * that defines a name, or a current context, wins. Throws a KubeconfigError.
 */
export async function readKubeconfig(files: readonly string[]): Promise<KubeconfigSelection> {
  const parsed = await Promise.all(files.map(readFileOf));
  return select(files.join(', '), {
    currentContext: parsed.find(file => file.currentContext)?.currentContext,
    clusters: parsed.flatMap(file => file.clusters),
    users: parsed.flatMap(file => file.users),
    contexts: parsed.flatMap(file => file.contexts),
  });
}

async function readFileOf(file: string): Promise<ParsedFile> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new KubeconfigError(`cannot read the kubeconfig ${file}: ${error.message}`, { cause: error });
  });
  try {
    return parseKubeconfig(text, dirname(file));
  } catch (error) {
    // YAML errors quote the line that they are about, and that line may hold a token.
    const [reason] = (error as Error).message.split('\n', 1);
    throw new KubeconfigError(`the kubeconfig ${file} is not valid: ${reason}`);
  }
}

function parseKubeconfig(text: string, folder: string): ParsedFile {
  const root = (parse(text) ?? {}) as Record<string, unknown>;
  if (typeof root !== 'object') throw new Error('it is not a YAML mapping');
  const rawUsers = (root['users'] ?? []) as RawUser[];
  const current = root['current-context'];
  return {
    currentContext: typeof current === 'string' && current !== '' ? current : undefined,
    clusters: newClusters(root['clusters']).map(cluster => absolute(cluster, ['caFile'], folder)),
    users: rawUsers.map(raw => parseUser(raw, folder)),
    contexts: newContexts(root['contexts']),
  };
}

/** client-node reads a token file once and relative to the working folder, so it does not get to see it. */
function parseUser(raw: RawUser, folder: string): KubeconfigUser {
  const { 'token-file': dashed, tokenFile = dashed, ...rest } = raw.user ?? {};
  const [user] = newUsers([{ ...raw, user: rest }]);
  const withFile: KubeconfigUser = tokenFile === undefined ? user! : { ...user!, tokenFile };
  return absolute(withFile, ['certFile', 'keyFile', 'tokenFile'], folder);
}

/** Paths in a kubeconfig are relative to its own folder. */
function absolute<T extends object>(entry: T, fields: readonly (keyof T)[], folder: string): T {
  const copy = { ...entry };
  for (const field of fields) {
    const path = copy[field];
    if (typeof path === 'string') copy[field] = resolve(folder, path) as T[typeof field];
  }
  return copy;
}

function select(source: string, file: ParsedFile): KubeconfigSelection {
  const { currentContext } = file;
  if (currentContext === undefined) {
    throw new KubeconfigError(`the kubeconfig ${source} has no current-context`);
  }
  const context = find(file.contexts, currentContext, `current-context`, source);
  const cluster = find(file.clusters, context.cluster, `cluster of context "${context.name}"`, source);
  // A context without a user is anonymous, as with kubectl.
  const user = context.user
    ? find(file.users, context.user, `user of context "${context.name}"`, source)
    : { name: '' };
  return { cluster, user, namespace: context.namespace };
}

function find<T extends { name: string }>(list: T[], name: string, what: string, source: string): T {
  const entry = list.find(candidate => candidate.name === name);
  if (entry) return entry;
  throw new KubeconfigError(`the ${what} is "${name}", which the kubeconfig ${source} does not define`);
}
