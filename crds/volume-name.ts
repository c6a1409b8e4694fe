import { createHash } from 'node:crypto';

/** What DigitalOcean takes. */
const LONGEST = 64;
const DIGITS = 8;

/**
 * The name of a project's volume at DigitalOcean: within a region it is unique, so that no second one can be bought. Names
 * take letters, digits and dashes, and begin with a letter; what is longer than they may be ends in a hash of the whole.
 */
export function volumeName(fleetId: string, project: string): string {
  const name = `${fleetId}-${project}-data`.replaceAll('_', '-').replace(/^(?![a-z])/, 'f-');
  if (name.length <= LONGEST) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, DIGITS);
  return `${name.slice(0, LONGEST - DIGITS - 1)}-${hash}`;
}
