// What runs on a master, as root; what it does stands at the top of its file.
import { scriptsBeside } from '../script.ts';

export const DRAIN = scriptsBeside(import.meta.url)('dropfleet-lb-drain', 'drain');
