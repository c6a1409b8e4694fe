import { toKubernetesTime } from '../../crds/conditions.ts';
import type { Fact } from './facts-plan.ts';
import { isGoodNews, topicOf, type Notice, type NoticeKind, type Side } from './notice.ts';

/** What was told of each topic last, for as long as it is so. */
export type Told = Readonly<Record<string, { id: string; kind: NoticeKind }>>;

/** So many topics are followed on each route, so that what is remembered of them fits into one object. */
const MOST_TOPICS = 500;

/**
 * What is news: facts that nobody was told of, and the end of those that somebody was told of. The same facts again are
 * none, whoever asks and however often.
 *
 * | fact now | told before | news                                                    |
 * | -------- | ----------- | ------------------------------------------------------- |
 * | a        | nothing     | its cause, and a; if a is good nothing bad was: none    |
 * | a        | a           | none                                                    |
 * | b        | a           | b                                                       |
 * | none     | a           | resolved, once; if a was good already, none             |
 *
 * @param existing the `about` of every object that is there.
 * @param isKnown whether it is known how that topic is; one that is not stays as it was.
 */
export function planNews(
  facts: readonly Fact[],
  told: Told,
  {
    now,
    existing,
    isKnown,
  }: { now: number; existing: ReadonlySet<string>; isKnown: (topic: string) => boolean },
): { news: Notice[]; told: Told } {
  const current = new Map(facts.map(fact => [topicOf(fact.notice), fact]));
  const gone = Object.entries(told).filter(([topic]) => !current.has(topic));
  const followed = followedOf(current, told);
  const news = followed.flatMap(([topic, { id, notice, cause }]) => {
    const before = told[topic];
    if (before?.id === id || (before === undefined && isGoodNews(notice.kind))) return [];
    const isKnownBad = before !== undefined && !isGoodNews(before.kind);
    return cause === undefined || isKnownBad ? [notice] : [cause, notice];
  });
  const kept = gone.filter(([topic]) => !isKnown(topic));
  const ended = gone.filter(([topic, { kind }]) => isKnown(topic) && !isGoodNews(kind));
  return {
    news: [...news, ...ended.map(([topic]) => resolved(topic, now, existing))],
    told: {
      ...Object.fromEntries(kept),
      ...Object.fromEntries(followed.map(([topic, { id, notice }]) => [topic, { id, kind: notice.kind }])),
    },
  };
}

/** What somebody was told of goes before the rest, so that its end is told, too. */
function followedOf(current: ReadonlyMap<string, Fact>, told: Told): [topic: string, Fact][] {
  const all = [...current];
  const isOld = ([topic]: [string, Fact]): boolean => told[topic] !== undefined;
  return [...all.filter(isOld), ...all.filter(one => !isOld(one))].slice(0, MOST_TOPICS);
}

const ENDINGS: Record<Side, string> = {
  health: 'It is Ready again.',
  held: 'Nothing of it is held any more.',
  row: 'Its row of projects.csv is followed again.',
  deploy: 'The release that was rejected is not wanted any more.',
  drill: 'Its last restore drill has not failed.',
  firewall: 'Its firewalls are in sync again.',
  standing: 'The fleet is kept again.',
};

function resolved(topic: string, now: number, existing: ReadonlySet<string>): Notice {
  const about = topic.slice(0, topic.lastIndexOf(' '));
  const side = topic.slice(topic.lastIndexOf(' ') + 1) as Side;
  const sentence = existing.has(about) ? ENDINGS[side] : 'It is gone.';
  const at = toKubernetesTime(new Date(now));
  return { kind: 'resolved', about, side, needsPerson: false, sentence, at };
}
