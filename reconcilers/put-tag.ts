import type { Cloud } from '../clients/digitalocean/cloud.ts';
import { isCloudNotFound } from '../clients/digitalocean/errors.ts';
import type { Run } from './run.ts';

/** Puts a tag on something, by `put`; the account may have lost the tag itself, which is recreated then. */
export async function putTag(
  cloud: Pick<Cloud, 'createTag'>,
  tag: string,
  run: Run,
  put: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  try {
    await run.fenced(put);
  } catch (error) {
    if (!isCloudNotFound(error)) throw error;
    await run.fenced(signal => cloud.createTag(tag, signal));
    await run.fenced(put);
  }
}
