import type { LoadBalancerFacts } from './facts.ts';
import type { Layout } from './layout.ts';

/** What to do on the master, in this order. */
export type LoadBalancerStep =
  /** Write a generation and have nginx test it. */
  | { type: 'stage'; directory: string }
  /** Make it the current one and have nginx read it. */
  | { type: 'activate'; directory: string }
  /** Wait until only its workers answer. */
  | { type: 'verify'; directory: string }
  /** Remove what is older than the last few. */
  | { type: 'prune'; keep: string[] };

/** The generation that should run, as far as a plan needs to know it. */
export interface Wanted {
  directory: string;
  digest: string;
}

/**
 * What makes a master run the wanted generation.
 *
 *     the current folder | nginx's main file | nginx answers | steps
 *     -------------------+-------------------+---------------+------------------------------------
 *     is the wanted one  | leads there       | with it       | -
 *     is the wanted one  | any               | any           | activate, verify
 *     anything else      | any               | any           | stage, activate, verify, prune
 */
export function planLoadBalancer(
  facts: LoadBalancerFacts,
  { directory, digest }: Wanted,
  { home }: Pick<Layout, 'home'>,
): LoadBalancerStep[] {
  const isWritten = facts.current === directory && facts.digest === digest;
  const isRead = facts.main === `${home}/current/nginx.conf` && facts.running === directory;
  if (isWritten && isRead) return [];
  const take: LoadBalancerStep[] = [
    { type: 'activate', directory },
    { type: 'verify', directory },
  ];
  if (isWritten) return take;
  const keep = [directory, ...(isOurs(facts.current) ? [facts.current] : [])];
  return [{ type: 'stage', directory }, ...take, { type: 'prune', keep }];
}

/** Whether a generation of ours serves now, so that there is something to lose, and to go back to. */
export const isServing = (facts: LoadBalancerFacts): boolean =>
  isOurs(facts.current) && isOurs(facts.running);

const isOurs = (directory: string): boolean => /^g-[0-9a-f]{12}(-again)?$/.test(directory);
