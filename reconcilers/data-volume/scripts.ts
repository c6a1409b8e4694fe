// What runs on a master for its data volume, as root; what each does stands at the top of its file.
import { scriptsBeside } from '../script.ts';

const read = scriptsBeside(import.meta.url);

export const FACTS = read('dropfleet-data-volume', 'mounted', 'facts');
export const MOUNT = read('dropfleet-mount', 'mounted', 'mount');
export const FOLDERS = read('dropfleet-folders', 'mounted', 'folders');
