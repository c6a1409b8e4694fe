import { readJsonFile } from './json-file.ts';
import type { Problem } from './problems.ts';

/** sms_config.json: who gets text messages, and through which API. */
export interface SmsConfig {
  provider: 'twilio';
  /** A number in E.164 form, or a sender name. */
  from: string;
  /** Numbers in E.164 form. */
  recipients: string[];
  /** The name of the environment variable that holds the account's SID. */
  accountVariable: string;
  /** The name of the environment variable that holds the account's token. */
  tokenVariable: string;
  /** Where the API is, without a slash at the end. */
  apiUrl: string;
}

/**
 * Reads sms_config.json; `config` is undefined when there is none, it names no recipients, or it has problems.
 * Never rejects.
 */
export async function readSmsConfig(path: string): Promise<{ config?: SmsConfig; problems: Problem[] }> {
  const { document, problems } = await readJsonFile<SmsFile>(path, 'sms_config');
  if (document === undefined || document.value.recipients.length === 0) return { problems };
  return { config: toSmsConfig(document.value), problems };
}

/** The file's shape, as its schema has it. */
interface SmsFile {
  provider: 'twilio';
  from: string;
  recipients: string[];
  account_sid_env: string;
  auth_token_env: string;
  api_url?: string;
}

function toSmsConfig(file: SmsFile): SmsConfig {
  return {
    provider: file.provider,
    from: file.from,
    recipients: file.recipients,
    accountVariable: file.account_sid_env,
    tokenVariable: file.auth_token_env,
    apiUrl: (file.api_url ?? 'https://api.twilio.com').replace(/\/+$/, ''),
  };
}
