import { toKubernetesTime } from '../../crds/conditions.ts';
import type { Digest, Row } from './digest-plan.ts';
import type { Heartbeat } from './heartbeat-plan.ts';
import { aboutObject, KINDS, type NoticeKind } from './notice.ts';

const SENTENCES: Record<NoticeKind, string> = {
  failure: 'A server would not answer.',
  'approval-needed':
    'A master would be dead, and its recovery would lose data: somebody would have to approve it.',
  'recovery-failed': 'A server could not be recovered: somebody would have to look after it.',
  held: 'Several servers would be destroyed: somebody would have to confirm it.',
  'drill-failed': 'A snapshot could not be restored in a drill: somebody would have to see why.',
  'deploy-failed': 'A release would not get healthy; what ran before would go on.',
  'recovery-started': 'A server would be recovered from its newest snapshot.',
  'recovery-finished': 'A server would serve again.',
  resolved: 'Something would be over.',
};

/** One notice of each kind, none of which is so: for a trial. */
export function sampleDigest(namespace: string, now: number): Digest {
  const at = toKubernetesTime(new Date(now));
  const rows = (Object.keys(KINDS) as NoticeKind[]).map((kind): Row => ({
    kind,
    about: aboutObject('Droplet', `${namespace}/sample-web1`),
    side: 'health',
    needsPerson: true,
    sentence: SENTENCES[kind],
    at,
    times: 1,
  }));
  return { rows, dropped: 0, isTest: true };
}

/** A heartbeat of no fleet. */
export const SAMPLE_HEARTBEAT: Heartbeat = {
  isWell: true,
  headline: '2 of 2 droplets, 1 of 1 services',
  problems: [],
  watched: [{ name: 'sample', text: '2 of 2 droplets, 1 of 1 services' }],
  isTest: true,
};
