// Whose logs are shown of a service:
//
//     asked for      | runs | shown
//     ---------------+------+--------------------------------------------------------------
//     the rejected   |      | what the rejected release left, its release command too
//     nothing        | yes  | all that runs: in a rollout the old and the new
//     nothing        | no   | the rejected release, else whatever has stopped and is kept

import type { Container } from './facts.ts';

/** A choice, and why it is not what usually is shown. */
export interface LogChoice {
  which: 'running' | 'rejected' | 'stopped';
  containers: readonly Container[];
}

/**
 * The containers whose logs are shown.
 *
 * @param containers the service's, of all its servers.
 * @param rejected the release that was rejected, if one was.
 */
export function chooseForLogs(
  containers: readonly Container[],
  rejected: string | undefined,
  onlyRejected: boolean,
): LogChoice {
  const kept = containers.filter(({ release }) => release === rejected);
  if (onlyRejected) return { which: 'rejected', containers: kept };
  const running = containers.filter(isRunning);
  if (running.length > 0) return { which: 'running', containers: running };
  return kept.length > 0 ? { which: 'rejected', containers: kept } : { which: 'stopped', containers };
}

/** The container of a server that a program is run in: of the release that serves, else any that runs. */
export function chooseForExec(
  containers: readonly Container[],
  release: string | undefined,
): Container | undefined {
  const running = containers.filter(({ kind, state }) => kind === 'service' && state === 'running');
  return running.find(container => container.release === release) ?? running[0];
}

/** One that is started again and again has something to say as well. */
const isRunning = ({ state }: Container): boolean => state === 'running' || state === 'restarting';
