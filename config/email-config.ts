import { readJsonFile, type JsonDocument } from './json-file.ts';
import type { Problem } from './problems.ts';
import { SecretText } from './secret-text.ts';

/** email_config.json: who gets mail, and through which server. */
export interface EmailConfig {
  /** An address, or `Name <address>`. */
  from: string;
  /** Each address once. */
  recipients: string[];
  /** How often a mail says that all is well, or what is not; 0 for never. */
  heartbeatMinutes: number;
  smtp: {
    host: string;
    port: number;
    /** TLS from the first byte; otherwise STARTTLS. */
    secure: boolean;
    /** Left out when the server asks for no login. */
    login?: { username: string } & Password;
  };
}

/** The name of the environment variable that holds it, or the password itself where the file has it. */
type Password = { passwordVariable: string } | { password: SecretText };

/**
 * Reads email_config.json; `config` is undefined when there is none, it names no recipients, or it has
 * problems. `warnings` are of what works and should not stay. Never rejects.
 */
export async function readEmailConfig(
  path: string,
): Promise<{ config?: EmailConfig; problems: Problem[]; warnings: Problem[] }> {
  const { document, problems } = await readJsonFile<EmailFile>(path, 'email_config');
  if (document === undefined) return { problems, warnings: [] };
  const warnings = warnOfPassword(document);
  const recipients = [...new Set(Object.values(document.value.recipients))];
  if (recipients.length === 0) return { problems, warnings };
  return { config: toEmailConfig(document.value, recipients), problems, warnings };
}

/** The file's shape, as its schema has it. */
interface EmailFile {
  provider: 'smtp';
  from?: string;
  /** The original tool's name for `from`; one of them is there. */
  from_address?: string;
  recipients: string[] | Record<string, string>;
  heartbeat_minutes?: number;
  smtp_settings: {
    host: string;
    port?: number;
    secure?: boolean;
    username?: string;
    password_env?: string;
    password?: string;
  };
}

const SUBMISSION_PORT = 587;
const IMPLICIT_TLS_PORT = 465;
const HEARTBEAT_MINUTES = 15;

function toEmailConfig(file: EmailFile, recipients: string[]): EmailConfig {
  const { host, port = SUBMISSION_PORT, secure = port === IMPLICIT_TLS_PORT, username } = file.smtp_settings;
  const password = passwordOf(file.smtp_settings);
  const from = (file.from ?? file.from_address)!;
  const login = username === undefined || password === undefined ? undefined : { username, ...password };
  const smtp = { host, port, secure, ...(login && { login }) };
  return { from, recipients, heartbeatMinutes: file.heartbeat_minutes ?? HEARTBEAT_MINUTES, smtp };
}

function passwordOf({
  password,
  password_env: passwordVariable,
}: EmailFile['smtp_settings']): Password | undefined {
  if (password !== undefined) return { password: new SecretText(password) };
  return passwordVariable === undefined ? undefined : { passwordVariable };
}

function warnOfPassword(document: JsonDocument<EmailFile>): Problem[] {
  if (document.value.smtp_settings.password === undefined) return [];
  const message =
    'this works, but whoever reads this file can send mail in your name: put the password into .env as SMTP_PASSWORD=..., and write "password_env": "SMTP_PASSWORD" here in the place of "password"';
  return [document.problemAt(['smtp_settings', 'password'], message)];
}
