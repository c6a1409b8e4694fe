// What runs on a master, as root. Each is one command with a name of its own, idempotent, and may be cut off anywhere.
// What each does stands at the top of its file.
import { scriptsBeside } from '../script.ts';

const read = scriptsBeside(import.meta.url);

export const FACTS = read('dropfleet-lb-facts', 'facts');
export const STAGE = read('dropfleet-lb-stage', 'stage');
export const TRY = read('dropfleet-lb-try', 'try');
export const ACTIVATE = read('dropfleet-lb-activate', 'activate');
export const VERIFY = read('dropfleet-lb-verify', 'verify');
export const CUT = read('dropfleet-lb-cut', 'cut');
export const PRUNE = read('dropfleet-lb-prune', 'prune');

/** The exit codes of STAGE and TRY, after sysexits: nginx refuses the configuration, or it could not be written. */
export const REFUSED = 65;
export const NOT_WRITTEN = 74;
