import { mkdir, readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { askOverHttps } from '../../clients/echo-over-https.ts';
import { findOwnAddress } from '../../clients/echo.ts';
import { writeAtomically } from '../../config/files.ts';
import { isSandboxUrl } from './settings.ts';
import type { World } from './world.ts';

/** Services of three companies, so that none alone can open SSH to somebody, and one may be away. */
const ECHO_URLS = ['https://api.ipify.org', 'https://checkip.amazonaws.com', 'https://ipv4.icanhazip.com'];
/** How long an address that was found out may stand in for one that cannot be, in milliseconds. */
const CACHE_AGE_MS = 24 * 3_600_000;
const TIMEOUT_MS = 5_000;

type Place = Pick<World, 'settings' | 'cloudKind' | 'cloudUrl' | 'folder'> & Partial<Pick<World, 'readOnly'>>;

/**
 * Finds out which address droplets see this machine under: what DROPFLEET_OPERATOR_IP says, else what the sandbox
 * says of its machines, else what the internet says. Rejects with a sentence that says what to do.
 */
export async function findOperatorAddress(place: Place, signal: AbortSignal): Promise<string> {
  const { settings, cloudKind, cloudUrl, folder } = place;
  if (settings.operatorIp !== undefined) return settings.operatorIp;
  if (cloudKind === 'sandbox' || isSandboxUrl(cloudUrl)) return await addressInSandbox(cloudUrl, signal);
  const urls = settings.echoUrls.length > 0 ? settings.echoUrls : ECHO_URLS;
  try {
    const address = await findOwnAddress(urls, askOverHttps, signal);
    if (!place.readOnly) await remember(folder, address);
    return address;
  } catch (error) {
    signal.throwIfAborted();
    const cached = await recall(folder);
    if (cached === undefined) throw error;
    return cached;
  }
}

/** What a sandbox's machines see; one without machines has nobody who would look. */
async function addressInSandbox(url: string, signal: AbortSignal): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const response = await fetch(new URL('/sandbox/hosts', url), { signal: limit });
  const { operator_address: address } = (await response.json()) as { operator_address?: string };
  return address ?? '127.0.0.1';
}

interface Found {
  address: string;
  /** RFC 3339. */
  foundAt: string;
}

const fileIn = (folder: string): string => join(folder, 'operator-address.json');

async function remember(folder: string, address: string): Promise<void> {
  const found: Found = { address, foundAt: new Date().toISOString() };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeAtomically(fileIn(folder), `${JSON.stringify(found)}\n`, { mode: 0o600 });
}

/** The address that was last found out, if that was not long ago. */
async function recall(folder: string): Promise<string | undefined> {
  try {
    const { address, foundAt } = JSON.parse(await readFile(fileIn(folder), 'utf8')) as Found;
    const isRecent = Date.now() - Date.parse(foundAt) < CACHE_AGE_MS;
    return isRecent && isIPv4(address) ? address : undefined;
  } catch {
    // No file, or none of ours: then nothing is known.
    return undefined;
  }
}
