import { inWords } from '../health/recovery-plan.ts';
import type { Digest, Row } from './digest-plan.ts';
import type { Heartbeat, HeartbeatLine } from './heartbeat-plan.ts';
import { KINDS, nameOf, type NoticeKind, type Severity } from './notice.ts';

/** Whose messages they are. */
export interface Sender {
  /** The fleet's name. */
  fleet: string;
  /** The namespace whose objects are called by their names alone. */
  namespace: string;
}

/** A mail without its addresses. */
export interface MailText {
  subject: string;
  text: string;
  html: string;
}

/** Rows of one kind that say the same, as one. */
interface Entry {
  kind: NoticeKind;
  names: string;
  sentence: string;
  at: string;
  times: number;
}

/** So many things are told in one message; `status` shows all. */
const MOST_ENTRIES = 50;
/** So many things of one object stand in a subject by their titles. */
const MOST_TITLES = 3;
/** So many names are told where several objects have the same to say. */
const MOST_NAMES = 5;

/** A digest as a mail. */
export function renderMail(digest: Digest, sender: Sender): MailText {
  const entries = entriesOf(digest.rows, sender);
  const shown = entries.slice(0, MOST_ENTRIES);
  const ends = endings(digest, entries.length - shown.length);
  const headline = headlineOf(digest, sender);
  const blocks = shown.map(entry => ({
    badge: KINDS[entry.kind].title,
    color: COLORS[KINDS[entry.kind].severity],
    title: entry.names,
    text: entry.sentence,
    note: noteOf(entry),
  }));
  return {
    subject: subjectOf(headline, sender),
    text: [
      ...blocks.flatMap(({ badge, title, text, note }) => [
        `${badge}: ${title}`,
        `  ${text}`,
        `  ${note}`,
        '',
      ]),
      ...ends,
      '',
    ].join('\n'),
    html: page(headline, blocks, ends),
  };
}

const TRIAL = 'Nothing of this is so: somebody tried whether it arrives.';

/** A heartbeat as a mail. */
export function renderHeartbeat(heartbeat: Heartbeat, sender: Sender): MailText {
  const { isWell, headline, problems, watched, isTest } = heartbeat;
  const title = `${isTest ? 'Test: ' : ''}${isWell ? 'All is well' : 'Not all is well'}: ${headline}`;
  const block = (severity: Severity, badge: string) => (line: HeartbeatLine) => ({
    badge,
    color: COLORS[severity],
    title: line.name,
    text: line.text,
  });
  const lines = (all: readonly HeartbeatLine[]): string[] =>
    all.map(({ name, text }) => `  ${name}: ${text}`);
  const ends = [
    ...(isTest ? [TRIAL] : []),
    'This mail comes at regular times; when it does not, look after dropfleet itself.',
  ];
  return {
    subject: subjectOf(title, sender),
    text: [
      `${title}.`,
      '',
      ...(problems.length === 0 ? [] : ['What is not well:', ...lines(problems), '']),
      'What is watched:',
      ...(watched.length === 0 ? ['  no project'] : lines(watched)),
      '',
      ...ends,
      '',
    ].join('\n'),
    html: page(
      title,
      [...problems.map(block('critical', 'Not well')), ...watched.map(block('info', 'Watched'))],
      ends,
    ),
  };
}

/** What an SMS may have, in the alphabet of which 160 fit into one. */
const LONGEST_SMS = 160;

/** A digest as one text message. */
export function renderSms(digest: Digest, sender: Sender): string {
  const [first] = entriesOf(digest.rows, sender);
  const more = digest.rows.length - 1;
  const what =
    first === undefined || more > 0
      ? `${headlineOf(digest, sender)}${first ? `. ${first.sentence}` : ''}`
      : `${KINDS[first.kind].title}: ${first.names}: ${first.sentence}`;
  const text = inSmsAlphabet(
    `dropfleet ${sender.fleet}: ${digest.isTest && more === 0 ? 'Test: ' : ''}${what}`,
  );
  return text.length > LONGEST_SMS ? `${text.slice(0, LONGEST_SMS - 3)}...` : text;
}

/** Other characters would take the message's room, and split it (GSM 03.38 without its escapes). */
const inSmsAlphabet = (text: string): string =>
  text
    .replaceAll('…', '...')
    .replaceAll(/[{[]/g, '(')
    .replaceAll(/[}\]]/g, ')')
    .replaceAll('`', "'")
    .replaceAll(/[^ -Z_a-z]/g, '?');

