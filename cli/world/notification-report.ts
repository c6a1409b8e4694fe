import { configurationFiles } from '../../config/load.ts';
import { readNotificationConfig, unsetVariables } from '../../config/notification-config.ts';
import { formatProblems, type Problem } from '../../config/problems.ts';
import { readOutbox } from '../../reconcilers/notify/outbox.ts';
import type { GlobalOptions } from '../options.ts';
import type { World } from './world.ts';

/** What keeps people from being told. */
export interface NotificationReport {
  /** Mistakes in the files here, and variables that they name and nothing sets. */
  problems: Problem[];
  /** What the operator could not send yet: by which way, how many notices, and why. */
  failing: { route: string; waiting: number; error: string }[];
}

/** Looks at the files, the environment and the outbox. */
export async function notificationReport(
  { configDir }: GlobalOptions,
  { kubernetes, namespace, settings }: Pick<World, 'kubernetes' | 'namespace' | 'settings'>,
): Promise<NotificationReport> {
  const files = configurationFiles(configDir);
  const [config, outbox] = await Promise.all([
    readNotificationConfig(files),
    readOutbox(kubernetes, namespace),
  ]);
  const failing = Object.entries(outbox).flatMap(([route, { waiting, error }]) =>
    error === undefined ? [] : [{ route, waiting: waiting.length, error }],
  );
  return { problems: [...config.problems, ...unsetVariables(config, files, settings.variable)], failing };
}

/** The same as lines for a person. */
export const notificationLines = ({ problems, failing }: NotificationReport): string[] => [
  ...(problems.length > 0 ? [formatProblems(problems)] : []),
  ...failing.map(
    ({ route, waiting, error }) =>
      `Not sent by ${route} (${waiting} ${waiting === 1 ? 'notice waits' : 'notices wait'}): ${error}`,
  ),
];
