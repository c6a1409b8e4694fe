// What runs on hosts, as root. Each is one command with a name of its own, idempotent, and may be cut off anywhere.
// What each does stands at the top of its file.
import { scriptsBeside } from '../script.ts';

const read = scriptsBeside(import.meta.url);

export const STATUS = read('dropfleet-build-status', 'common', 'unit', 'status');
export const BEGIN = read('dropfleet-build-begin', 'common', 'unit', 'begin');
/** Not run by itself: BEGIN makes a unit of it. */
export const BUILD = read('dropfleet-build', 'common', 'build');
export const LOG = read('dropfleet-build-log', 'common', 'log');
export const PUBLISH = read('dropfleet-publish', 'common', 'registry', 'publish');
export const PULL = read('dropfleet-pull', 'common', 'registry', 'pull');
export const PULL_PUBLISHED = read('dropfleet-pull-published', 'common', 'pull-published');
export const IMAGES = read('dropfleet-images', 'common', 'images');
export const PRUNE = read('dropfleet-prune-images', 'common', 'unit', 'prune');
export const PRUNE_REGISTRY = read('dropfleet-prune-registry', 'common', 'registry', 'prune-registry');
