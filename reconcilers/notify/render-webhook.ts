import type { Digest, Row } from './digest-plan.ts';
import { isGoodNews, nameOf, type Side } from './notice.ts';
import { headlineOf, renderLines, type Sender } from './render.ts';

/** JSON of the user's own, in whose texts `{{subject}}` and `{{text}}` stand for the message's. */
type Body = string | number | boolean | null | readonly Body[] | { readonly [name: string]: Body };

/** The forms that are known by name, and the user's own. */
type Form = { template: 'slack' | 'discord' | 'alertmanager' | 'plain' } | { body: Body };

/** What Discord takes at most in one message. */
const LONGEST_DISCORD = 2_000;
/** Slack cuts longer ones. */
const LONGEST_SLACK = 40_000;
/** Nobody tells Alertmanager again that something is still so: it must not think by itself that it is over. */
const ALERT_MS = 3 * 24 * 3_600_000;
/** A trial is over soon. */
const TEST_ALERT_MS = 60_000;

/** What is posted of a digest. */
export function renderWebhook(digest: Digest, sender: Sender, form: Form, now: number): unknown {
  const subject = `dropfleet ${sender.fleet}: ${headlineOf(digest, sender)}`;
  const text = renderLines(digest, sender);
  if ('body' in form) return fillIn(form.body, { subject, text });
  switch (form.template) {
    case 'slack':
      return { text: cut(`*${forSlack(subject)}*\n${forSlack(text)}`, LONGEST_SLACK) };
    case 'discord':
      // A name in a message is nobody's to call.
      return { content: cut(`**${subject}**\n${text}`, LONGEST_DISCORD), allowed_mentions: { parse: [] } };
    case 'alertmanager':
      return digest.rows.map(row => alertOf(row, sender, digest.isTest === true, now));
    case 'plain':
      return { fleet: sender.fleet, subject, text, notices: digest.rows };
  }
}

const cut = (text: string, longest: number): string =>
  text.length > longest ? `${text.slice(0, longest - 1)}…` : text;

/** The three characters that Slack wants escaped. */
const forSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function fillIn(body: Body, values: Record<'subject' | 'text', string>): Body {
  if (typeof body === 'string')
    return body.replaceAll(/\{\{(subject|text)\}\}/g, (_all, name: 'subject' | 'text') => values[name]);
  if (Array.isArray(body)) return body.map((item: Body) => fillIn(item, values));
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, fillIn(value, values)]));
}

/** Labels say which alert it is, so they must be the same when it is over: of each side of an object there is one. */
const ALERTS: Record<Side, { alertname: string; severity: string }> = {
  health: { alertname: 'DropfleetNotHealthy', severity: 'critical' },
  held: { alertname: 'DropfleetHeld', severity: 'warning' },
  row: { alertname: 'DropfleetRowHeld', severity: 'warning' },
  deploy: { alertname: 'DropfleetDeployFailed', severity: 'warning' },
  drill: { alertname: 'DropfleetDrillFailed', severity: 'warning' },
  firewall: { alertname: 'DropfleetFirewallOutOfSync', severity: 'critical' },
  standing: { alertname: 'DropfleetStopped', severity: 'critical' },
};

function alertOf(row: Row, sender: Sender, isTest: boolean, now: number): object {
  const [kind = ''] = row.about.split(' ');
  const isOver = isGoodNews(row.kind);
  const lastsMs = isOver ? 0 : isTest ? TEST_ALERT_MS : ALERT_MS;
  return {
    labels: {
      ...ALERTS[row.side],
      fleet: sender.fleet,
      kind,
      name: nameOf(row, sender.namespace),
      ...(isTest && { test: 'true' }),
    },
    annotations: { summary: `${nameOf(row, sender.namespace)}: ${row.kind}`, description: row.sentence },
    startsAt: row.at,
    endsAt: new Date(now + lastsMs).toISOString(),
  };
}
