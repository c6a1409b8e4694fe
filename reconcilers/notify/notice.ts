import type { ObjectKey } from '../../crds/meta.ts';

/** How a notice may reach a person. */
export type Channel = 'mail' | 'sms' | 'webhook';

export type Severity = 'info' | 'warning' | 'critical';

/** What people are told of, how it is called, and how bad it is. */
export const KINDS = {
  failure: { title: 'Failure', severity: 'critical' },
  'approval-needed': { title: 'Approval needed', severity: 'critical' },
  'recovery-failed': { title: 'Recovery failed', severity: 'critical' },
  held: { title: 'Held', severity: 'warning' },
  'drill-failed': { title: 'Restore drill failed', severity: 'warning' },
  'deploy-failed': { title: 'Deploy failed', severity: 'warning' },
  'recovery-started': { title: 'Recovery started', severity: 'warning' },
  'recovery-finished': { title: 'Recovered', severity: 'info' },
  resolved: { title: 'Resolved', severity: 'info' },
} as const satisfies Record<string, { title: string; severity: Severity }>;

export type NoticeKind = keyof typeof KINDS;

/** Which side of an object a notice is about: of each side the newest notice says how it is. */
export type Side = 'health' | 'held' | 'row' | 'deploy' | 'drill' | 'firewall' | 'standing';

/** What one person should hear of one object. It is made from conditions, which hold no secret. */
export interface Notice {
  kind: NoticeKind;
  /** `Droplet default/shop-web1`; `Fleet` for all of it. */
  about: string;
  side: Side;
  /** Nothing moves before somebody acts. */
  needsPerson: boolean;
  /** One sentence: the cause, then the next step. */
  sentence: string;
  /** Since when, RFC 3339. */
  at: string;
}

/** What notices are compared by: see Side. */
export const topicOf = ({ about, side }: Pick<Notice, 'about' | 'side'>): string => `${about} ${side}`;

/** What a notice calls an object. */
export const aboutObject = (kind: string, key: ObjectKey): string => `${kind} ${key}`;

/** The object's own name: `shop-web1`; in another namespace than that one with it. */
export function nameOf({ about }: Pick<Notice, 'about'>, namespace: string): string {
  const [kind = '', key = 'the fleet'] = about.split(' ');
  if (kind === 'Fleet') return 'the fleet';
  return key.startsWith(`${namespace}/`) ? key.slice(namespace.length + 1) : key;
}

/** Whether it is over, so that nobody need do or wait for anything. */
export const isGoodNews = (kind: NoticeKind): boolean => KINDS[kind].severity === 'info';
