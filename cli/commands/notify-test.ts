import { configurationFiles } from '../../config/load.ts';
import { readNotificationConfig } from '../../config/notification-config.ts';
import { formatProblems } from '../../config/problems.ts';
import { isDeliveryError } from '../../clients/delivery.ts';
import { routesOf, type Route } from '../../reconcilers/notify/routes.ts';
import { SAMPLE_HEARTBEAT, sampleDigest } from '../../reconcilers/notify/samples.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { alignColumns } from '../show/columns.ts';
import { stopSignal } from '../stop.ts';
import { secretVariablesOf } from '../world/secret-variables.ts';
import { readWorldSettings } from '../world/settings.ts';
import { TRANSPORTS } from '../world/transports.ts';

/** How one way to people fared. */
interface Trial {
  route: string;
  ok: boolean;
  message: string;
}

/**
 * Sends one message of each kind by each way that is configured, and says how each fared; the exit code is 1 when one
 * failed. It goes by the files and variables of this folder, and opens nothing.
 */
export async function notifyTest(options: GlobalOptions): Promise<void> {
  const signal = stopSignal();
  const files = configurationFiles(options.configDir);
  const { settings } = readWorldSettings(options);
  const config = await readNotificationConfig(files);
  const routes = routesOf(config, {
    // Whoever gets it may have several fleets, and this one may not be running.
    sender: { fleet: settings.fleet ?? 'trial', namespace: '' },
    transports: TRANSPORTS,
    variables: secretVariablesOf({ settings }),
    now: Date.now,
  });
  if (routes.length === 0 && config.problems.length === 0) throw nobody(files);
  const broken = config.problems.map(problem => ({
    route: problem.file,
    ok: false,
    message: formatProblems([problem]),
  }));
  const trials: Trial[] = [...broken, ...(await Promise.all(routes.map(route => tryOut(route, signal))))];
  const ok = trials.every(trial => trial.ok);
  printResult(options, { ok, trials }, () =>
    alignColumns([
      ['WAY', 'RESULT', ''],
      ...trials.map(trial => [trial.route, trial.ok ? 'sent' : 'failed', trial.message]),
    ]),
  );
  process.exitCode = ok ? 0 : 1;
}

const nobody = ({ email, sms, webhook }: Record<'email' | 'sms' | 'webhook', string>): CommandFailure =>
  new CommandFailure(
    `nobody is told anything: fill in recipients in ${email} or ${sms}, or url_env in ${webhook}; "dropfleet init" writes those that are missing`,
  );

async function tryOut(route: Route, signal: AbortSignal): Promise<Trial> {
  const { channel, label } = route;
  const all = sampleDigest('', Date.now());
  // What wakes people, and what alerts are made of, once will do.
  const digest = channel === 'mail' ? all : { ...all, rows: all.rows.slice(0, 1) };
  const id = `trial ${Date.now()}`;
  try {
    const remark = await route.send(digest, id, signal);
    const beatRemark = await route.beat?.(SAMPLE_HEARTBEAT, `${id} heartbeat`, signal);
    const what = route.beat ? 'a heartbeat, and a notice of each kind' : 'one notice';
    return { route: label, ok: true, message: remark ?? beatRemark ?? what };
  } catch (error) {
    if (!isDeliveryError(error)) throw error;
    return { route: label, ok: false, message: error.message };
  }
}
