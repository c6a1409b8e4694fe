import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { systemClock, type Clock } from '../../clients/clock.ts';
import { createGit } from '../../clients/git/git.ts';
import { LEASES } from '../../clients/kubernetes/kinds.ts';
import { createMailer } from '../../clients/mail/mail.ts';
import { sendSms } from '../../clients/sms/sms.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import { postWebhook } from '../../clients/webhook/webhook.ts';
import { SecretText } from '../../config/secret-text.ts';
import { registerIn } from '../../controllers/metrics.ts';
import { createMonitor } from '../../controllers/monitor/monitor.ts';
import { findCondition, isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Condition } from '../../crds/meta.ts';
import { createBuilder } from '../../reconcilers/build/build.ts';
import { MONITOR_METRICS } from '../../reconcilers/monitor/concern.ts';
import { createImages } from '../../reconcilers/service/image-supply.ts';
import type { HostFault } from '../../sandbox/hosts/driver.ts';
import { fakeLogger } from '../fakes/logger.ts';
import type { ApiServer } from './api-server.ts';
import { openTestHosts } from './docker-droplets.ts';
import { createFastClock, type FastClock } from './fast-clock.ts';
import { LOGIN, startMailServer, type MailServer } from './mail-server.ts';
import { openOperatorWorld, type OperatorWorld, type RunningOperator } from './operator-world.ts';
import { deployShop, servingOf, SHOP_PATH, type HostAccess } from './shop.ts';

/** Minutes of the protocol are a fifth of that here; a probe has 0.4 s for its answer. */
const SPEED = 5;
/** The servers are older than the 10 minutes in which nothing is done to them. */
const AHEAD_MS = 900_000;
/** How long an answer of the load balancer is waited for, and anything at all. */
const ANSWER_MS = 5_000;
const PATIENCE_MS = 600_000;
/** Those of a sandbox. */
const POLLS = { movingMs: 1_000, firstPollMs: 1_000, idleMs: 60_000 };

/**
 * A master and two webs on docker hosts that serve a program at `/shop/prod/api/` and a database's rows through it, with
 * the operator and a monitor of this process, by all waits of the product but in a time of their own; and somebody who
 * gets mail. Servers are named without their project: `web1`.
 */
