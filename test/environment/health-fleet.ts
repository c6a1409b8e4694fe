import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { systemClock } from '../../clients/clock.ts';
import { createGit } from '../../clients/git/git.ts';
import { LEASES, SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import { createMailer } from '../../clients/mail/mail.ts';
import { sendSms } from '../../clients/sms/sms.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import { postWebhook } from '../../clients/webhook/webhook.ts';
import { SecretText } from '../../config/secret-text.ts';
import { registerIn } from '../../controllers/metrics.ts';
import { createMonitor } from '../../controllers/monitor/monitor.ts';
import { isConditionTrue } from '../../crds/conditions.ts';
import { API_VERSION } from '../../crds/names.ts';
import { createBuilder } from '../../reconcilers/build/build.ts';
import { MONITOR_METRICS } from '../../reconcilers/monitor/concern.ts';
import { createImages } from '../../reconcilers/service/image-supply.ts';
import { fakeLogger } from '../fakes/logger.ts';
import type { ApiServer } from './api-server.ts';
import { openTestHosts } from './docker-droplets.ts';
import { createFastClock } from './fast-clock.ts';
import { LOGIN, startMailServer, type MailServer } from './mail-server.ts';
import { openOperatorWorld, type OperatorWorld } from './operator-world.ts';
import { createSampleApp } from './sample-app.ts';

/** Minutes of the protocol are a fifth of that here; a probe has 0.4 s for its answer. */
const SPEED = 5;
/** The servers are older than the 10 minutes in which nothing is done to them. */
const AHEAD_MS = 900_000;
const SERVICE = 'shop-prod-api';
/** Those of a sandbox. */
const POLLS = { movingMs: 1_000, firstPollMs: 1_000, idleMs: 60_000 };

/**
 * A master and two webs on docker hosts that serve a program at `/shop/prod/api/`, with the operator and a monitor of
 * this process, by all waits of the product but in a time that goes five times as fast; and somebody who gets mail.
 */
export interface HealthFleet {
  readonly world: OperatorWorld;
  readonly mail: MailServer;
  /** The servers that get requests: nginx says so. */
  serving(): string[];
  /** The names of all votes. */
  votes(): Promise<string[]>;
  /** Resolves once those are the votes. */
  untilVotes(...names: string[]): Promise<void>;
  /** Resolves once somebody was told that; the subjects of all mails. */
  untilTold(subject: RegExp): Promise<string[]>;
  /** Lets so much of the fleet's time pass. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Brings it up, by the machine's own time. */
export async function openHealthFleet(server: ApiServer): Promise<HealthFleet> {
  const parts = new AsyncDisposableStack();
  try {
    return await openWith(server, parts);
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

/** @param parts what was opened is closed with them. */
async function openWith(server: ApiServer, parts: AsyncDisposableStack): Promise<HealthFleet> {
  const folder = await mkdtemp(join(tmpdir(), 'dropfleet-health-'));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const mail = await startMailServer();
  parts.defer(() => mail.stop());
  const driver = await openTestHosts(`health-${randomBytes(4).toString('hex')}`);
  const world = await openOperatorWorld(server, {
    driver: { ...driver, close: () => driver.reset().then(() => driver.close()) },
    timings: { retryMs: 500, slowestRetryMs: 5_000, resyncMs: 60_000, firstBootWaitMs: 20_000 },
  });
  parts.defer(() => world.close());
  await world.writeCsv('shop,3,s-1vcpu-1gb,s-1vcpu-1gb');
  const first = world.startOperator();
  await world.untilReady('shop', 3);
  await first.stop();

  const clock = createFastClock(SPEED, AHEAD_MS);
  const notifications = await tellBy(mail, folder);
  const git = createGit({ folder: join(folder, 'git'), env: process.env });
  world.startOperator({
    notifications,
    variables: { SMTP_PASSWORD: LOGIN.password },
    images: createImages({ builder: createBuilder(systemClock), git }),
    time: { clock, timings: {}, pollIntervals: POLLS },
  });
  const stop = new AbortController();
  const ssh = createSshPool({ clock: systemClock, random: Math.random });
  const monitor = createMonitor({
    kubernetes: world.kubernetes,
    namespace: world.namespace,
    name: 'monitor',
    hosts: { ssh, port: driver.sshPort, privateKey: new SecretText(world.sshKey.privateKey) },
    clock,
    random: Math.random,
    log: fakeLogger(),
    metrics: registerIn(new Registry())(MONITOR_METRICS),
  });
  const monitoring = monitor.run(stop.signal);
  parts.defer(async () => {
    stop.abort(new Error('the test is over'));
    await monitoring;
    ssh.close();
  });
  await deploy(world, join(folder, 'app'));
  const fleet: HealthFleet = {
    world,
    mail,
    serving: () => servingOf(world),
    async votes() {
      const { items } = await world.kubernetes.list(LEASES, { namespace: world.namespace });
      const names = items.map(({ metadata }) => metadata.name);
      return names.filter(name => name.startsWith('vote-')).toSorted();
    },
    untilVotes: (...names) => poll(async () => (await fleet.votes()).join() === names.join()),
    async untilTold(subject) {
      await poll(() => Promise.resolve(subjectsOf(mail).some(each => subject.test(each))));
      return subjectsOf(mail);
    },
    pass: ms => new Promise(resolve => void clock.after(ms, resolve)),
    close: () => parts.disposeAsync(),
  };
  await world.until('v1 on both webs', () => fleet.serving().length === 2);
  return fleet;
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

async function deploy({ kubernetes, namespace }: OperatorWorld, folder: string): Promise<void> {
  const app = await createSampleApp(folder);
  await app.release('v1', 'one');
  const spec = {
    project: 'shop',
    environment: 'prod' as const,
    service: 'api',
    type: 'web' as const,
    source: { git: { url: app.url, ref: 'main' } },
    healthCheck: { path: '/health' },
    version: 'v1',
  };
  const metadata = { name: SERVICE, namespace };
  const service = { apiVersion: API_VERSION, kind: 'ServiceDeployment' as const, metadata, spec };
  await kubernetes.create(SERVICE_DEPLOYMENTS, service, {});
}

function servingOf(world: OperatorWorld): string[] {
  const { endpoints = [], routed, conditions } = world.service(SERVICE)?.status ?? {};
  if (!isConditionTrue(conditions, 'Routed')) return [];
  return endpoints
    .filter(({ address }) => routed?.addresses?.includes(address))
    .map(({ droplet }) => droplet)
    .toSorted();
}

const subjectsOf = ({ mails }: MailServer): string[] =>
  mails.map(({ raw }) => /^Subject: (.*)$/m.exec(raw)?.[1] ?? '');

/** Asks again and again; what has to come in time is the test's own. */
async function poll(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(resolve => setTimeout(resolve, 100));
}
