import { parseNginxVersion } from './nginx-version.ts';

/** What a master reports of its load balancer; scripts/facts.sh prints it. */
export interface LoadBalancerFacts {
  /** nginx's; undefined when there is none. */
  version: string | undefined;
  /** Where the symlink at nginx's main file leads; empty when it is none. */
  main: string;
  /** The name of the current generation's folder; empty when there is none. */
  current: string;
  /** The SHA-256 of the files in it, hexadecimal. */
  digest: string;
  /** The folder that the workers which answer have read; another text when another program answers, or empty. */
  running: string;
}

/**
 * Reads what scripts/facts.sh printed.
 *
 * @returns undefined when they are not there, or not whole, as after a lost connection.
 */
export function parseFacts(output: string): LoadBalancerFacts | undefined {
  const lines = output.trimEnd().split('\n');
  if (lines.at(-1) !== 'end') return undefined;
  const value = (name: string): string =>
    lines.find(line => line.startsWith(`${name}\t`))?.slice(name.length + 1) ?? '';
  return {
    version: parseNginxVersion(value('version')),
    main: value('main'),
    current: value('current'),
    digest: value('digest').split(' ')[0]!,
    running: value('running'),
  };
}
