import { readJsonFile } from './json-file.ts';
import type { Problem } from './problems.ts';
import { SecretText } from './secret-text.ts';

/** A JSON value in whose texts `{{subject}}` and `{{text}}` stand for the message's. */
export type WebhookBody =
  string | number | boolean | null | readonly WebhookBody[] | { readonly [name: string]: WebhookBody };

/** webhook_config.json: what else is told, and in which form. */
export interface WebhookConfig {
  /** The name of the environment variable that holds the address, or the address itself where the file has it. */
  address: { variable: string } | { url: SecretText };
  /** The form that the receiver takes, or one of the user's own. */
  form: { template: 'slack' | 'discord' | 'alertmanager' | 'plain' } | { body: WebhookBody };
}

/** The file's shape, as its schema has it. */
interface WebhookFile {
  url_env?: string;
  url?: string;
  template?: 'slack' | 'discord' | 'alertmanager' | 'plain';
  body?: WebhookBody;
}

/**
 * Reads webhook_config.json; `config` is undefined when there is none, it names no address, or it has problems.
 * Never rejects.
 */
export async function readWebhookConfig(
  path: string,
): Promise<{ config?: WebhookConfig; problems: Problem[]; warnings: Problem[] }> {
  const { document, problems } = await readJsonFile<WebhookFile>(path, 'webhook_config');
  if (document === undefined) return { problems, warnings: [] };
  const { url, url_env: variable, template = 'plain', body } = document.value;
  const form = body === undefined ? { template } : { body };
  if (url !== undefined) {
    const warnings = [document.problemAt(['url'], URL_WARNING)];
    return { config: { address: { url: new SecretText(url) }, form }, problems, warnings };
  }
  if (variable === undefined) return { problems, warnings: [] };
  return { config: { address: { variable }, form }, problems, warnings: [] };
}

const URL_WARNING =
  'this works, but with most receivers whoever reads this address can post in your name: put it into .env as WEBHOOK_URL=..., and write "url_env": "WEBHOOK_URL" here in the place of "url"';
