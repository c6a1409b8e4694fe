import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { createMailer } from '../../../clients/mail/mail.ts';
import { sendSms } from '../../../clients/sms/sms.ts';
import { postWebhook } from '../../../clients/webhook/webhook.ts';
import { CONFIG_MAPS, DROPLETS, PROJECTS } from '../../../clients/kubernetes/kinds.ts';
import { SecretText } from '../../../config/secret-text.ts';
import type { Condition } from '../../../crds/meta.ts';
import { NOTIFY } from '../../../reconcilers/notify/concern.ts';
import { createConfigSource } from '../../../reconcilers/notify/config-source.ts';
import { createOutbox } from '../../../reconcilers/notify/outbox.ts';
import { createNotifyReconciler } from '../../../reconcilers/notify/reconcile.ts';
import { aCondition, aDroplet, activeStatus, aProject } from '../../builders/objects.ts';
import { LOGIN, startMailServer, type MailServer } from '../../environment/mail-server.ts';
import { refusal, startMessageServer, type MessageServer } from '../../environment/message-server.ts';
import { createRig, ownOf } from '../../unit/reconcilers/reconcile-rig.ts';

const MINUTE = 60_000;
const SID = 'ACcanary-sid';
const TOKEN = 'canary-token';
const PATH = '/services/canary-path';

