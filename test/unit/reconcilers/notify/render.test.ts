import { expect } from 'chai';
import type { Digest, Row } from '../../../../reconcilers/notify/digest-plan.ts';
import { renderWebhook } from '../../../../reconcilers/notify/render-webhook.ts';
import { renderHeartbeat, renderMail, renderSms } from '../../../../reconcilers/notify/render.ts';
import { SAMPLE_HEARTBEAT, sampleDigest } from '../../../../reconcilers/notify/samples.ts';

const SENDER = { fleet: 'acme', namespace: 'default' };
const NOW = Date.parse('2026-01-01T12:00:00Z');
const row = (name: string, changes: Partial<Row> = {}): Row => ({
  kind: 'failure',
  about: `Droplet ${name.includes('/') ? name : `default/${name}`}`,
  side: 'health',
  needsPerson: false,
  sentence: `SSH does not answer; see "dropfleet ssh ${name}".`,
  at: '2026-01-01T00:00:00Z',
  times: 1,
  ...changes,
});
const digest = (...rows: Row[]): Digest => ({ rows, dropped: 0 });

describe('a mail', () => {
  it('says in its subject whose, what and about which, and in its text what to do', () => {
    const { subject, text } = renderMail(digest(row('shop-web1', { kind: 'held', times: 3 })), SENDER);
    expect(subject).to.equal('[dropfleet acme] Held: shop-web1');
    expect(text.split('\n')).to.deep.equal([
      'Held: shop-web1',
      '  SSH does not answer; see "dropfleet ssh shop-web1".',
      '  2026-01-01 00:00:00 UTC, changed 3 times since it was last told',
      '',
      '"dropfleet confirm" shows what is held, and lets it through.',
      '"dropfleet status" shows how everything is now.',
      '',
    ]);
  });

  it('names no command that knows nothing of what a person is to approve', () => {
    const sentence = 'dead; no recovery: "dropfleet recover shop-master" replaces it';
    const { text } = renderMail(digest(row('shop-master', { kind: 'approval-needed', sentence })), SENDER);
    expect(text).to.contain('"dropfleet recover shop-master"').and.not.to.contain('"dropfleet confirm"');
  });

  it('counts what is more than one, and tells once what several have to say', () => {
    const rows = Array.from({ length: 7 }, (_, i) => row(`web${i}`, { sentence: 'gone' }));
    const { subject, text } = renderMail(digest(...rows, row('other/x', { kind: 'resolved' })), SENDER);
    expect(subject).to.equal('[dropfleet acme] 7 failure, 1 resolved');
    expect(text).to.contain('Failure: web0, web1, web2, web3, web4 and 2 more\n  gone');
    expect(text).to.contain('Resolved: other/x');
  });

  it('says how much it leaves out', () => {
    const rows = Array.from({ length: 60 }, (_, i) => row(`web${i}`));
    const { text, html } = renderMail({ rows, dropped: 9 }, SENDER);
    for (const part of ['And 10 more.', '9 older notices were left out']) {
      expect(text).to.contain(part);
      expect(html).to.contain(part);
    }
  });

  it('has HTML of one column that fits a phone, in which nothing of a message is markup', () => {
    const { html } = renderMail(digest(row('shop-web1', { sentence: '<script>&"' })), SENDER);
    expect(html).to.contain('&lt;script&gt;&amp;&quot;').and.not.to.contain('<script');
    expect(html).to.contain('width=device-width').and.to.contain('max-width:600px');
    expect(html.match(/<tr><td/g)).to.have.length(3);
    expect(html.match(/<td/g)).to.have.length(3);
  });

  it('names what befell one server, one thing after the other', () => {
    const rows = [row('shop-web1'), row('shop-web1', { kind: 'recovery-started' })];
    expect(renderMail(digest(...rows), SENDER).subject).to.equal(
      '[dropfleet acme] Failure and Recovery started: shop-web1',
    );
  });

  it('of a trial says so, in the subject too', () => {
    for (const { subject, text } of [
      renderMail(sampleDigest('default', NOW), SENDER),
      renderHeartbeat(SAMPLE_HEARTBEAT, SENDER),
    ]) {
      expect(subject).to.contain('] Test: ');
      expect(text).to.contain('Nothing of this is so');
    }
  });

  it('of a heartbeat says that all is well, or what is not, and what is watched', () => {
    const { isTest: _isTest, ...heartbeat } = SAMPLE_HEARTBEAT;
    const well = renderHeartbeat(heartbeat, SENDER);
    expect(well.subject).to.equal('[dropfleet acme] All is well: 2 of 2 droplets, 1 of 1 services');
    expect(well.text)
      .to.contain('What is watched:\n  sample: 2 of 2 droplets')
      .and.not.to.contain('not well');
    const problems = [{ name: 'web1', text: 'disk full' }];
    const bad = renderHeartbeat({ ...heartbeat, isWell: false, problems }, SENDER);
    expect(bad.subject).to.contain('] Not all is well: ');
    expect(bad.text).to.contain('What is not well:\n  web1: disk full');
  });
});