export interface HealthFleet {
  readonly world: OperatorWorld;
  readonly operator: RunningOperator;
  /** The time of operator and monitor. */
  readonly clock: FastClock;
  droplet(name: string): Droplet;
  /** DigitalOcean's id of its server. */
  idOf(name: string): number;
  /** Its condition Healthy. */
  health(name: string): Condition | undefined;
  /** Its recoveries that are over, the newest first: `Replace 7 Recovered`. */
  recoveries(name: string): string[];
  /** Whether it gets requests, as nginx says, and is Ready. */
  serves(name: string): boolean;
  /** Has that befall it. */
  fault(name: string, what: HostFault): Promise<void>;
  /** Ends what befell it. */
  heal(name: string): Promise<void>;
  /** Where the load balancer answers with the word of the query. */
  echo(): { host: string; port: number; path: string };
  /** All rows of the database, as a visitor gets them. */
  rows(): Promise<string[]>;
  /** Resolves once those are all rows, whether the database answers yet or not. */
  untilRows(...words: string[]): Promise<void>;
  /** Has the database keep a row; resolves once it says so. */
  addRow(word: string): Promise<void>;
  /** The names of all votes. */
  votes(): Promise<string[]>;
  /** Resolves once those are the votes. */
  untilVotes(...names: string[]): Promise<void>;
  /** The subjects of all mails. */
  told(): string[];
  /** Resolves with them once one of them is such. */
  untilTold(subject: RegExp): Promise<string[]>;
  /** Lets so much of the fleet's time pass. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Brings it up, by the machine's own time; then its time goes so many times as fast. */
export async function openHealthFleet(server: ApiServer, speed = SPEED): Promise<HealthFleet> {
  const parts = new AsyncDisposableStack();
  try {
    return await openWith(server, speed, parts);
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

/** @param parts what was opened is closed with them. */
async function openWith(server: ApiServer, speed: number, parts: AsyncDisposableStack): Promise<HealthFleet> {
  const folder = await mkdtemp(join(tmpdir(), 'dropfleet-health-'));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const mail = await startMailServer();
  parts.defer(() => mail.stop());
  const driver = await openTestHosts(`health-${randomBytes(4).toString('hex')}`);
  const world = await openOperatorWorld(server, {
    driver: { ...driver, close: () => driver.reset().then(() => driver.close()) },
    timings: { retryMs: 500, slowestRetryMs: 5_000, resyncMs: 60_000, firstBootWaitMs: 20_000 },
    patienceMs: PATIENCE_MS,
  });
  parts.defer(() => world.close());
  await world.writeCsv('shop,3,s-1vcpu-1gb,s-1vcpu-1gb');
  const first = world.startOperator();
  await world.untilReady('shop', 3);
  await first.stop();

  const clock = createFastClock(speed, AHEAD_MS);
  const notifications = await tellBy(mail, folder);
  const git = createGit({ folder: join(folder, 'git'), env: process.env });
  const operator = world.startOperator({
    notifications,
    variables: { SMTP_PASSWORD: LOGIN.password },
    images: createImages({ builder: createBuilder(systemClock), git }),
    time: { clock, timings: {}, pollIntervals: POLLS },
  });
  const ssh = createSshPool({ clock: systemClock, random: Math.random });
  const hosts = { ssh, port: driver.sshPort, privateKey: new SecretText(world.sshKey.privateKey) };
  parts.defer(() => ssh.close());
  const stop = watch(world, hosts, clock);
  parts.defer(stop);
  await deployShop(world, hosts, join(folder, 'app'));
  const fleet = fleetOf({ world, operator, clock, mail, close: () => parts.disposeAsync() });
  await world.until('v1 on both webs', () => servingOf(world).length === 2);
  await fleet.untilRows();
  return fleet;
}

/** Starts a monitor; what ends it. */
function watch(world: OperatorWorld, hosts: HostAccess, clock: Clock) {
  const stop = new AbortController();
  const monitor = createMonitor({
    kubernetes: world.kubernetes,
    namespace: world.namespace,
    name: 'monitor',
    hosts,
    clock,
    random: Math.random,
    log: fakeLogger(),
    metrics: registerIn(new Registry())(MONITOR_METRICS),
  });
  const monitoring = monitor.run(stop.signal);
  return async () => {
    stop.abort(new Error('the test is over'));
    await monitoring;
  };
}

type Parts = Pick<HealthFleet, 'world' | 'operator' | 'clock' | 'close'> & { readonly mail: MailServer };

function fleetOf({ mail, ...parts }: Parts): HealthFleet {
  const { world, clock } = parts;
  const { kubernetes, namespace, sandbox } = world;
  const droplet = (name: string): Droplet => world.droplet(`shop-${name}`)!;
  const idOf = (name: string): number => droplet(name).status!.server!.id!;
  const told = (): string[] => mail.mails.map(({ raw }) => /^Subject: (.*)$/m.exec(raw)?.[1] ?? '');
  const host = (): string => droplet('master').status!.server!.publicAddress!;
  const ask = async (query: string): Promise<string[]> => {
    const response = await fetch(`http://${host()}${SHOP_PATH}/rows${query}`, {
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (!response.ok) throw new Error(`the database's rows: status ${response.status}`);
    return (await response.text()).split('\n').slice(0, -1);
  };
  const votes = async (): Promise<string[]> => {
    const { items } = await kubernetes.list(LEASES, { namespace });
    const names = items.map(({ metadata }) => metadata.name);
    return names.filter(name => name.startsWith('vote-')).toSorted();
  };
  return {
    ...parts,
    droplet,
    idOf,
    health: name => findCondition(droplet(name).status?.conditions, 'Healthy'),
    recoveries: name =>
      (droplet(name).status?.recoveries ?? []).map(
        ({ step, serverID, result }) => `${step} ${serverID} ${result}`,
      ),
    serves: name =>
      servingOf(world).includes(`shop-${name}`) && isConditionTrue(droplet(name).status?.conditions, 'Ready'),
    fault: (name, what) => sandbox.hosts!.setFault(idOf(name), what),
    heal: name => sandbox.hosts!.clearFaults(idOf(name)),
    echo: () => ({ host: host(), port: 80, path: `${SHOP_PATH}/echo` }),
    rows: () => ask(''),
    untilRows: (...words) =>
      poll(() =>
        ask('').then(
          rows => rows.join() === words.join(),
          () => false,
        ),
      ),
    addRow: async word => void (await ask(`?add=${word}`)),
    votes,
    untilVotes: (...names) => poll(async () => (await votes()).join() === names.join()),
    told,
    async untilTold(subject) {
      await poll(() => Promise.resolve(told().some(each => subject.test(each))));
      return told();
    },
    pass: ms => new Promise(resolve => void clock.after(ms, resolve)),
  };
}

async function tellBy({ port, ca }: MailServer, folder: string) {
  const [email, sms, webhook] = ['email', 'sms', 'webhook'].map(name => join(folder, name));
  const settings = {
    provider: 'smtp',
    from: 'dropfleet <ops@example.com>',
    smtp_settings: { host: '127.0.0.1', port, username: LOGIN.username, password_env: 'SMTP_PASSWORD' },
    heartbeat_minutes: 0,
    recipients: ['ops@example.com'],
  };
  await writeFile(email!, JSON.stringify(settings));
  const transports = { mail: createMailer({ ca }), sms: sendSms, webhook: postWebhook };
  return { files: { email: email!, sms: sms!, webhook: webhook! }, transports };
}

/** Asks again and again; what has to come in time is the test's own. */
async function poll(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(resolve => setTimeout(resolve, 100));
}