/** One line for all of it: `Failure and Recovery started: shop-web1`, or `3 failure, 1 held`. */
export function headlineOf({ rows, isTest }: Digest, sender: Sender): string {
  const prefix = isTest ? 'Test: ' : '';
  const [first] = rows;
  const isOne = rows.length <= MOST_TITLES && rows.every(({ about }) => about === first?.about);
  if (first !== undefined && isOne) {
    const titles = [...new Set(rows.map(({ kind }) => KINDS[kind].title))];
    return `${prefix}${inWords(titles)}: ${nameOf(first, sender.namespace)}`;
  }
  const counts = Object.entries(KINDS).flatMap(([kind, { title }]) => {
    const count = rows.filter(row => row.kind === kind).length;
    return count === 0 ? [] : [`${count} ${title.toLowerCase()}`];
  });
  return `${prefix}${counts.join(', ')}`;
}

const subjectOf = (headline: string, { fleet }: Sender): string => `[dropfleet ${fleet}] ${headline}`;

/** All of it as plain lines, for a chat. */
export function renderLines(digest: Digest, sender: Sender): string {
  const entries = entriesOf(digest.rows, sender);
  const shown = entries.slice(0, MOST_ENTRIES);
  return [
    ...shown.map(({ kind, names, sentence }) => `${KINDS[kind].title}: ${names}: ${sentence}`),
    ...endings(digest, entries.length - shown.length),
  ].join('\n');
}

function entriesOf(rows: readonly Row[], { namespace }: Sender): Entry[] {
  const alike = Map.groupBy(rows, ({ kind, sentence }) => `${kind} ${sentence}`);
  return [...alike.values()].map(all => {
    const names = all.map(row => nameOf(row, namespace));
    const more = names.length - MOST_NAMES;
    return {
      kind: all[0]!.kind,
      names: `${names.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
      sentence: all[0]!.sentence,
      at: all.map(({ at }) => at).toSorted()[0]!,
      times: Math.max(...all.map(({ times }) => times)),
    };
  });
}

const noteOf = ({ at, times }: Entry): string =>
  `${at.replace('T', ' ').replace('Z', ' UTC')}${times > 1 ? `, changed ${times} times since it was last told` : ''}`;

function endings({ rows, dropped, isTest }: Digest, hidden: number): string[] {
  return [
    ...(hidden > 0 ? [`And ${hidden} more.`] : []),
    ...(dropped > 0 ? [`${dropped} older notices were left out: too many waited.`] : []),
    ...(isTest ? [TRIAL] : []),
    ...(rows.some(({ kind }) => kind === 'held')
      ? ['"dropfleet confirm" shows what is held, and lets it through.']
      : []),
    '"dropfleet status" shows how everything is now.',
  ];
}

const COLORS: Record<Severity, string> = { critical: '#b42318', warning: '#93570a', info: '#1f6f43' };

interface Block {
  badge: string;
  color: string;
  title: string;
  text: string;
  note?: string;
}

/** One column, so that a phone need not scroll sideways; styles in place, as mail programs drop all others. */
function page(headline: string, blocks: readonly Block[], ends: readonly string[]): string {
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1"></head>',
    '<body style="margin:0;padding:12px;font:16px/1.4 sans-serif;color:#1a1a1a;background:#ffffff">',
    '<table role="presentation" width="100%" cellspacing="0" cellpadding="0" style="max-width:600px">',
    `<tr><td style="padding:0 0 12px;font-size:18px;font-weight:bold">${escape(headline)}</td></tr>`,
    ...blocks.map(htmlBlock),
    ...ends.map(end => `<tr><td style="padding:8px 0 0;font-size:14px;color:#555">${escape(end)}</td></tr>`),
    '</table></body></html>',
    '',
  ].join('\n');
}

const htmlBlock = ({ badge, color, title, text, note }: Block): string =>
  [
    `<tr><td style="padding:8px 12px;border-left:4px solid ${color};overflow-wrap:anywhere">`,
    `<span style="color:${color};font-weight:bold">${escape(badge)}</span> <b>${escape(title)}</b><br>`,
    escape(text),
    ...(note === undefined ? [] : [`<br><span style="font-size:13px;color:#555">${escape(note)}</span>`]),
    '</td></tr>',
  ].join('');

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
