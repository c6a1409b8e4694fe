import { scriptsBeside } from '../script.ts';

/** Runs the sections of a probe. */
export const PROBE = scriptsBeside(import.meta.url)('dropfleet-probe', 'probe');
