import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Cluster, Context, User } from '@kubernetes/client-node/dist/config_types.js';
import { parse } from 'yaml';
import { printable, quoted, shortened } from '../log/printable.ts';
import { mapping, mappingsIn, type Mapping } from './kubeconfig-shape.ts';

/** No way to a Kubernetes API could be read from what was given. The message is for a person. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

/** A program that prints credentials: client.authentication.k8s.io. */
export interface ExecSpec {
  apiVersion?: string;
  command: string;
  args: readonly string[];
  /** Added to the process's own environment. */
  env: readonly { name: string; value: string }[];
  /** Where to get it. */
  installHint?: string;
  provideClusterInfo: boolean;
}

/** A user of a kubeconfig, with the file that its token is in, if it is in a file. */
export type KubeconfigUser = Omit<User, 'exec'> & { tokenFile?: string; exec?: ExecSpec };

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
    const [reason = ''] = (error as Error).message.split('\n', 1);
    throw new KubeconfigError(`the kubeconfig ${file} is not valid: ${printable(shortened(reason, 300))}`);
  }
}

function parseKubeconfig(text: string, folder: string): ParsedFile {
  const root = mapping(parse(text) ?? {}, '');
  return {
    currentContext: root.text('current-context') || undefined,
    clusters: mappingsIn(root, 'clusters').map(entry => readCluster(entry, folder)),
    users: mappingsIn(root, 'users').map(entry => readUser(entry, folder)),
    contexts: mappingsIn(root, 'contexts').map(readContext),
  };
}

function readCluster(entry: Mapping, folder: string): Cluster {
  const cluster = entry.needed('cluster');
  const read: Cluster = withoutUndefined({
    name: entry.neededText('name'),
    server: cluster.neededText('server'),
    caData: cluster.text('certificate-authority-data'),
    caFile: cluster.text('certificate-authority'),
    skipTLSVerify: cluster.flag('insecure-skip-tls-verify'),
    tlsServerName: cluster.text('tls-server-name'),
    proxyUrl: cluster.text('proxy-url') || undefined,
  });
  return absolute(read, ['caFile'], folder);
}

function readContext(entry: Mapping): Context {
  const context = entry.needed('context');
  return withoutUndefined({
    name: entry.neededText('name'),
    cluster: context.neededText('cluster'),
    user: context.text('user') ?? '',
    namespace: context.text('namespace') || undefined,
  });
}

function readUser(entry: Mapping, folder: string): KubeconfigUser {
  const user = entry.inner('user');
  const exec = user?.inner('exec');
  const read: KubeconfigUser = withoutUndefined({
    name: entry.neededText('name'),
    certData: user?.text('client-certificate-data'),
    certFile: user?.text('client-certificate'),
    keyData: user?.text('client-key-data'),
    keyFile: user?.text('client-key'),
    token: user?.text('token'),
    tokenFile: user?.text('tokenFile') ?? user?.text('token-file'),
    username: user?.text('username'),
    password: user?.text('password'),
    impersonateUser: user?.text('as'),
    authProvider: user?.inner('auth-provider')?.value,
    exec: exec && readExec(exec, folder),
  });
  return absolute(read, ['certFile', 'keyFile', 'tokenFile'], folder);
}

/** A command with a slash in it is relative to the kubeconfig's folder; one without is looked for in PATH. */
function readExec(exec: Mapping, folder: string): ExecSpec {
  const command = exec.neededText('command');
  return withoutUndefined({
    command: command.includes('/') ? resolve(folder, command) : command,
    args: exec.texts('args'),
    env: mappingsIn(exec, 'env').map(entry => ({
      name: entry.neededText('name'),
      value: entry.text('value') ?? '',
    })),
    apiVersion: exec.text('apiVersion'),
    installHint: exec.text('installHint'),
    provideClusterInfo: exec.flag('provideClusterInfo'),
  });
}

/** An absent field instead of an undefined one. */
function withoutUndefined<T extends object>(object: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
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
  const cluster = find(file.clusters, context.cluster, `cluster of context ${quoted(context.name)}`, source);
  // A context without a user is anonymous, as with kubectl.
  const user = context.user
    ? find(file.users, context.user, `user of context ${quoted(context.name)}`, source)
    : { name: '' };
  return { cluster, user, namespace: context.namespace };
}

function find<T extends { name: string }>(list: T[], name: string, what: string, source: string): T {
  const entry = list.find(candidate => candidate.name === name);
  if (entry) return entry;
  throw new KubeconfigError(`the ${what} is ${quoted(name)}, which the kubeconfig ${source} does not define`);
}
