import { isCloudNotFound } from './errors.ts';

/** What was asked for; undefined when DigitalOcean has no such thing. Every other failure is the caller's. */
export async function ifFound<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isCloudNotFound(error)) return undefined;
    throw error;
  }
}
