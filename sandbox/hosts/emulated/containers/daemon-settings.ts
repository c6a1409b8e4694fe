import type { Machine } from '../model.ts';
import type { DaemonSettings } from './model.ts';

export const DAEMON_FILE = '/etc/docker/daemon.json';

/** What dockerd takes from its file. Throws SyntaxError. */
export function readDaemonSettings({ files }: Machine): DaemonSettings {
  const text = files.find(DAEMON_FILE) === undefined ? '{}' : Buffer.from(files.read(DAEMON_FILE)).toString();
  const settings = JSON.parse(text) as { 'insecure-registries'?: string[]; 'live-restore'?: boolean };
  return {
    insecureRegistries: settings['insecure-registries'] ?? [],
    isLiveRestore: settings['live-restore'] ?? false,
  };
}
