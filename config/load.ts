import { join } from 'node:path';
import { readDeploymentConfig, type DeploymentConfig } from './deployment-config.ts';
import { loadEnvironment, type EnvironmentSource, type Settings } from './environment.ts';
import type { Problem } from './problems.ts';
import { readProjectsCsv, type ProjectRow } from './projects-csv.ts';
import { readNotificationConfig, unsetVariables, type NotificationConfig } from './notification-config.ts';

/** All that the operator is configured with. Act on it only when `problems` is empty. */
export interface Configuration {
  rows: ProjectRow[];
  /** Undefined when there is no deployment_config.json: then droplets run without services. */
  deployment: DeploymentConfig | undefined;
  /** Who is told; of each way undefined when nobody is by it. */
  email: NotificationConfig['email'];
  sms: NotificationConfig['sms'];
  webhook: NotificationConfig['webhook'];
  settings: Settings;
  /** Every mistake in every file and in the environment. */
  problems: Problem[];
  /** What works, but should be said in a better way. */
  warnings: Problem[];
}

/** Where each configuration file is, in that folder. */
export function configurationFiles(
  dir: string,
): Record<'projects' | 'deployment' | 'email' | 'sms' | 'webhook' | 'infrastructure', string> {
  return {
    projects: join(dir, 'projects.csv'),
    deployment: join(dir, 'deployment_config.json'),
    email: join(dir, 'email_config.json'),
    sms: join(dir, 'sms_config.json'),
    webhook: join(dir, 'webhook_config.json'),
    infrastructure: join(dir, 'infrastructure.json'),
  };
}

/** Reads the folder's files and the environment. Only projects.csv must be there. Never rejects. */
export async function loadConfiguration(dir: string, source: EnvironmentSource): Promise<Configuration> {
  const files = configurationFiles(dir);
  const [projects, deployment, notifications] = await Promise.all([
    readProjectsCsv(files.projects),
    readDeploymentConfig(files.deployment),
    readNotificationConfig(files),
  ]);
  const environment = loadEnvironment(source);
  return {
    rows: projects.rows,
    deployment: deployment.config,
    email: notifications.email,
    sms: notifications.sms,
    webhook: notifications.webhook,
    settings: environment.settings,
    problems: [projects, deployment, notifications, environment].flatMap(({ problems }) => problems),
    warnings: [
      ...notifications.warnings,
      ...unsetVariables(notifications, files, environment.settings.variable),
    ],
  };
}
