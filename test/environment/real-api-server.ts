import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** In the folder of assets, or not: a cluster's controllers. */
export const CONTROLLER_MANAGER = 'kube-controller-manager';

/** A kube-apiserver, 1.20 or newer, with its own etcd: TLS, RBAC, and a cluster-admin's token in the kubeconfig. */
export interface RealApiServer {
  /** Path of a kubeconfig. */
  kubeconfig: string;
  /** Rejects, with the end of its log, when one of the two processes ends by itself. */
  crashed: Promise<never>;
  /** Starts the controllers that delete dependents and empty namespaces, if they are among the assets. */
  startControllers(): Promise<void>;
  close(): Promise<void>;
}

/** Starts `etcd` and `kube-apiserver` from `assets`; they answer only some seconds later. */
export async function startRealApiServer(assets: string): Promise<RealApiServer> {
  const folder = await mkdtemp(join(tmpdir(), 'dropfleet-apiserver-'));
  const [port, etcdPort, peerPort] = await freePorts(3);
  const token = randomBytes(16).toString('hex');
  await writeIdentity(folder, token);
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, await kubeconfigOf(folder, port!, token), { mode: 0o600 });
  const processes = [
    start(folder, join(assets, 'etcd'), etcdFlags(folder, etcdPort!, peerPort!)),
    start(folder, join(assets, 'kube-apiserver'), apiServerFlags(folder, port!, etcdPort!)),
  ];
  return {
    kubeconfig,
    crashed: Promise.race(processes.map(({ crashed }) => crashed)),
    async startControllers() {
      const program = join(assets, CONTROLLER_MANAGER);
      if (!existsSync(program)) return;
      const { stdout: help } = await promisify(execFile)(program, ['--help']);
      processes.push(start(folder, program, controllerFlags(kubeconfig, help)));
    },
    async close() {
      for (const child of processes.toReversed()) await child.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** All at once, so that no two are the same. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map(server => once(server, 'listening')));
  const ports = servers.map(server => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(server => promisify(server.close.bind(server))()));
  return ports;
}

/** One certificate that is its own CA, a key for service account tokens, and the admin's token. */
async function writeIdentity(folder: string, token: string): Promise<void> {
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost';
  const files = ['-keyout', join(folder, 'tls.key'), '-out', join(folder, 'tls.crt')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', names, '-days', '2'];
  await promisify(execFile)('openssl', ['req', '-x509', ...newKey, ...subject, ...files]);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(join(folder, 'sa.key'), privateKey.export({ type: 'sec1', format: 'pem' }));
  await writeFile(join(folder, 'sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`);
}

async function kubeconfigOf(folder: string, port: number, token: string): Promise<string> {
  const ca = await readFile(join(folder, 'tls.crt'), 'base64');
  const cluster = { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': ca };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'admin', user: { token } }],
  });
}

function etcdFlags(folder: string, port: number, peerPort: number): string[] {
  const url = `http://127.0.0.1:${port}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    '--unsafe-no-fsync',
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
  ];
}

function apiServerFlags(folder: string, port: number, etcdPort: number): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    `--cert-dir=${folder}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    // Newer ones refuse to name a loopback address as the place where pods find them.
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${join(folder, 'tls.crt')}`,
    `--tls-private-key-file=${join(folder, 'tls.key')}`,
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(folder, 'sa.pub')}`,
    `--service-account-signing-key-file=${join(folder, 'sa.key')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
  ];
}

/** `help` is what the program says of itself: up to 1.23 it also listens without TLS, on a port that others may have. */
const controllerFlags = (kubeconfig: string, help: string): string[] => [
  `--kubeconfig=${kubeconfig}`,
  '--controllers=garbagecollector,namespace',
  '--leader-elect=false',
  '--secure-port=0',
  ...(/^ +--port int/m.test(help) ? ['--port=0'] : []),
];

function start(
  folder: string,
  program: string,
  flags: string[],
): { crashed: Promise<never>; stop(): Promise<void> } {
  const log = `${join(folder, 'log')}-${flags.length}`;
  const output = openSync(log, 'a');
  const child = spawn(program, flags, { stdio: ['ignore', output, output] });
  closeSync(output);
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  let isStopping = false;
  const ended = endOf(child);
  const crashed = ended.then(async how => {
    if (isStopping) return new Promise<never>(() => undefined);
    const lines = (await readFile(log, 'utf8')).trim().split('\n').slice(-5).join('\n');
    throw new Error(`${program} ended by itself (${how}):\n${lines}`);
  });
  crashed.catch(() => undefined);
  return {
    crashed,
    async stop() {
      isStopping = true;
      process.removeListener('exit', kill);
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    child.once('error', error => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}
