// What runs on hosts, as root; idempotent, and may be cut off anywhere. What each does stands at the top of its file.
import { scriptsBeside } from '../script.ts';

const read = scriptsBeside(import.meta.url);

export const FREEZE = read('dropfleet-freeze', 'freeze');
export const THAW = read('dropfleet-thaw', 'thaw');
