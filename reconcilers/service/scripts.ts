// What runs on hosts to roll releases out, as root. Each is one command with a name of its own, and may be cut off
// anywhere and repeated. What each does stands at the top of its file.
import { scriptsBeside } from '../script.ts';

const read = scriptsBeside(import.meta.url);

/** The part of a script that starts a container with what renderEnvironment wrote. */
export const ENVIRONMENT = read('dropfleet-environment', 'environment');
export const CONTAINERS = read('dropfleet-containers', 'containers');
export const START = read('dropfleet-start', 'environment', 'engine', 'start');
export const WATCH = read('dropfleet-watch', 'engine', 'watch');
export const TASK = read('dropfleet-task', 'environment', 'engine', 'task');
export const LOGS = read('dropfleet-logs', 'logs');
export const CHECK_RESTORED = read('dropfleet-check-restored', 'engine', 'check-restored');
export const STOP = read('dropfleet-stop', 'engine', 'stop');

/** The exit codes of START, WATCH and TASK. */
export const ENDED = 10;
export const NOT_HEALTHY = 11;
export const REFUSED = 12;
export const DISK_FULL = 13;