describe('a text message', () => {
  it('has at most 160 characters of the alphabet that fits so many', () => {
    const one = renderSms(
      digest(row('shop-web1', { sentence: `“Größe” {a} [b] \`c\` ${'x'.repeat(300)}` })),
      SENDER,
    );
    expect(one).to.have.length(160);
    expect(one).to.match(/^dropfleet acme: Failure: shop-web1: \?Gr\?\?e\? \(a\) \(b\) 'c' x+\.\.\.$/);
  });

  it('of more than one counts them, and says the first', () => {
    const rows = [row('a', { kind: 'approval-needed', sentence: 'First.' }), row('b', { kind: 'held' })];
    expect(renderSms(digest(...rows), SENDER)).to.equal('dropfleet acme: 1 approval needed, 1 held. First.');
  });
});

describe('a webhook', () => {
  /** What is posted, by the receiver that the form is for. */
  const post = (form: Parameters<typeof renderWebhook>[2], ...rows: Row[]): unknown =>
    renderWebhook(digest(...rows), SENDER, form, NOW);
  type Alerts = { labels: Record<string, string>; endsAt: string }[];

  it('has for Slack a text in which nobody is called', () => {
    const { text } = post({ template: 'slack' }, row('a', { sentence: '<!channel> & more' })) as {
      text: string;
    };
    expect(text).to.contain('*dropfleet acme: Failure: a*').and.to.contain('&lt;!channel&gt; &amp; more');
  });

  it('has for Discord a content that it takes, in which nobody is called', () => {
    const rows = Array.from({ length: 40 }, (_, i) =>
      row(`web${i}`, { sentence: `${i} ${'x'.repeat(100)}` }),
    );
    const { content, allowed_mentions } = post({ template: 'discord' }, ...rows) as {
      content: string;
      allowed_mentions: object;
    };
    expect(content).to.have.length(2_000);
    expect(allowed_mentions).to.deep.equal({ parse: [] });
  });

  it('has for Alertmanager an alert with the same labels while it is so and when it is over', () => {
    const [open] = post({ template: 'alertmanager' }, row('web1')) as Alerts;
    const [over] = post(
      { template: 'alertmanager' },
      row('web1', { kind: 'resolved', needsPerson: true }),
    ) as Alerts;
    expect(open!.labels).to.deep.equal({
      alertname: 'DropfleetNotHealthy',
      severity: 'critical',
      fleet: 'acme',
      kind: 'Droplet',
      name: 'web1',
    });
    expect(over!.labels).to.deep.equal(open!.labels);
    expect([open!.endsAt, over!.endsAt]).to.deep.equal([
      '2026-01-04T12:00:00.000Z',
      '2026-01-01T12:00:00.000Z',
    ]);
  });

  it('has in a form of the user the words in the places of their names, and stays JSON', () => {
    const body = { a: ['{{subject}}!', 1, null], b: { text: '{{text}}' } };
    const filled = post({ body }, row('a', { sentence: 'a "quote" {{subject}}' })) as {
      a: unknown[];
      b: { text: string };
    };
    expect(filled.a).to.deep.equal(['dropfleet acme: Failure: a!', 1, null]);
    expect(filled.b.text).to.contain('Failure: a: a "quote" {{subject}}');
  });
});
