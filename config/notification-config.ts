import { readEmailConfig, type EmailConfig } from './email-config.ts';
import type { Problem } from './problems.ts';
import { readSmsConfig, type SmsConfig } from './sms-config.ts';
import { readWebhookConfig, type WebhookConfig } from './webhook-config.ts';

/** The paths of the files that say who is told. */
export type NotificationFiles = Readonly<Record<'email' | 'sms' | 'webhook', string>>;

/** Who is told, and how. */
export interface NotificationConfig {
  /** Undefined when nobody gets mail. */
  email: EmailConfig | undefined;
  /** Undefined when nobody gets text messages. */
  sms: SmsConfig | undefined;
  /** Undefined when nothing is posted. */
  webhook: WebhookConfig | undefined;
  /** The mistakes in the files; one that has some tells nobody. */
  problems: Problem[];
  /** What works, but should be said in a better way. */
  warnings: Problem[];
}

/** Reads the files, each of which may be missing. Never rejects. */
export async function readNotificationConfig(files: NotificationFiles): Promise<NotificationConfig> {
  const [email, sms, webhook] = await Promise.all([
    readEmailConfig(files.email),
    readSmsConfig(files.sms),
    readWebhookConfig(files.webhook),
  ]);
  return {
    email: email.config,
    sms: sms.config,
    webhook: webhook.config,
    problems: [email, sms, webhook].flatMap(({ problems }) => problems),
    warnings: [...email.warnings, ...webhook.warnings],
  };
}

/** The variables that the files name and nothing sets: what goes that way cannot be sent. */
export function unsetVariables(
  { email, sms, webhook }: Pick<NotificationConfig, 'email' | 'sms' | 'webhook'>,
  files: NotificationFiles,
  variable: (name: string) => string | undefined,
): Problem[] {
  const login = email?.smtp.login;
  const address = webhook?.address;
  const named = [
    ...(login !== undefined && 'passwordVariable' in login
      ? [{ file: files.email, name: login.passwordVariable }]
      : []),
    ...(sms === undefined
      ? []
      : [sms.accountVariable, sms.tokenVariable].map(name => ({ file: files.sms, name }))),
    ...(address !== undefined && 'variable' in address
      ? [{ file: files.webhook, name: address.variable }]
      : []),
  ];
  return named
    .filter(({ name }) => variable(name) === undefined)
    .map(({ file, name }) => ({
      file,
      message: `${name} is not set, so nothing can be sent this way: put it into .env or the environment`,
    }));
}
