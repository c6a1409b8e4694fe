import { readJsonFile } from './json-file.ts';
import type { Problem } from './problems.ts';

/** email_config.json: who gets mail, and through which server. */
export interface EmailConfig {
  /** An address, or `Name <address>`. */
  from: string;
  recipients: string[];
  smtp: {
    host: string;
    port: number;
    /** TLS from the first byte; otherwise STARTTLS. */
    secure: boolean;
    /** Left out when the server asks for no login. */
    login?: {
      username: string;
      /** The name of the environment variable that holds the password. */
      passwordVariable: string;
    };
  };
}

/**
 * Reads email_config.json; `config` is undefined when there is none, it names no recipients, or it has
 * problems. Never rejects.
 */
export async function readEmailConfig(path: string): Promise<{ config?: EmailConfig; problems: Problem[] }> {
  const { document, problems } = await readJsonFile<EmailFile>(path, 'email_config');
  if (document === undefined || document.value.recipients.length === 0) return { problems };
  return { config: toEmailConfig(document.value), problems };
}

/** The file's shape, as its schema has it. */
interface EmailFile {
  provider: 'smtp';
  from: string;
  recipients: string[];
  smtp_settings: {
    host: string;
    port?: number;
    secure?: boolean;
    username?: string;
    password_env?: string;
  };
}

const SUBMISSION_PORT = 587;
const IMPLICIT_TLS_PORT = 465;

function toEmailConfig({ from, recipients, smtp_settings: settings }: EmailFile): EmailConfig {
  const { host, port = SUBMISSION_PORT, secure = port === IMPLICIT_TLS_PORT } = settings;
  const { username, password_env: passwordVariable } = settings;
  const smtp = { host, port, secure };
  if (username === undefined || passwordVariable === undefined) return { from, recipients, smtp };
  return { from, recipients, smtp: { ...smtp, login: { username, passwordVariable } } };
}
