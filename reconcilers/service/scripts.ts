import { scriptsBeside } from '../script.ts';

const read = scriptsBeside(import.meta.url);

/** The part of a script that starts a container with what renderEnvironment wrote. */
export const ENVIRONMENT = read('dropfleet-environment', 'environment');
