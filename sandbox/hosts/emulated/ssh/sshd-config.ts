import type { FileSystem } from '../files/file-system.ts';
import { matchFiles } from '../shell/file-names.ts';

/** What this sshd heeds of its configuration. */
export interface SshdConfig {
  readonly permitRootLogin: boolean;
  readonly hostKeyFiles: readonly string[];
}

const DEFAULT_HOST_KEYS = ['/etc/ssh/ssh_host_ed25519_key'];

/** Reads /etc/ssh/sshd_config and what it includes. As in sshd, the first value of a keyword counts. */
export function readSshdConfig(files: FileSystem): SshdConfig {
  const values = new Map<string, string[]>();
  for (const [keyword, value] of settingsOf(files, '/etc/ssh/sshd_config'))
    values.set(keyword, [...(values.get(keyword) ?? []), value]);
  return {
    permitRootLogin: values.get('permitrootlogin')?.[0]?.toLowerCase() !== 'no',
    hostKeyFiles: values.get('hostkey') ?? DEFAULT_HOST_KEYS,
  };
}

function settingsOf(files: FileSystem, path: string): [keyword: string, value: string][] {
  if (files.find(path)?.type !== 'file') return [];
  const lines = Buffer.from(files.read(path)).toString().split('\n');
  return lines.flatMap(line => {
    const match = /^\s*([A-Za-z]+)[\s=]+(.*?)\s*$/.exec(line);
    if (match === null) return [];
    const [, keyword, value] = match as unknown as [string, string, string];
    if (keyword.toLowerCase() !== 'include') return [[keyword.toLowerCase(), value]];
    return included(files, value).flatMap(file => settingsOf(files, file));
  });
}

const included = (files: FileSystem, pattern: string): string[] =>
  matchFiles(files, '/etc/ssh', [{ text: pattern, quoted: false }]);