describe('telling people', () => {
  let mail: MailServer;
  let messages: MessageServer;
  let folder: string;
  let variables: Map<string, string>;

  before(async () => (mail = await startMailServer()));
  after(() => mail.stop());
  beforeEach(async () => {
    messages = await startMessageServer();
    folder = await mkdtemp(join(tmpdir(), 'dropfleet-notify-'));
    variables = new Map([
      ['SMTP_PASSWORD', LOGIN.password],
      ['SID', SID],
      ['TOKEN', TOKEN],
      ['HOOK', `${messages.url}${PATH}`],
    ]);
    (mail.mails as unknown[]).length = 0;
  });
  afterEach(async () => {
    await messages.close();
    await rm(folder, { recursive: true });
  });

  const write = (name: string, value: object): Promise<void> =>
    writeFile(join(folder, name), JSON.stringify(value));
  const configureMail = (changes: object = {}): Promise<void> =>
    write('email', {
      provider: 'smtp',
      from: 'dropfleet <ops@example.com>',
      smtp_settings: {
        host: '127.0.0.1',
        port: mail.port,
        username: LOGIN.username,
        password_env: 'SMTP_PASSWORD',
      },
      recipients: ['a@example.com'],
      ...changes,
    });
  const configureSms = (...recipients: string[]): Promise<void> =>
    write('sms', {
      provider: 'twilio',
      from: '+15005550006',
      recipients,
      account_sid_env: 'SID',
      auth_token_env: 'TOKEN',
      api_url: messages.url,
    });

  /** A fleet of one project whose objects a test changes, and operators that look at it one after the other. */
  function start(servers = 2) {
    const droplets = Array.from({ length: servers - 1 }, (_, i) =>
      aDroplet(`shop-web${i + 1}`, { status: activeStatus(i + 1) }),
    );
    const rig = createRig([aProject('shop', { spec: { servers } }), ...droplets]);
    const context = { ...rig.context, ...ownOf(NOTIFY) };
    const { clock, client } = rig;
    const files = {
      email: join(folder, 'email'),
      sms: join(folder, 'sms'),
      webhook: join(folder, 'webhook'),
    };
    let reconcile: ReturnType<typeof createNotifyReconciler>;
    let source: ReturnType<typeof createConfigSource>;
    const startOperator = (): void => {
      source = createConfigSource(files, () => clock.monotonic());
      reconcile = createNotifyReconciler(context, {
        source,
        outbox: createOutbox(context),
        transports: { mail: createMailer({ ca: mail.ca }), sms: sendSms, webhook: postWebhook },
        variables: {
          valueOf: name => (variables.has(name) ? new SecretText(variables.get(name)!) : undefined),
        },
      });
    };
    startOperator();
    return {
      ...rig,
      restart: startOperator,
      changed: () => source.changed(),
      /** Lets so much time pass, and has the operator do what is due meanwhile. */
      async pass(ms: number): Promise<void> {
        const until = clock.now() + ms;
        for (;;) {
          const outcome = await reconcile(rig.run);
          const left = until - clock.now();
          if (left <= 0) return;
          await clock.advance(Math.min(left, outcome?.requeueAfterMs ?? left));
        }
      },
      async say(name: string, ...conditions: Condition[]): Promise<void> {
        const patch = { status: { conditions } };
        const status = { subresource: 'status' } as const;
        if (name.includes('-')) await client.patch(DROPLETS, `default/${name}`, patch, status);
        else await client.patch(PROJECTS, `default/${name}`, patch, status);
      },
      outbox: () => client.stored(CONFIG_MAPS, 'default/dropfleet-outbox'),
      now: () => `${new Date(clock.now()).toISOString().slice(0, 19)}Z`,
    };
  }
  type World = ReturnType<typeof start>;

  const held = (world: World, message = 'two servers would be destroyed'): Condition => ({
    ...aCondition('ConfirmationRequired', 'True'),
    message,
    lastTransitionTime: world.now(),
  });
  const subjects = (): string[] => mail.mails.map(({ raw }) => /^Subject: (.*)\r$/m.exec(raw)![1]!);
  const texts = (): string[] => messages.posts.map(({ body }) => new URLSearchParams(body).get('Body')!);

  it('says nothing and writes nothing where nobody is to be told', async () => {
    const world = start();
    await world.say('shop', held(world));
    await world.pass(60 * MINUTE);
    expect(world.outbox()).to.equal(undefined);
    expect(mail.mails).to.deep.equal([]);
  });

  it('mails once what is held, although the operator is restarted, and once that it is not any more', async () => {
    await configureMail({ heartbeat_minutes: 0 });
    const world = start();
    await world.say('shop', held(world));
    await world.pass(5_000);
    world.restart();
    await world.pass(MINUTE);
    world.restart();
    await world.pass(40 * MINUTE);
    expect(subjects()).to.deep.equal(['[dropfleet fleet] Held: shop']);
    expect(mail.mails[0]!.raw).to.contain('two servers would be destroyed');
    await world.say('shop');
    await world.pass(40 * MINUTE);
    world.restart();
    await world.pass(40 * MINUTE);
    expect(subjects()).to.deep.equal(['[dropfleet fleet] Held: shop', '[dropfleet fleet] Resolved: shop']);
  });

  it('makes one mail of a storm', async () => {
    await configureMail({ heartbeat_minutes: 0 });
    const world = start(20);
    const dead = (): Condition => ({
      ...aCondition('Healthy', 'False', 'Dead'),
      lastTransitionTime: world.now(),
    });
    for (let i = 1; i < 20; i++) {
      await world.say(`shop-web${i}`, dead());
      await world.pass(500);
    }
    await world.pass(60 * MINUTE);
    expect(subjects()).to.deep.equal(['[dropfleet fleet] 19 failure']);
  });

  it('loses nothing while the mail server is down, over a restart, and then sends it once', async () => {
    await configureMail({ heartbeat_minutes: 0 });
    const world = start();
    await mail.stop();
    await world.say('shop', held(world));
    await world.pass(10 * MINUTE);
    world.restart();
    await world.say('shop-web1', {
      ...aCondition('Healthy', 'False', 'Dead'),
      lastTransitionTime: world.now(),
    });
    await world.pass(90 * MINUTE);
    expect(mail.mails).to.deep.equal([]);
    expect(world.outbox()!.data!['routes']).to.contain('cannot be reached');
    await mail.start();
    await world.pass(61 * MINUTE);
    world.restart();
    await world.pass(61 * MINUTE);
    expect(subjects()).to.deep.equal(['[dropfleet fleet] 1 failure, 1 held']);
    expect(world.outbox()!.data!['routes']).not.to.contain('cannot be reached');
  });

  it('tries again at once when a wrong password is mended', async () => {
    await configureMail({ heartbeat_minutes: 0 });
    variables.set('SMTP_PASSWORD', 'canary-wrong');
    const world = start();
    await world.say('shop', held(world));
    await world.pass(MINUTE);
    expect(mail.mails).to.deep.equal([]);
    variables.set('SMTP_PASSWORD', LOGIN.password);
    await world.pass(2 * MINUTE);
    expect(mail.mails).to.have.length(1);
  });

  it('goes on as before while a file has a mistake, and follows it when it is right again', async () => {
    await configureMail({ heartbeat_minutes: 0 });
    const world = start();
    await world.pass(MINUTE);
    await configureMail({ recipients: ['nobody'] });
    world.changed();
    await world.say('shop', held(world));
    await world.pass(MINUTE);
    expect(mail.mails[0]!.to).to.deep.equal(['a@example.com']);
    expect(world.log.lines.filter(({ message }) => message.includes('until this is mended'))).to.have.length(
      1,
    );
    await configureMail({ heartbeat_minutes: 0, recipients: ['b@example.com'] });
    world.changed();
    await world.say('shop-web1', held(world));
    await world.pass(10 * MINUTE);
    expect(mail.mails[1]!.to).to.deep.equal(['b@example.com']);
  });

  it('sends a heartbeat every quarter of an hour that says what is watched, and what is not well', async () => {
    await configureMail();
    const world = start();
    await world.pass(14 * MINUTE);
    world.restart();
    await world.pass(17 * MINUTE);
    expect(subjects()).to.deep.equal([
      '[dropfleet fleet] Not all is well: 1 of 2 droplets',
      '[dropfleet fleet] Not all is well: 1 of 2 droplets',
    ]);
    expect(mail.mails[0]!.raw).to.contain('shop: 1 of 2 droplets');
    await configureMail({ heartbeat_minutes: 0 });
    world.changed();
    await world.pass(60 * MINUTE);
    expect(mail.mails).to.have.length(2);
  });

  it('wakes by text message only for what needs somebody, and each recipient on his own', async () => {
    await configureSms('+15005550009', '+15005550010');
    const world = start();
    messages.answer(refusal(503, 20503, 'Service unavailable'));
    await world.say('shop-web1', {
      ...aCondition('Healthy', 'False', 'Dead'),
      lastTransitionTime: world.now(),
    });
    await world.pass(MINUTE);
    expect(messages.posts).to.deep.equal([]);
    await world.say('shop', held(world));
    await world.pass(20_000);
    expect(messages.posts).to.have.length(2);
    messages.answer();
    world.restart();
    await world.pass(60 * MINUTE);
    expect(texts().slice(2)).to.deep.equal([
      'dropfleet fleet: Held: shop: two servers would be destroyed',
      'dropfleet fleet: Held: shop: two servers would be destroyed',
    ]);
    const numbers = messages.posts.slice(2).map(({ body }) => new URLSearchParams(body).get('To'));
    expect(numbers).to.have.members(['+15005550009', '+15005550010']);
  });

  it('posts to a webhook, and tells whoever is added later what is so by then', async () => {
    await configureMail({ heartbeat_minutes: 0 });
    const world = start();
    await world.say('shop', held(world));
    await world.pass(10 * MINUTE);
    await write('webhook', { url_env: 'HOOK', template: 'slack' });
    world.changed();
    await world.pass(10 * MINUTE);
    expect(messages.posts.map(({ path }) => path)).to.deep.equal([PATH]);
    expect((JSON.parse(messages.posts[0]!.body) as { text: string }).text).to.contain(
      '*dropfleet fleet: Held: shop*',
    );
    expect(mail.mails).to.have.length(1);
  });

  it('shows no secret in a message, a log line or the outbox, whatever fails', async () => {
    await configureMail();
    await configureSms('+15005550009');
    await write('webhook', { url_env: 'HOOK' });
    const world = start();
    for (const password of [LOGIN.password, 'canary-wrong']) {
      variables.set('SMTP_PASSWORD', password);
      messages.answer(path => refusal(401, 20003, path === PATH ? `no ${PATH}` : `no: ${SID} ${TOKEN}`));
      await world.say('shop', held(world, `something else, ${password.length}`));
      await world.pass(20 * MINUTE);
      messages.answer();
    }
    await world.pass(60 * MINUTE);
    const bodies = [...mail.mails.map(({ raw }) => raw), ...messages.posts.map(({ body }) => body)];
    expect(
      inspect([world.outbox(), world.log.lines, bodies], { depth: 9, maxStringLength: null }),
    ).not.to.contain('canary');
    expect(bodies).to.have.length.greaterThan(4);
  });
});
