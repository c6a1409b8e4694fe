// A thousand emulated droplets in one process: `node test/bench/emulated-hosts.ts [HOSTS]`. They are made through
// the sandbox's API, listed, and each answers a command over SSH; the clients run in this process too.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../clients/clock.ts';
import { fingerprintOfLine } from '../../clients/ssh/fingerprint.ts';
import { generateKeyPair } from '../../clients/ssh/key-pair.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import { renderUserData } from '../../reconcilers/host/render.ts';
import { createEmulatedDriver } from '../../sandbox/hosts/emulated/driver.ts';
import { startSandbox } from '../../sandbox/server.ts';
import { NO_LIMITS, residentMegabytes } from './rig.ts';

const HOSTS = Number(process.argv[2] ?? 1_000);
/** Requests and connections under way at once. */
const AT_ONCE = 16;

const folder = await mkdtemp(join(tmpdir(), 'dropfleet-bench-'));
const keys = await generateKeyPair('bench');
const hostKey = await generateKeyPair('host');
const userData = renderUserData({ role: 'web', engine: 'docker' }, hostKey, keys.publicKey);
const driver = await createEmulatedDriver({ folder, clock: systemClock, random: Math.random });
const problems: string[] = [];
const sandbox = await startSandbox({
  port: 0,
  bootDelayMs: 0,
  hosts: driver,
  limits: NO_LIMITS,
  onProblem: line => problems.push(line),
});

interface Listed {
  readonly status: string;
  readonly networks: { readonly v4: readonly { readonly type: string; readonly ip_address: string }[] };
}

async function api<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${sandbox.url}/v2${path}`, {
    method,
    headers: { authorization: 'Bearer bench', 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

async function list(): Promise<Listed[]> {
  const found: Listed[] = [];
  for (let page = 1; found.length < HOSTS; page++) {
    const { droplets } = await api<{ droplets: Listed[] }>('GET', `/droplets?per_page=200&page=${page}`);
    if (droplets.length === 0) break;
    found.push(...droplets);
  }
  return found;
}

/** Does all of it, so many at once; says how long it took. */
async function timed<T>(
  what: string,
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const busy = ((user + system) / 1_000_000).toFixed(1);
  console.log(`${what}: ${seconds.toFixed(1)} s (${busy} s of CPU), ${residentMegabytes()} MB`);
}

console.log(`before the first: ${residentMegabytes()} MB`);
const names = Array.from({ length: HOSTS }, (_, index) => `bench-${index}`);
const create = (name: string): Promise<unknown> =>
  api('POST', '/droplets', {
    name,
    region: 'nyc3',
    size: 's-1vcpu-1gb',
    image: 'debian-13-x64',
    user_data: userData,
  });
let droplets: Listed[] = [];
await timed('created', names, create);
await timed('all active after', [0], async () => {
  do droplets = await list();
  while (droplets.some(({ status }) => status !== 'active'));
});
await timed('listed', [0], list);

const pool = createSshPool({ clock: systemClock, random: Math.random });
const hosts = droplets.map(({ networks }) =>
  pool.host({
    address: networks.v4.find(({ type }) => type === 'public')!.ip_address,
    port: driver.sshPort,
    user: 'dropfleet',
    privateKey: { reveal: () => keys.privateKey },
    hostKeys: [fingerprintOfLine(hostKey.publicKey)],
  }),
);
const answered = new Set<string>();
await timed('connected, and answered a command', hosts, async host => {
  answered.add((await host.succeed(['hostname'])).stdout.trim());
});
await timed('answered another, on the same connection', hosts, host => host.succeed(['hostname']));
await timed('first boots are over', hosts, host => host.succeed(['cloud-init', 'status', '--wait']));
console.log(`${answered.size} different hosts answered; problems: ${problems.length}`);
pool.close();
await sandbox.close();
const reopened = performance.now();
const next = await createEmulatedDriver({ folder, clock: systemClock, random: Math.random });
console.log(
  `${(await next.inventory()).hosts.length} hosts found again in ${(performance.now() - reopened).toFixed(0)} ms`,
);
await next.close();
await rm(folder, { recursive: true, force: true });
if (answered.size !== HOSTS || problems.length > 0) process.exitCode = 1;
