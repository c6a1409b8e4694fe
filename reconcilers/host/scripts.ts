// What runs on hosts, as root. Each script is one command with a name of its own, idempotent, and may be cut off
// anywhere. They are sent with every use: an edited or half-written copy on a host could do nothing. What each does
// stands at the top of its file.
import { scriptsBeside, type Script } from '../script.ts';

const read = scriptsBeside(import.meta.url);

export const FACTS = read('dropfleet-host', 'common', 'packages', 'reloads', 'facts');
export const PROVIDE = read('dropfleet-provide', 'common', 'packages', 'provide');
export const RELOAD = read('dropfleet-reload', 'common', 'reloads', 'services', 'reload');
export const START = read('dropfleet-start', 'common', 'services', 'start');
export const SWAP = read('dropfleet-swap', 'common', 'swap');
export const STAGE_HOST_KEY = read('dropfleet-stage-host-key', 'common', 'stage-host-key');
export const SWITCH_HOST_KEY = read('dropfleet-switch-host-key', 'common', 'switch-host-key');

/** All of them, for tests. */
export const SCRIPTS: readonly Script[] = [
  FACTS,
  PROVIDE,
  RELOAD,
  START,
  SWAP,
  STAGE_HOST_KEY,
  SWITCH_HOST_KEY,
];
