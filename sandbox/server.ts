import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createLedger, type Ledger } from './account/billing/ledger.ts';
import { createFaults, type Faults } from './account/faults.ts';
import { DEFAULT_PUBLIC_RANGE } from './account/network/networks.ts';
import type { State } from './account/records/state.ts';
import { openStorage } from './account/storage.ts';
import { NO_MACHINES } from './account/context.ts';
import { createApi, type OnRequest } from './api/api.ts';
import { DIGITALOCEAN_LIMITS, type Limits } from './api/rate-limit.ts';
import { ROUTES } from './api/routes.ts';
import { refusalOf } from './callers.ts';
import { answerControl, isControl, type ControlParts } from './control/control.ts';
import type { DnsServer } from './dns/server.ts';
import type { HostDriver } from './hosts/driver.ts';
import { createMachinePool, type MachinePool } from './hosts/machine-pool.ts';
import { systemClock } from './hosts/system-clock.ts';
import { closeServer, listen } from './listen.ts';

/** How a sandbox is started; only `port` must be said. */
export interface SandboxOptions {
  /** 0 takes any. */
  readonly port: number;
  /** Loopback unless said otherwise. */
  readonly host?: string;
  /** The bearer token that is accepted; without it, any is. */
  readonly token?: string;
  /** Where the state outlives the process; without it, it does not. */
  readonly stateFile?: string;
  /** Begins with what the state file holds, whoever has it in use, and leaves it as it is. */
  readonly forgets?: boolean;
  /** From create to active, in milliseconds; other actions take their share of it. 3 s unless said otherwise. */
  readonly bootDelayMs?: number;
  /** Goes on to the next port while one is taken. */
  readonly allowNextPort?: boolean;
  /** Wall time in milliseconds since the epoch, which may be simulated. */
  readonly now?: () => number;
  /** From 0 to below 1, for ids and faults. */
  readonly random?: () => number;
  /** DigitalOcean's own unless said otherwise. */
  readonly limits?: Limits;
  /** How many droplets the account may have: 1000 unless said otherwise. */
  readonly dropletLimit?: number;
  /** Makes the machines behind the droplets; without it, droplets are records only. Closed by the sandbox. */
  readonly hosts?: HostDriver;
  /** Told why a machine is not as it should be, in a sentence. */
  readonly onProblem?: (message: string) => void;
  /** Where UDP and TCP are answered for the account's domains, as their name servers would; 0 takes any, without it nowhere. */
  readonly dnsPort?: number;
  /** Sees every request before it is carried out and before it is answered. */
  readonly onRequest?: OnRequest;
}

/** A DigitalOcean of one's own, listening. */
export interface Sandbox {
  /** `http://127.0.0.1:PORT`, without /v2. */
  readonly url: string;
  readonly port: number;
  /** Where DNS is answered, if so. */
  readonly dnsPort?: number;
  readonly ledger: Ledger;
  readonly faults: Faults;
  /** None where droplets are records only. */
  readonly hosts?: MachinePool;
  /** Cuts all connections, and resolves when everything confirmed is on disk and the port is free. */
  close(): Promise<void>;
}

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_BOOT_DELAY = 3000;
const DEFAULT_DROPLET_LIMIT = 1000;
/** Longer than any client polls: a connection closed just when a POST is sent leaves its fate in doubt. */
const KEEP_ALIVE = 75_000;

/**
 * Starts a sandbox. Rejects with StateFileError, and leaves the file alone, when the state file is damaged or
 * in use; with HostError when machines cannot be had; with CannotListen when the port is taken and may not be
 * stepped over.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const closers: Closer[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  };
  try {
    return { ...(await open(options, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

const OPERATIONS: ReadonlySet<string> = new Set(ROUTES.map(route => route.operation));

type Closer = () => Promise<void>;

async function open(options: SandboxOptions, closers: Closer[]): Promise<Omit<Sandbox, 'close'>> {
  const { random = Math.random, now = Date.now, host = DEFAULT_HOST } = options;
  let hosts: MachinePool | undefined;
  const storage = await openStorage(options, changes => hosts?.changed(changes));
  closers.push(() => storage.close());
  hosts = await openHosts(options, storage.state, now, closers);
  const faults = createFaults(random, OPERATIONS);
  const ledger = createLedger(
    () => storage.state.all('usage'),
    () => storage.state.all('charges'),
  );
  const context = {
    state: storage.state,
    faults,
    random,
    bootDelayMs: options.bootDelayMs ?? DEFAULT_BOOT_DELAY,
    dropletLimit: options.dropletLimit ?? DEFAULT_DROPLET_LIMIT,
    publicRange: options.hosts?.publicRange ?? DEFAULT_PUBLIC_RANGE,
    machines: hosts ?? NO_MACHINES,
  };
  const api = createApi({
    context,
    ledger,
    limits: options.limits ?? DIGITALOCEAN_LIMITS,
    now,
    token: options.token,
    onRequest: options.onRequest,
    flushed: () => storage.journal?.flushed(),
  });
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE },
    bothApis(api, { context, hosts, ledger, now }),
  );
  const port = await listen(server, host, options.port, options.allowNextPort ?? false);
  closers.push(() => closeServer(server));
  const dns = await openDns(options, host, storage.state, closers);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { url, port, ledger, faults, ...(hosts && { hosts }), ...(dns && { dnsPort: dns.port }) };
}

async function openDns(
  { dnsPort }: SandboxOptions,
  host: string,
  state: State,
  closers: Closer[],
): Promise<DnsServer | undefined> {
  if (dnsPort === undefined) return undefined;
  const { startDns } = await import('./dns/server.ts');
  const dns = await startDns(host, dnsPort, () => ({
    domains: [...state.all('domains')].map(({ name }) => name),
    records: [...state.all('dnsRecords')],
  }));
  closers.push(() => dns.close());
  return dns;
}

async function openHosts(
  { hosts: driver, onProblem = () => undefined }: SandboxOptions,
  state: State,
  now: () => number,
  closers: Closer[],
): Promise<MachinePool | undefined> {
  if (driver === undefined) return undefined;
  const hosts = createMachinePool({
    state,
    driver,
    now,
    onProblem,
    after: (ms, callback) => systemClock.after(ms, callback),
  });
  closers.push(() => hosts.close());
  await hosts.start();
  return hosts;
}

/** DigitalOcean's API under /v2, and the sandbox's own under /sandbox. */
function bothApis(api: ReturnType<typeof createApi>, control: ControlParts): RequestListener {
  return (request, response) => {
    const refusal = refusalOf(request);
    if (refusal !== undefined) return refuse(response, refusal);
    const url = URL.parse(`http://${request.headers.host ?? 'localhost'}${request.url ?? '/'}`);
    if (url === null) response.writeHead(400).end();
    else if (isControl(url.pathname)) void answerControl(control, request, response, url.pathname);
    else api(request, response, url);
  };
}

function refuse(response: ServerResponse, message: string): void {
  response.writeHead(403, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify({ id: 'forbidden', message }));
}
